#include "workers/providers/payments/stripe.hpp"

#include <algorithm>
#include <array>

#include "platform/base/error_table.hpp"
#include "platform/base/log.hpp"
#include "platform/base/percent.hpp"
#include "platform/http/url.hpp"

namespace airi::workers::providers::stripe {
namespace {

constexpr std::size_t most_bytes = 1024 * 1024;
constexpr http::limits within{.connect = milliseconds{5'000},
    .first_byte = milliseconds{20'000},
    .gap = milliseconds{5'000},
    .total = milliseconds{25'000},
    .header_bytes = 16 * 1024,
    .body_bytes = most_bytes};

constexpr error_row<errc> error_rows[] = {
    {errc::away, "Stripe unreachable", failure::outage},
    {errc::busy, "Stripe's rate limit reached", failure::outage},
    {errc::failed, "Stripe failed", failure::outage},
    {errc::unauthorized, "Stripe rejected the key", failure::misconfigured},
    {errc::rejected, "Stripe rejected the request", failure::refused},
    {errc::missing, "Stripe has no such object", failure::missing},
    {errc::untested, "no test covers the event's API version", failure::refused},
};

std::string encoded(const parameters& given) {
    std::string out;
    for (const auto& [name, value] : given) {
        if (!out.empty()) out += '&';
        out += percent_encoded(name, "[]") + '=' + percent_encoded(value);
    }
    return out;
}

std::string text_of(json::value value) { return std::string(value.string().value_or("")); }

// The first of an array or list.
json::value first_of(json::value list) {
    json::value out;
    list.each([&](json::value one) {
        if (!out.exists()) out = one;
    });
    return out;
}

json::object& add(json::object& out, std::string_view name, json::value value) {
    return out.add_raw(name, value.exists() ? value.text() : "null");
}

// Before basil of the subscription itself, since then of each item: the last end is that of the access.
std::pair<std::optional<std::int64_t>, std::optional<std::int64_t>> period_of(json::value subscription) {
    auto start = subscription["current_period_start"].integer(), end = subscription["current_period_end"].integer();
    subscription["items"]["data"].each([&](json::value item) {
        const auto from = item["current_period_start"].integer(), until = item["current_period_end"].integer();
        if (from && (!start || *from < *start)) start = from;
        if (until && (!end || *until > *end)) end = until;
    });
    return {start, end};
}

std::string_view state_of(json::value intent) {
    const auto status = intent["status"].string().value_or("");
    const auto charge = intent["latest_charge"];
    if (status == "succeeded") return charge["refunded"].boolean().value_or(false) ? "REFUNDED" : "COMPLETED";
    if (status == "canceled") return "FAILED";
    const bool failed = intent["last_payment_error"].type() == json::kind::object;
    return status == "requires_payment_method" && failed ? "FAILED" : "PENDING";
}

// A dispute that was won leaves the charge's flag: the dispute itself says how it stands.
bool is_open_or_lost(json::value dispute) {
    const auto status = dispute["status"].string();
    return status && *status != "won" && *status != "warning_closed" && *status != "prevented";
}

// In either form of an invoice.
bool is_reverse_charge(json::value invoice) {
    bool found = false;
    for (const auto* name : {"total_taxes", "total_tax_amounts"})
        invoice[name].each(
            [&](json::value tax) { found = found || tax["taxability_reason"].string() == "reverse_charge"; });
    return found;
}

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.stripe", error_rows);
    return table.code(e);
}

bool account::live() const { return key.reveal().starts_with("sk_live_") || key.reveal().starts_with("rk_live_"); }

std::string mistake_of(const account& account) {
    if (!account.configured()) return {};
    const auto key = account.key.reveal();
    if (!key.starts_with("sk_") && !key.starts_with("rk_")) return "STRIPE_SECRET_KEY is sk_… or rk_…";
    if (!http::is_safe(account.base_url)) return "STRIPE_API_BASE is an https:// URL";
    return {};
}

answer read_answer(unsigned status, std::string_view body) {
    auto parsed = json::document::parse(body);
    std::optional<json::document> object;
    if (parsed) object = std::move(*parsed);
    if (status >= 200 && status < 300) return object ? answer{{}, std::move(object)} : answer{errc::failed, {}};
    if (status == 429 || status == 409) return {errc::busy, std::move(object)};
    if (status == 401 || status == 403) return {errc::unauthorized, std::move(object)};
    if (status == 404) return {errc::missing, std::move(object)};
    if (status >= 400 && status < 500) return {errc::rejected, std::move(object)};
    return {errc::failed, std::move(object)};
}

client::client(http::client& http, account account) : http_(http), account_(std::move(account)) {}

awaitable<answer> client::get(std::string path) const { return send("GET", std::move(path), {}, {}); }
awaitable<answer> client::post(std::string path, parameters given, std::string key) const {
    return send("POST", std::move(path), encoded(given), std::move(key));
}
awaitable<answer> client::remove(std::string path, std::string key) const {
    return send("DELETE", std::move(path), {}, std::move(key));
}

awaitable<answer> client::send(std::string method, std::string path, std::string form, std::string key) const {
    http::headers headers{
        {"Authorization", "Bearer " + account_.key.reveal()}, {"Stripe-Version", std::string(api_version)}};
    if (method == "POST") headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    if (!key.empty()) headers.emplace_back("Idempotency-Key", std::move(key));
    const auto logged = path.substr(0, path.find_first_of("/?"));
    http::request request{
        std::move(method), account_.base_url + "/v1/" + path, std::move(headers), std::move(form), within};
    auto got = co_await http_.send(std::move(request));
    if (!got) co_return answer{errc::away, {}};
    const auto status = (*got)->status();
    const auto body = co_await (*got)->read_all(most_bytes);
    if (!body) co_return answer{errc::away, {}};
    auto out = read_answer(status, *body);
    if (out.error == errc::rejected) {
        const auto error = out.root()["error"];
        log::warn(
            "stripe.rejected", {{"path", std::string(logged)}, {"status", status}, {"type", text_of(error["type"])},
                                   {"code", text_of(error["code"])}, {"param", text_of(error["param"])}});
    }
    co_return out;
}

std::string id_of(json::value value) {
    return value.type() == json::kind::object ? text_of(value["id"]) : text_of(value);
}

std::string subscription_id_of(json::value invoice) {
    const auto moved = invoice["parent"]["subscription_details"]["subscription"];
    return id_of(moved.exists() && !moved.is_null() ? moved : invoice["subscription"]);
}

std::optional<event> read_event(std::string_view body) {
    const auto parsed = json::document::parse(body);
    if (!parsed || parsed->root()["object"].string() != "event") return std::nullopt;
    const auto root = parsed->root(), object = root["data"]["object"];
    event out;
    out.id = text_of(root["id"]);
    out.type = text_of(root["type"]);
    out.object = text_of(object["id"]);
    out.version = text_of(root["api_version"]);
    out.live = root["livemode"].boolean().value_or(false);
    if (out.id.empty() || out.type.empty()) return std::nullopt;
    const auto kind = text_of(object["object"]);
    out.customer = kind == "customer" ? out.object : id_of(object["customer"]);
    if (kind == "checkout.session") out.session = out.object;
    if (kind == "subscription") out.subscription = out.object;
    if (kind == "invoice") out.invoice = out.object;
    if (kind == "payment_intent") out.payment = out.object;
    if (kind == "charge" || kind == "refund" || kind == "dispute") out.payment = id_of(object["payment_intent"]);
    return out;
}

bool is_tested(std::string_view version) {
    const auto dot = version.find('.');
    constexpr std::array<std::string_view, 4> majors{"acacia", "basil", "clover", "dahlia"};
    return dot == version.npos || std::ranges::count(majors, version.substr(dot + 1)) > 0;
}

std::string subscription_of(json::value given) {
    const auto item = first_of(given["items"]["data"]), price = item["price"];
    const auto [start, end] = period_of(given);
    // Either spelling: of classic billing and of the customer portal with flexible billing.
    auto cancel_at = given["cancel_at"].integer();
    if (!cancel_at && given["cancel_at_period_end"].boolean().value_or(false)) cancel_at = end;
    json::object out;
    add(out, "id", given["id"]).add("customer", id_of(given["customer"])).add("price", id_of(price));
    add(out, "status", given["status"]).add("item", text_of(item["id"]));
    out.add("amount", price["unit_amount"].integer().value_or(0) * item["quantity"].integer().value_or(1))
        .add("currency", text_of(given["currency"].exists() ? given["currency"] : price["currency"]))
        .add("interval", text_of(price["recurring"]["interval"]))
        .add("period_start", start)
        .add("period_end", end)
        .add("cancel_at", cancel_at);
    for (const auto* name : {"canceled_at", "ended_at", "trial_end", "created"}) add(out, name, given[name]);
    const auto metadata = given["metadata"];
    out.add("user", text_of(metadata["user_id"])).add("immediate_start", metadata["immediate_start"].string());
    return out.text();
}

std::string invoice_of(json::value given) {
    auto tax = given["tax"].integer().value_or(0);
    given["total_taxes"].each([&](json::value one) { tax += one["amount"].integer().value_or(0); });
    json::object out;
    add(out, "id", given["id"]).add("customer", id_of(given["customer"]));
    const auto subscription = subscription_id_of(given);
    out.add("subscription", subscription.empty() ? std::nullopt : std::optional(subscription));
    for (const auto* name :
        {"number", "status", "currency", "amount_due", "amount_paid", "period_start", "period_end", "created"})
        add(out, name, given[name]);
    out.add("tax", tax).add("attempts", given["attempt_count"].integer().value_or(0));
    add(out, "reason", given["billing_reason"]);
    out.add("vat_id", first_of(given["customer_tax_ids"])["value"].string());
    out.add("reverse_charge", is_reverse_charge(given));
    add(out, "hosted_url", given["hosted_invoice_url"]);
    add(out, "pdf_url", given["invoice_pdf"]);
    add(out, "next_attempt", given["next_payment_attempt"]);
    add(out, "paid_at", given["status_transitions"]["paid_at"]);
    return out.text();
}

std::string payment_of(json::value given, json::value disputes) {
    json::object out;
    add(out, "id", given["id"]).add("customer", id_of(given["customer"])).add("status", state_of(given));
    const auto charge = given["latest_charge"];
    out.add("refunded", charge["amount_refunded"].integer().value_or(0))
        .add("disputed", is_open_or_lost(first_of(disputes["data"])))
        .add("dispute", first_of(disputes["data"])["status"].string());
    for (const auto* name : {"amount", "currency", "created"}) add(out, name, given[name]);
    const auto metadata = given["metadata"];
    out.add("user", text_of(metadata["user_id"])).add("plan", text_of(metadata["plan"]));
    return out.text();
}

}  // namespace airi::workers::providers::stripe
