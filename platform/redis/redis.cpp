#include "platform/redis/redis.hpp"

#include <fmt/format.h>

#include <boost/uuid/detail/sha1.hpp>

#include "platform/base/error_table.hpp"

namespace airi::redis {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::unavailable, "Redis is not reachable", failure::outage},
    {errc::timed_out, "Redis did not answer in time", failure::outage},
    {errc::refused, "Redis refused the command", failure::broken},
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.redis", error_rows);
    return table.code(e);
}

script::script(std::string_view source) : source_(source) {
    boost::uuids::detail::sha1 hash;
    hash.process_bytes(source.data(), source.size());
    boost::uuids::detail::sha1::digest_type digest;
    hash.get_digest(digest);
    for (auto word : digest) fmt::format_to(std::back_inserter(sha_), "{:08x}", word);
}

}  // namespace airi::redis
