#include "platform/redis/redis.hpp"

#include <fmt/format.h>

#include <boost/uuid/detail/sha1.hpp>

namespace airi::redis {

script::script(std::string_view source) : source_(source) {
    boost::uuids::detail::sha1 hash;
    hash.process_bytes(source.data(), source.size());
    boost::uuids::detail::sha1::digest_type digest;
    hash.get_digest(digest);
    for (auto word : digest) fmt::format_to(std::back_inserter(sha_), "{:08x}", word);
}

}  // namespace airi::redis
