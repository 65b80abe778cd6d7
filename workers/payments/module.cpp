#include "workers/payments/payments.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

namespace stripe = providers::stripe;

struct payments_settings : stripe::account {
    static constexpr auto settings = std::tuple{
        setting{"STRIPE_SECRET_KEY", &stripe::account::key,
            "Stripe's secret or restricted key, sk_… or rk_…; empty: nothing can be bought."},
        setting{"STRIPE_API_BASE", &stripe::account::base_url, "Stripe's API, or a test double."},
    };

    std::vector<std::string> mistakes() const {
        const auto mistake = stripe::mistake_of(*this);
        return mistake.empty() ? std::vector<std::string>{} : std::vector{mistake};
    }
};

worker wire(worker_host& host, const payments_settings& settings) {
    const auto& http = host.own(http::open_client(host.executor()));
    const auto& client = host.own(stripe::client(*http, settings));
    const auto& ports = host.own(payments::ports{host.database(), client, host.own(payments::recent_reads())});
    return payments::declare(ports);
}

}  // namespace

extern const worker_module payments_module = module_of<wire>("payments");

}  // namespace airi::workers
