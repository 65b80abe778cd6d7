#include "platform/base/result.hpp"

namespace airi {
namespace {

struct category final : boost::system::error_category {
    const char* name() const noexcept override { return "airi.failure"; }
    std::string message(int value) const override { return std::string(name_of(static_cast<failure>(value))); }
};

}  // namespace

const boost::system::error_category& failure_category() noexcept {
    static const category instance;
    return instance;
}

failure failure_of(const error_code& ec) noexcept {
    const auto condition = ec.default_error_condition();
    return condition.category() == failure_category() ? static_cast<failure>(condition.value()) : failure::outage;
}

std::string_view name_of(failure kind) noexcept {
    switch (kind) {
        case failure::outage: return "outage";
        case failure::again: return "again";
        case failure::refused: return "refused";
        case failure::missing: return "missing";
        case failure::broken: return "broken";
        case failure::misconfigured: return "misconfigured";
    }
    return "unknown";
}

}  // namespace airi
