#include "platform/http/client.hpp"

namespace airi::http {
namespace {

struct category_type final : boost::system::error_category {
    const char* name() const noexcept override { return "airi.http"; }
    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::bad_url: return "not a URL or header this client sends";
            case errc::unreachable: return "server unreachable";
            case errc::tls_failed: return "TLS handshake failed";
            case errc::connect_timeout: return "connecting took too long";
            case errc::first_byte_timeout: return "no answer in time";
            case errc::gap_timeout: return "the answer stalled";
            case errc::total_timeout: return "the exchange took too long";
            case errc::cut: return "connection lost before the answer's end";
            case errc::malformed: return "malformed answer";
            case errc::too_large: return "answer too large";
            case errc::cancelled: return "cancelled";
        }
        return "unknown";
    }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(static_cast<errc>(value) == errc::bad_url ? failure::broken : failure::again);
    }
};

}  // namespace

error_code make_error_code(errc e) {
    static const category_type category;
    return {static_cast<int>(e), category};
}

}  // namespace airi::http
