#include "workers/providers/sms/twilio.hpp"

#include <algorithm>
#include <cctype>

#include "platform/base/error_table.hpp"
#include "platform/base/json.hpp"
#include "platform/base/markup.hpp"
#include "platform/base/number.hpp"
#include "platform/base/percent.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/http/url.hpp"

namespace airi::workers::providers::twilio {
namespace {

constexpr std::size_t most_bytes = 512 * 1024;
// Two requests end within half of a claim (see contact_sender.hpp).
constexpr http::limits quick{.connect = milliseconds{3'000},
    .first_byte = milliseconds{8'000},
    .gap = milliseconds{3'000},
    .total = milliseconds{10'000},
    .header_bytes = 16 * 1024,
    .body_bytes = most_bytes};

constexpr error_row<errc> error_rows[] = {
    {errc::busy, "Twilio's rate limit reached", failure::again},
    {errc::not_sent, "Twilio unreachable", failure::again},
    {errc::unknown, "Twilio did not say whether it accepted", failure::again},
    {errc::unauthorized, "Twilio rejected the credentials", failure::misconfigured},
    {errc::rejected, "Twilio rejected the request", failure::refused},
    {errc::unsubscribed, "the number wants no messages", failure::refused},
};

constexpr int stopped_by_recipient = 21610;

// Whether a request that ended so never left.
errc of_transport(const error_code& ec) {
    const bool before = ec == http::errc::bad_url || ec == http::errc::unreachable || ec == http::errc::tls_failed ||
                        ec == http::errc::connect_timeout;
    return before ? errc::not_sent : errc::unknown;
}

std::string url_of(const account& account, std::string_view resource) {
    auto base = account.base_url;
    while (base.ends_with('/')) base.pop_back();
    return base + "/2010-04-01/Accounts/" + account.sid + "/" + std::string(resource) + ".json";
}

http::headers headers_of(const account& account) {
    return {{"Accept", "application/json"},
        {"Authorization", "Basic " + digest::base64(account.sid + ":" + account.token.reveal())}};
}

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.twilio", error_rows);
    return table.code(e);
}

std::string mistake_of(const account& account) {
    const bool any = !account.sid.empty() || !account.token.empty() || !account.from.empty();
    if (!any) return {};
    if (account.sid.empty() || account.token.empty() || account.from.empty())
        return "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM need each other";
    if (!std::all_of(account.sid.begin(), account.sid.end(), [](unsigned char c) { return std::isalnum(c); }))
        return "TWILIO_ACCOUNT_SID is letters and digits, AC…";
    if (!account.from.starts_with('+') && !account.from.starts_with("MG"))
        return "TWILIO_FROM is a number with its country code, +…, or the sid of a messaging service, MG…";
    if (!http::is_safe(account.base_url)) return "TWILIO_BASE_URL is an https:// URL";
    return {};
}

outcome read_created(unsigned status, std::string_view retry_after, std::string_view body) {
    const auto parsed = json::document::parse(body);
    const auto root = parsed ? parsed->root() : json::value{};
    if (status >= 200 && status < 300) {
        const auto sid = root["sid"].string();
        return sid ? outcome{{}, std::string(*sid)} : outcome{errc::unknown};
    }
    const auto code = static_cast<int>(root["code"].integer().value_or(0));
    if (status == 429) return {errc::busy, {}, code, seconds{number_of(retry_after)}};
    if (status == 401 || status == 403) return {errc::unauthorized, {}, code};
    if (status >= 400 && status < 500)
        return {code == stopped_by_recipient ? errc::unsubscribed : errc::rejected, {}, code};
    return {errc::unknown, {}, code};
}

result<std::optional<std::string>> read_found(std::string_view body, std::string_view mark) {
    const auto parsed = json::document::parse(body);
    if (!parsed || parsed->root()["messages"].type() != json::kind::array) return errc::unknown;
    std::optional<std::string> out;
    parsed->root()["messages"].each([&](json::value one) {
        const auto sid = one["sid"].string(), text = one["body"].string();
        if (!out && sid && text && text->find(mark) != text->npos) out = std::string(*sid);
    });
    return out;
}

std::string spoken(std::string_view words, std::string_view language) {
    auto say = "<Say language=\"" + escaped_attribute(language) + "\">";
    append_content(say, words);
    say += "</Say>";
    return "<Response><Pause length=\"1\"/>" + say + "<Pause length=\"2\"/>" + say + "</Response>";
}

client::client(http::client& http, account account) : http_(http), account_(std::move(account)) {}

// The header is Twilio's name for such a key. Nothing documented promises that messages obey it, so nothing here relies
// on that.
awaitable<outcome> client::create(std::string_view resource, std::string form, std::string_view key) const {
    auto headers = headers_of(account_);
    headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    headers.emplace_back("I-Twilio-Idempotency-Token", key);
    http::request request{"POST", url_of(account_, resource), std::move(headers), std::move(form), quick};
    auto got = co_await http_.send(std::move(request));
    if (!got) co_return outcome{of_transport(got.error())};
    const auto status = (*got)->status();
    const std::string retry_after((*got)->header("Retry-After"));
    const auto body = co_await (*got)->read_all(most_bytes);
    co_return read_created(status, retry_after, body ? *body : std::string{});
}

awaitable<outcome> client::send(const message& message) const {
    auto form = form_encoded({{"To", message.to}, {"Body", message.body},
        {account_.from.starts_with("MG") ? "MessagingServiceSid" : "From", account_.from}});
    co_return co_await create("Messages", std::move(form), message.key);
}

awaitable<outcome> client::call(const message& message) const {
    auto form =
        form_encoded({{"To", message.to}, {"From", account_.from}, {"Twiml", spoken(message.body, message.language)}});
    co_return co_await create("Calls", std::move(form), message.key);
}

awaitable<result<std::optional<std::string>>> client::find_message(std::string to, std::string mark) const {
    auto url = with_query(url_of(account_, "Messages"), form_encoded({{"To", to}, {"PageSize", "100"}}));
    auto got = co_await http_.send({"GET", std::move(url), headers_of(account_), {}, quick});
    if (!got) co_return got.error();
    const auto status = (*got)->status();
    const auto body = co_await (*got)->read_all(most_bytes);
    if (!body) co_return body.error();
    if (status != 200) co_return read_created(status == 201 ? 500 : status, {}, *body).error;
    co_return read_found(*body, mark);
}

}  // namespace airi::workers::providers::twilio
