#include "workers/oauth/oauth.hpp"

#include <algorithm>

#include "events/frames/codec.hpp"
#include "events/frames/oauth.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::workers::oauth {
namespace {

// Ends the wait of the gateways for the flow; they read its result from Postgres.
effects end_wait(events::flow_id flow) {
    effects out;
    out.after.announcements.push_back(
        {events::channel_of(flow), events::encode_frame(events::frames::identity_found{})});
    return out;
}

effects ended(
    events::flow_id flow, std::string_view state, const provider* provider = nullptr, const person& person = {}) {
    const auto text = [](const std::string& value) { return value.empty() ? std::nullopt : std::optional(value); };
    auto out = end_wait(flow);
    out.statements.push_back(sql::bind("oauth.save",
        {{"flow", flow}, {"state", state}, {"issuer", provider ? std::optional(provider->issuer) : std::nullopt},
            {"subject", text(person.subject)}, {"email", text(person.email)}, {"verified", person.email_verified},
            {"name", text(person.name)}}));
    return out;
}

}  // namespace

awaitable<result<effects>> complete_flow(events::identity_requested event, const ports& ports) {
    const auto rows =
        co_await postgres::run_one(ports.database, std::nullopt, sql::bind("oauth.claim", {{"flow", event.flow}}));
    if (!rows) co_return rows.error();
    if (rows->empty()) co_return end_wait(event.flow);
    const auto found = std::find_if(
        ports.providers.begin(), ports.providers.end(), [&](const provider& p) { return p.name == event.provider; });
    if (found == ports.providers.end() || !found->usable()) co_return ended(event.flow, "away");
    auto [credential, is_token, verifier, redirect_uri, nonce_hash] =
        rows->read<std::string, bool, std::string, std::string, std::string>(0);
    const auto person = co_await identify(ports.client, *found,
        {std::move(credential), is_token, std::move(verifier), std::move(redirect_uri), std::move(nonce_hash)});
    if (person) co_return ended(event.flow, "known", &*found, *person);
    const bool refused = failure_of(person.error()) == failure::refused;
    log::warn("oauth.flow_failed",
        {{"flow_id", event.flow.text()}, {"provider", event.provider}, {"error", person.error().message()}});
    co_return ended(event.flow, refused ? "refused" : "away");
}

awaitable<result<>> renew_providers(const ports& ports) {
    postgres::transaction save;
    for (std::size_t i = 0; i < ports.providers.size(); ++i) {
        auto& one = ports.providers[i];
        co_await refresh(ports.client, one);
        if (!one.usable()) continue;
        save.statements.push_back(sql::bind("oauth.renew_provider",
            {{"name", one.name}, {"title", one.title}, {"issuer", one.issuer}, {"client_id", one.client_id},
                {"authorization_endpoint", one.authorization_endpoint}, {"scopes", one.scopes},
                {"response_mode", one.response_mode}, {"id_tokens", one.openid}, {"sends_issuer", one.sends_issuer},
                {"position", i}}));
    }
    if (save.statements.empty()) co_return result<>{};
    const auto saved = co_await ports.database.run(std::move(save));
    if (!saved) co_return saved.error();
    co_return result<>{};
}

worker declare(const ports& ports) {
    struct handler {
        const oauth::ports& ports;
        awaitable<result<effects>> operator()(events::identity_requested event, record) const {
            return complete_flow(std::move(event), ports);
        }
    };
    worker out;
    out.name = "oauth";
    out.group = "identity";
    out.topic = std::string(events::identity_requested::topic);
    out.max_in_flight = 200;
    out.handle = on_event<events::identity_requested>(handler{ports});
    out.give_up = [](record record) {
        const auto event = events::decode<events::identity_requested>(record.message.value);
        return event ? ended(event->flow, "refused") : effects{};
    };
    return out;
}

}  // namespace airi::workers::oauth
