#include "workers/providers/provider.hpp"

namespace airi::workers::providers {
namespace {

struct category_type final : boost::system::error_category {
    const char* name() const noexcept override { return "airi.provider"; }
    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::rate_limited: return "provider rate limit reached";
            case errc::overloaded: return "provider overloaded";
            case errc::unavailable: return "provider unavailable";
            case errc::interrupted: return "reply interrupted";
            case errc::malformed: return "provider answered nonsense";
            case errc::unauthorized: return "provider refused the key";
            case errc::bad_model: return "provider does not know the model";
            case errc::prompt_refused: return "provider refused the prompt";
        }
        return "unknown";
    }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        switch (static_cast<errc>(value)) {
            case errc::unauthorized:
            case errc::bad_model: return make_error_condition(failure::broken);
            case errc::prompt_refused: return make_error_condition(failure::refused);
            default: return make_error_condition(failure::again);
        }
    }
};

}  // namespace

error_code make_error_code(errc e) {
    static const category_type category;
    return {static_cast<int>(e), category};
}

}  // namespace airi::workers::providers
