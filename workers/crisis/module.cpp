#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "sql/statements.hpp"
#include "workers/crisis/contact_sender.hpp"
#include "workers/crisis/crisis.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

namespace twilio = providers::twilio;

struct crisis_settings : twilio::account {
    secret link_key;
    secret encryption_key;
    secret encryption_key_previous;

    static constexpr auto settings = std::tuple{
        setting{"TWILIO_ACCOUNT_SID", &twilio::account::sid,
            "Twilio's account, AC…, for text messages and calls to trusted contacts; empty: mails only."},
        setting{"TWILIO_AUTH_TOKEN", &twilio::account::token, "Its auth token."},
        setting{"TWILIO_FROM", &twilio::account::from,
            "A number, +…, or the sid of a messaging service, MG…, which cannot call."},
        setting{"TWILIO_BASE_URL", &twilio::account::base_url, "Twilio's API, or a test double."},
        setting{"LINK_KEY", &crisis_settings::link_key,
            "Opens the links with tokens, and the addresses of people without an account, that are on their way; the "
            "gateway's.",
            {.required = true}},
        setting{"ENCRYPTION_KEY", &crisis_settings::encryption_key, "Wraps the users' keys; at least 32 bytes.",
            {.required = true}},
        setting{"ENCRYPTION_KEY_PREVIOUS", &crisis_settings::encryption_key_previous,
            "The previous ENCRYPTION_KEY; keys wrapped with it are rewrapped with ENCRYPTION_KEY."},
    };

    std::vector<std::string> mistakes() const {
        auto out = seal::mistakes_of("ENCRYPTION_KEY", encryption_key, encryption_key_previous);
        if (auto mistake = twilio::mistake_of(*this); !mistake.empty()) out.push_back(std::move(mistake));
        return out;
    }
};

// The gateway offers what a worker has had within two minutes.
awaitable<result<>> show_channels(postgres::database& database, const twilio::account& account) {
    std::vector<std::string> names;
    if (account.configured()) names.emplace_back("sms");
    if (account.can_call()) names.emplace_back("call");
    if (names.empty()) co_return result<>{};
    const auto done = co_await postgres::run_one(
        database, std::nullopt, sql::bind("trusted_contacts.channels_seen", {{"names", names}}));
    if (!done) co_return done.error();
    co_return result<>{};
}

awaitable<> send_what_is_due(worker_host& host, crisis::contact_sender& sender) {
    milliseconds pause;
    do {
        const auto looked = co_await sender.look();
        if (!looked) log::warn("crisis.look_failed", {{"error", looked.error().message()}});
        pause = looked ? *looked : milliseconds{1'000};
    } while (co_await host.pause(pause));
    while (sender.in_flight() > 0) co_await sleep(milliseconds{10});
}

worker wire(worker_host& host, const crisis_settings& settings) {
    // A request on an idle connection that fails is sent once more, which would be a second message.
    const auto& http = host.own(http::open_client(host.executor(), {.idle_per_host = 0}));
    const auto& phone = host.own(twilio::client(*http, settings));
    const auto& links = host.own(seal::key::of(settings.link_key, "links"));
    const auto& master = host.own(seal::master(settings.encryption_key, settings.encryption_key_previous));
    auto& sender = host.own(crisis::contact_sender(
        host.database(), settings.configured() ? &phone : nullptr, master, links, host.executor()));
    host.reload_every([&] { return show_channels(host.database(), settings); }, seconds{30});
    host.run_beside([&] { return send_what_is_due(host, sender); });
    return crisis::declare();
}

}  // namespace

extern const worker_module crisis_module = module_of<wire>("crisis");

}  // namespace airi::workers
