#include "gateway/services/security_events.hpp"

#include "platform/base/log.hpp"
#include "platform/telemetry/metrics.hpp"

namespace airi::gateway {
namespace {

std::string_view type_of(unsigned status) {
    switch (status) {
        case 401: return "authn_fail";
        case 403: return "authz_fail";
        case 429: return "excess_rate_limit_exceeded";
        default: return {};
    }
}

metrics::counter& counter_of(unsigned status) {
    const auto of = [](const char* status) -> metrics::counter& {
        return metrics::counter_of("airi_gateway_refusals_total",
            "Requests and frames refused as unauthenticated (401), forbidden (403) or over a limit (429).",
            {{"status", status}});
    };
    static auto &unauthenticated = of("401"), &forbidden = of("403"), &limited = of("429");
    return status == 401 ? unauthenticated : status == 403 ? forbidden : limited;
}

std::string user_of(const acting_caller& caller) { return caller.account ? caller.account->id.text() : ""; }
std::string credential_of(const acting_caller& caller) { return caller.account ? caller.account->session.text() : ""; }

}  // namespace

void record_refusal(const problem& refused, const acting_caller& caller) {
    const auto type = type_of(refused.status);
    if (type.empty()) return;
    counter_of(refused.status).add();
    log::info("security.refused",
        {{"type", type}, {"code", refused.code}, {"operation", caller.operation}, {"user_id", user_of(caller)},
            {"credential_id", credential_of(caller)}, {"address", caller.address}, {"request_id", caller.request_id}});
}

void record_credential_change(const acting_caller& caller) {
    log::info("auth.credential_changed",
        {{"operation", caller.operation}, {"user_id", user_of(caller)}, {"credential_id", credential_of(caller)},
            {"address", caller.address}, {"request_id", caller.request_id}});
}

}  // namespace airi::gateway
