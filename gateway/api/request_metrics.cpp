#include "gateway/api/request_metrics.hpp"

#include <exception>

#include "gateway/api/router.hpp"

namespace airi::gateway {

request_metrics::request_metrics() {
    for (std::size_t i = 0; i < active_.size(); ++i)
        active_[i] = &metrics::gauge_of("http_server_active_requests", "Requests that are being answered.",
            {{"http_request_method", std::string(name_of(static_cast<verb>(i)))}});
}

metrics::histogram& request_metrics::duration_of(const kind& wanted) {
    auto& found = durations_[wanted];
    if (!found)
        found = &metrics::histogram_of("http_server_request_duration_seconds",
            "From a whole request to the head of its response.",
            {{"http_request_method", std::string(name_of(wanted.method))}, {"http_route", template_of(wanted.route)},
                {"http_response_status_code", std::to_string(wanted.status)}});
    return *found;
}

request_metrics::active::active(request_metrics& of, verb method)
    : of_(of), method_(method), exceptions_(std::uncaught_exceptions()) {
    of_.active_[static_cast<std::size_t>(method_)]->add(1);
}

milliseconds request_metrics::active::answered(unsigned status) {
    status_ = status;
    return std::chrono::floor<milliseconds>(std::chrono::steady_clock::now() - began_);
}

// The transport answers an exception with 500. A request that is dropped when the gateway ends has no status.
request_metrics::active::~active() {
    of_.active_[static_cast<std::size_t>(method_)]->add(-1);
    if (status_ == 0 && std::uncaught_exceptions() > exceptions_) status_ = 500;
    if (status_ == 0) return;
    const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_);
    of_.duration_of({route_, method_, status_}).observe(took.count());
}

}  // namespace airi::gateway
