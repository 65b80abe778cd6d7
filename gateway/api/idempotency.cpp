#include "gateway/api/idempotency.hpp"

#include <algorithm>

#include "gateway/messaging/reply_stream.hpp"
#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

// A gateway that dies leaves its requests busy for this long.
constexpr milliseconds busy{60'000};
// Between looks whether the first request has ended, each twice as long as the one before.
constexpr milliseconds shortest_pause{20}, longest_pause{640};

std::optional<std::string_view> key_of(const request& request) {
    for (const auto& [name, value] : request.headers)
        if (name == "idempotency-key") return value;
    return std::nullopt;
}

bool is_well_formed(std::string_view key) {
    return !key.empty() && key.size() <= longest_idempotency_key &&
           std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; });
}

// Each part with its length, so that no two lists of parts give the same text.
std::string joined(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const auto part : parts) out.append(std::to_string(part.size())).append(":").append(part);
    return out;
}

std::string owner_of(const exchange& exchange) {
    return exchange.caller ? "user/" + exchange.caller->id.text() : "address/" + exchange.request.address;
}

// Of all that decides what the request does. Without an account the credentials that it brings do too.
std::string digest_of(const exchange& exchange) {
    const auto& request = exchange.request;
    std::string place;
    for (const auto& part : exchange.path) place += joined({part});
    for (const auto& [name, value] : exchange.query) place += joined({name, value});
    const bool open = !exchange.caller;
    return digest::hmac_sha256_hex(exchange.services.refresh_key,
        joined({"request", exchange.route.name, place, request.header("x-token-transport"),
            open ? request.header("authorization") : "", open ? request.header("cookie") : "",
            exchange.body ? exchange.json().text() : request.body}));
}

// The generation of the message that the request sends.
std::optional<generation_id> generation_of(const exchange& exchange, const uuid& seed) {
    if (!exchange.route.sends_message) return std::nullopt;
    auto client_message_id = exchange.text("client_message_id");
    if (client_message_id.empty() || exchange.route.openai_format) client_message_id = seed.text();
    return generation_id_of(message_id_of(exchange.caller->id, client_message_id));
}

// A request that does not wait for its reply is answered at once.
milliseconds busy_time(const exchange& exchange) {
    if (!exchange.route.sends_message || wants_events(exchange.request)) return busy;
    const auto wait = wait_of(exchange.request);
    return wait.count() == 0 ? milliseconds{0} : milliseconds{wait} + seconds{1};
}

problem refused_key(const exchange& exchange, unsigned status, std::string_view code, std::string_view message) {
    problem out{status, std::string(code), std::string(message)};
    if (exchange.route.openai_format)
        std::ranges::transform(out.code, out.code.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    return out;
}

std::string place_of(std::string_view id) { return "idempotency_keys.answer/" + std::string(id); }

std::string to_text(const response& from) {
    json::array headers;
    for (const auto& [name, value] : from.headers) headers.add(json::object().add("name", name).add("value", value));
    return json::object()
        .add("status", static_cast<std::int64_t>(from.status))
        .add("type", from.content_type)
        .add("body", from.body)
        .add_raw("headers", headers.text())
        .text();
}

std::optional<response> read_answer(const result<std::string>& text) {
    const auto parsed = text ? json::document::parse(*text) : result<json::document>(text.error());
    if (!parsed) return std::nullopt;
    const auto v = parsed->root();
    response out;
    out.status = static_cast<unsigned>(v["status"].integer().value_or(200));
    out.content_type = v["type"].string().value_or("");
    out.body = v["body"].string().value_or("");
    v["headers"].each([&](json::value header) {
        out.headers.emplace_back(header["name"].string().value_or(""), header["value"].string().value_or(""));
    });
    out.headers.emplace_back("Idempotency-Replayed", "true");
    return out;
}

awaitable<result<json::document>> ask_database(exchange& exchange, std::string id, uuid fresh) {
    const auto rows = co_await postgres::run_one(exchange.services.database,
        exchange.caller ? std::optional(exchange.caller->id) : std::nullopt,
        sql::bind("idempotency.begin",
            {{"id", id}, {"request", digest_of(exchange)}, {"seed", fresh},
                {"generation", generation_of(exchange, fresh)}, {"busy_ms", busy_time(exchange).count()}}));
    if (!rows) co_return rows.error();
    co_return json::document::parse(rows->text(0, 0));
}

bool is_busy(const result<json::document>& begun) { return begun && begun->root()["outcome"].string() == "busy"; }

}  // namespace

bool takes_idempotency_key(const route& route) {
    return route.unkeyed.empty() && (route.method == verb::post || route.sends_message);
}

bool has_idempotency_key(const request& request) { return key_of(request).has_value(); }

awaitable<std::variant<begun_request, route_result>> begin_once(exchange& exchange) {
    auto& services = exchange.services;
    const auto key = *key_of(exchange.request);
    if (!is_well_formed(key))
        co_return refused_key(exchange, 400, "BAD_REQUEST",
            "Idempotency-Key must be 1 to 255 characters: letters, digits and signs of ASCII, no blanks");
    const auto name = joined({"idempotency", owner_of(exchange), exchange.route.name, key});
    begun_request out{digest::hmac_sha256_hex(services.refresh_key, name), seal::key::of(services.refresh_key, name)};
    const auto fresh = uuid::v7(exchange.request.arrived);
    auto begun = co_await ask_database(exchange, out.id, fresh);
    // A reply takes its time; anything else is about to end.
    for (auto pause = shortest_pause; is_busy(begun) && !exchange.route.sends_message && pause <= longest_pause;
        pause *= 2) {
        co_await sleep(pause);
        begun = co_await ask_database(exchange, out.id, fresh);
    }
    if (!begun) co_return problem_of(begun.error());
    const auto v = begun->root();
    const auto outcome = v["outcome"].string().value_or("");
    if (outcome == "reused")
        co_return refused_key(
            exchange, 422, "IDEMPOTENCY_KEY_REUSED", "Idempotency-Key was already used with a different request body");
    if (outcome == "busy") {
        auto refused = refused_key(exchange, 409, "IDEMPOTENCY_KEY_BUSY",
            "the first request with this Idempotency-Key is still running, try again");
        refused.retry_after = v["wait"].integer().value_or(1);
        co_return refused;
    }
    if (outcome == "answered") {
        auto known = read_answer(seal::open(out.key, v["answer"].string().value_or(""), place_of(out.id)));
        if (!known) co_return problem_of(make_error_code(seal::errc::broken));
        exchange.replayed = true;
        co_return answer(std::move(*known));
    }
    exchange.seed = uuid::parse(v["seed"].string().value_or("")).value_or(fresh);
    exchange.first_arrived = instant(milliseconds(v["at"].integer().value_or(0)));
    co_return out;
}

awaitable<> end_once(exchange& exchange, begun_request begun, const route_result& result) {
    const auto* whole = std::get_if<answer>(&result);
    const auto* response = whole ? std::get_if<gateway::response>(whole) : nullptr;
    // The reply to a message is stored as such; the next request waits for it, or reads it.
    const bool sent = exchange.route.sends_message && whole;
    if (sent) co_return;
    const bool kept = response && response->status < 300;
    auto statement = kept ? sql::bind("idempotency.end",
                                {{"id", begun.id}, {"status", static_cast<std::int64_t>(response->status)},
                                    {"answer", seal::seal(begun.key, to_text(*response), place_of(begun.id))}})
                          : sql::bind("idempotency.forget", {{"id", begun.id}});
    const auto rows = co_await postgres::run_one(exchange.services.database,
        exchange.caller ? std::optional(exchange.caller->id) : std::nullopt, std::move(statement));
    if (!rows)
        log::warn(
            "request.answer_not_stored", {{"request_id", exchange.request.id}, {"error", rows.error().message()}});
}

}  // namespace airi::gateway
