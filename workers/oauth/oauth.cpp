#include "workers/oauth/oauth.hpp"

#include <algorithm>

#include "platform/base/log.hpp"
#include "sql/statements.hpp"
#include "workers/runtime/consumer_groups.hpp"

namespace airi::workers::oauth {
namespace {

std::string text_of(const postgres::rows& from, std::size_t column) { return std::string(from.text(0, column)); }

// Those who wait look into Postgres when they hear of it.
effects with_word(events::flow_id flow) {
    effects out;
    out.after.announcements.push_back({events::channel_of(flow), R"({"type":"identity_found","data":{}})"});
    return out;
}

effects ended(events::flow_id flow, std::string_view state, const provider* by = nullptr, const person& who = {}) {
    const auto text = [](const std::string& value) { return value.empty() ? std::nullopt : std::optional(value); };
    auto out = with_word(flow);
    out.statements.push_back(sql::bind(
        "oauth.save", {{"flow", flow}, {"state", state}, {"issuer", by ? std::optional(by->issuer) : std::nullopt},
                          {"subject", text(who.subject)}, {"email", text(who.email)}, {"verified", who.email_verified},
                          {"name", text(who.name)}}));
    return out;
}

}  // namespace

awaitable<result<effects>> find_out(events::identity_requested in, const ports& use) {
    postgres::transaction claim;
    claim.statements.push_back(sql::bind("oauth.claim", {{"flow", in.flow}}));
    const auto rows = co_await use.database.run(std::move(claim));
    if (!rows) co_return rows.error();
    const auto& row = rows->front();
    if (row.empty()) co_return with_word(in.flow);
    const auto by = std::find_if(
        use.providers.begin(), use.providers.end(), [&](const provider& p) { return p.name == in.provider; });
    if (by == use.providers.end() || !by->usable()) co_return ended(in.flow, "away");
    const auto who = co_await identify(
        use.out, *by, {text_of(row, 0), row.text(0, 1) == "t", text_of(row, 2), text_of(row, 3), text_of(row, 4)});
    if (who) co_return ended(in.flow, "known", &*by, *who);
    const bool refused = failure_of(who.error()) == failure::refused;
    log::warn("identity.not_found_out",
        {{"flow_id", in.flow.text()}, {"provider", in.provider}, {"error", who.error().message()}});
    co_return ended(in.flow, refused ? "refused" : "away");
}

awaitable<result<>> renew_providers(const ports& use) {
    postgres::transaction save;
    for (std::size_t i = 0; i < use.providers.size(); ++i) {
        auto& one = use.providers[i];
        co_await learn(use.out, one);
        if (!one.usable()) continue;
        save.statements.push_back(sql::bind("oauth.renew_provider",
            {{"name", one.name}, {"title", one.title}, {"issuer", one.issuer}, {"client_id", one.client_id},
                {"authorization_endpoint", one.authorization_endpoint}, {"scopes", one.scopes},
                {"response_mode", one.response_mode}, {"id_tokens", one.openid}, {"position", i}}));
    }
    if (save.statements.empty()) co_return result<>{};
    const auto done = co_await use.database.run(std::move(save));
    if (!done) co_return done.error();
    co_return result<>{};
}

worker declare(const ports& use) {
    struct handler {
        const ports& with;
        awaitable<result<effects>> operator()(events::identity_requested in, record) const {
            return find_out(std::move(in), with);
        }
    };
    worker out;
    out.name = "oauth";
    out.group = consumer_groups::oauth;
    out.topic = std::string(events::identity_requested::topic);
    out.max_in_flight = 200;
    out.handle = on_event<events::identity_requested>(handler{use});
    out.give_up = [](record in) {
        const auto event = events::decode<events::identity_requested>(in.from.value);
        return event ? ended(event->flow, "refused") : effects{};
    };
    return out;
}

}  // namespace airi::workers::oauth
