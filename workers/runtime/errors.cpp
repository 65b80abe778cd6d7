#include "workers/runtime/errors.hpp"

namespace airi::workers {
namespace {

struct category_type final : boost::system::error_category {
    const char* name() const noexcept override { return "airi.workers"; }
    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::leased: return "another worker holds the lease";
            case errc::unknown_generation: return "no such generation";
            case errc::threw: return "the handler threw";
        }
        return "unknown";
    }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        switch (static_cast<errc>(value)) {
            case errc::leased: return make_error_condition(failure::outage);
            case errc::unknown_generation: return make_error_condition(failure::refused);
            case errc::threw: return make_error_condition(failure::broken);
        }
        return make_error_condition(failure::broken);
    }
};

}  // namespace

error_code make_error_code(errc e) {
    static const category_type category;
    return {static_cast<int>(e), category};
}

}  // namespace airi::workers
