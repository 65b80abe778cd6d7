#include "platform/redis/redis.hpp"

#include <fmt/format.h>

#include <boost/uuid/detail/sha1.hpp>

namespace airi::redis {
namespace {

struct category_type final : boost::system::error_category {
    const char* name() const noexcept override { return "airi.redis"; }
    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::unavailable: return "Redis is not reachable";
            case errc::timed_out: return "Redis did not answer in time";
            case errc::refused: return "Redis refused the command";
        }
        return "unknown";
    }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(static_cast<errc>(value) == errc::refused ? failure::broken : failure::outage);
    }
};

}  // namespace

error_code make_error_code(errc e) {
    static const category_type category;
    return {static_cast<int>(e), category};
}

script::script(std::string_view source) : source_(source) {
    boost::uuids::detail::sha1 hash;
    hash.process_bytes(source.data(), source.size());
    boost::uuids::detail::sha1::digest_type digest;
    hash.get_digest(digest);
    for (auto word : digest) fmt::format_to(std::back_inserter(sha_), "{:08x}", word);
}

}  // namespace airi::redis
