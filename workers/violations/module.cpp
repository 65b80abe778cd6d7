#include "workers/runtime/worker_module.hpp"
#include "workers/violations/violations.hpp"

namespace airi::workers {
namespace {

struct violations_settings {
    secret link_key;
    std::string api_url;

    static constexpr auto settings = std::tuple{
        setting{"LINK_KEY", &violations_settings::link_key,
            "Opens the links with tokens, and the addresses of people without an account, that are on their way; the "
            "gateway's.",
            {.required = true}},
        setting{
            "API_URL", &violations_settings::api_url, "The gateway's public origin, the target of links to its pages."},
    };
};

worker wire(worker_host& host, const violations_settings& settings) {
    const auto& links = host.own(seal::key::of(settings.link_key, "links"));
    const auto& appeals = host.own(seal::key::of(settings.link_key, "appeals"));
    return violations::declare(
        host.own(violations::ports{host.database(), links, appeals, settings.api_url + "/appeal"}));
}

}  // namespace

extern const worker_module violations_module = module_of<wire>("violations");

}  // namespace airi::workers
