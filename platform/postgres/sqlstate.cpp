#include "platform/postgres/sqlstate.hpp"

namespace airi::postgres {
namespace {

struct category_type final : boost::system::error_category {
    const char* name() const noexcept override { return "airi.postgres"; }
    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::unavailable: return "Postgres is unavailable";
            case errc::conflict: return "conflict with another transaction";
            case errc::duplicate: return "duplicate key";
            case errc::invalid: return "value refused by the schema";
            case errc::denied: return "denied by row-level security";
            case errc::unmigrated: return "a table, a function or a grant is missing";
            case errc::fenced: return "the lease is lost";
            case errc::broken: return "statement failed";
        }
        return "unknown";
    }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        switch (static_cast<errc>(value)) {
            case errc::unavailable:
            case errc::unmigrated: return make_error_condition(failure::outage);
            case errc::conflict:
            case errc::fenced: return make_error_condition(failure::again);
            case errc::duplicate:
            case errc::invalid:
            case errc::denied: return make_error_condition(failure::refused);
            case errc::broken: break;
        }
        return make_error_condition(failure::broken);
    }
};

}  // namespace

error_code make_error_code(errc e) {
    static const category_type category;
    return {static_cast<int>(e), category};
}

errc errc_of(std::string_view state, std::string_view source) {
    const auto family = state.substr(0, 2);
    // A protocol violation is a statement bound with the wrong number of parameters, not a broken connection.
    if (state == "08P01") return errc::broken;
    // A read-only server is a standby: the primary is elsewhere.
    if (state.empty() || family == "08" || family == "53" || state.starts_with("57P") || state == "25006")
        return errc::unavailable;
    // The statement timeout (57014) belongs here too: it passes when the server is less busy, or the bounded
    // attempts end.
    if (state == "40001" || state == "40P01" || state == "55P03" || state == "57014") return errc::conflict;
    if (state == "23505") return errc::duplicate;
    if (family == "23" || family == "22") return errc::invalid;
    // A missing schema, table, function or grant: the migrations have not run yet, which is nobody's input.
    if (state == "3F000" || state == "42P01" || state == "42883" || (state == "42501" && source == "aclcheck_error"))
        return errc::unmigrated;
    if (state == "42501") return errc::denied;
    if (state == "AI001") return errc::fenced;
    return errc::broken;
}

bool message_is_safe(std::string_view state) {
    const auto family = state.substr(0, 2);
    return family != "22" && family != "23" && family != "P0" && family != "AI";
}

}  // namespace airi::postgres
