// SMTP and SES through libcurl, which speaks both and signs requests for Amazon.
#include <curl/curl.h>

#include <array>
#include <cstring>
#include <mutex>

#include "platform/base/ip_address.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "workers/email/errors.hpp"
#include "workers/email/transport.hpp"

namespace airi::workers::email {
namespace {

constexpr long connect_ms = 10'000, total_ms = 30'000;

template <auto Free>
struct freed {
    void operator()(auto* p) const { Free(p); }
};
using list = std::unique_ptr<curl_slist, freed<curl_slist_free_all>>;
using url_handle = std::unique_ptr<CURLU, freed<curl_url_cleanup>>;

list list_of(std::initializer_list<std::string> lines) {
    curl_slist* out = nullptr;
    for (const auto& line : lines) out = curl_slist_append(out, line.c_str());
    return list(out);
}

int stop_when_asked(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

std::size_t read_from(char* into, std::size_t size, std::size_t count, void* source) {
    auto& left = *static_cast<std::string_view*>(source);
    const auto taken = std::min(size * count, left.size());
    std::memcpy(into, left.data(), taken);
    left.remove_prefix(taken);
    return taken;
}

std::size_t keep_beginning(char* bytes, std::size_t size, std::size_t count, void* into) {
    auto& kept = *static_cast<std::string*>(into);
    kept.append(bytes, std::min(size * count, std::size_t{16'384} - std::min(kept.size(), std::size_t{16'384})));
    return size * count;
}

// One message, one connection: e-mail is rare, and a connection that broke while idle cannot be told from a rejection.
class transfer {
public:
    transfer(const std::string& url, const char* protocols, const std::string& ca_file, std::stop_token& stop) {
        static std::once_flag once;
        std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
        handle_.reset(curl_easy_init());
        set(CURLOPT_URL, url.c_str());
        set(CURLOPT_PROTOCOLS_STR, protocols);
        set(CURLOPT_PROXY, "");  // not from the environment
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
        set(CURLOPT_TIMEOUT_MS, total_ms);
        set(CURLOPT_NOPROGRESS, 0L);
        set(CURLOPT_XFERINFOFUNCTION, stop_when_asked);
        set(CURLOPT_XFERINFODATA, &stop);
        if (!ca_file.empty()) set(CURLOPT_CAINFO, ca_file.c_str());
    }

    void set(CURLoption option, auto value) {
        if (curl_easy_setopt(handle_.get(), option, value) != CURLE_OK)
            throw std::runtime_error("libcurl lacks an option");
    }
    CURLcode perform() { return curl_easy_perform(handle_.get()); }
    long reply() const {
        long out = 0;
        curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &out);
        return out;
    }
    bool sent_something() const {
        curl_off_t out = 0;
        curl_easy_getinfo(handle_.get(), CURLINFO_SIZE_UPLOAD_T, &out);
        return out > 0;
    }

private:
    std::unique_ptr<CURL, freed<curl_easy_cleanup>> handle_;
};

result<> logged(const error_code& outcome, const mime_message& message, CURLcode code, long reply) {
    if (!outcome) return {};
    // The server's text may quote the address, so only its code is logged.
    log::warn("mail.not_sent", {{"event_id", message.id.text()}, {"error", outcome.message()}, {"reply", reply},
                                   {"curl", curl_easy_strerror(code)}});
    return outcome;
}

struct smtp_server {
    std::string url, user, password;
    bool tls_only = true;
};

std::string part_of(CURLU* url, CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, CURLU_URLDECODE) != CURLUE_OK) return {};
    std::string out(text);
    curl_free(text);
    return out;
}

// None when the URL is not of this form.
std::optional<smtp_server> parse_smtp_url(const secret& text, const std::string& name) {
    const url_handle url(curl_url());
    if (curl_url_set(url.get(), CURLUPART_URL, text.reveal().c_str(), 0) != CURLUE_OK) return std::nullopt;
    const auto scheme = part_of(url.get(), CURLUPART_SCHEME), host = part_of(url.get(), CURLUPART_HOST);
    const auto path = part_of(url.get(), CURLUPART_PATH);
    if ((scheme != "smtp" && scheme != "smtps") || host.empty() || (path != "/" && !path.empty())) return std::nullopt;
    if (!part_of(url.get(), CURLUPART_QUERY).empty() || !part_of(url.get(), CURLUPART_FRAGMENT).empty())
        return std::nullopt;
    smtp_server out;
    out.user = part_of(url.get(), CURLUPART_USER);
    out.password = part_of(url.get(), CURLUPART_PASSWORD);
    const auto port = part_of(url.get(), CURLUPART_PORT);
    out.url = scheme + "://" + host + (port.empty() ? "" : ':' + port) + '/' + name;
    const bool here = is_loopback_host(host);
    out.tls_only = scheme == "smtps" || (!out.user.empty() && !here);
    return out;
}

class smtp final : public transport {
public:
    explicit smtp(smtp_options options) : options_(std::move(options)) {
        const auto found = parse_smtp_url(options_.url, options_.name);
        if (!found) throw std::invalid_argument(smtp_mistake(options_.url));
        server_ = *found;
    }

    result<> deliver(const mime_message& message, std::stop_token stop) override {
        transfer one(server_.url, "smtp,smtps", options_.ca_file, stop);
        if (!server_.user.empty()) {
            one.set(CURLOPT_USERNAME, server_.user.c_str());
            one.set(CURLOPT_PASSWORD, server_.password.c_str());
        }
        one.set(CURLOPT_USE_SSL, static_cast<long>(server_.tls_only ? CURLUSESSL_ALL : CURLUSESSL_TRY));
        const auto from = '<' + message.from.address + '>';
        const auto to = list_of({'<' + message.to + '>'});
        one.set(CURLOPT_MAIL_FROM, from.c_str());
        one.set(CURLOPT_MAIL_RCPT, to.get());
        const auto bytes = render(message);
        std::string_view left = bytes;
        one.set(CURLOPT_READFUNCTION, read_from);
        one.set(CURLOPT_READDATA, &left);
        one.set(CURLOPT_UPLOAD, 1L);
        const auto code = one.perform();
        return logged(outcome(code, one), message, code, one.reply());
    }

private:
    static error_code outcome(CURLcode code, const transfer& transfer) {
        if (code == CURLE_OK) return {};
        if (code == CURLE_LOGIN_DENIED) return errc::unauthorized;
        // A rejected MAIL, RCPT or DATA ends in the first code, a rejected message in the second; without sent bytes
        // the second is a server that rejects the connection. Everything else is not about this message.
        if (code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && transfer.sent_something()))
            if (const auto rejection = smtp_outcome(transfer.reply())) return rejection;
        return errc::away;
    }

    smtp_options options_;
    smtp_server server_;
};

class ses final : public transport {
public:
    explicit ses(ses_options options) : options_(std::move(options)) {
        auto base =
            options_.endpoint.empty() ? "https://email." + options_.region + ".amazonaws.com" : options_.endpoint;
        while (base.ends_with('/')) base.pop_back();
        url_ = base + "/v2/email/outbound-emails";
        signature_ = "aws:amz:" + options_.region + ":ses";
    }

    result<> deliver(const mime_message& message, std::stop_token stop) override {
        transfer one(url_, "https,http", options_.ca_file, stop);
        one.set(CURLOPT_AWS_SIGV4, signature_.c_str());
        one.set(CURLOPT_USERNAME, options_.access_key.c_str());
        one.set(CURLOPT_PASSWORD, options_.secret_key.reveal().c_str());
        const auto type = list_of({"Content-Type: application/json"});  // these headers are signed
        one.set(CURLOPT_HTTPHEADER, type.get());
        const auto body = body_of(message);
        one.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        one.set(CURLOPT_POSTFIELDS, body.c_str());
        std::string response;
        one.set(CURLOPT_WRITEFUNCTION, keep_beginning);
        one.set(CURLOPT_WRITEDATA, &response);
        one.set(CURLOPT_HEADERFUNCTION, keep_beginning);
        one.set(CURLOPT_HEADERDATA, &response);
        const auto code = one.perform();
        const error_code outcome = code == CURLE_OK ? ses_outcome(one.reply(), response) : errc::away;
        return logged(outcome, message, code, one.reply());
    }

private:
    // SES v2 has no idempotency token: the event's id is sent as a tag, as in the message's own header.
    static std::string body_of(const mime_message& message) {
        const auto raw =
            json::object().add_raw("Raw", json::object().add("Data", digest::base64(render(message))).text()).text();
        return json::object()
            .add("FromEmailAddress", message.from.address)
            .add_raw("Destination", json::object().add_raw("ToAddresses", json::array().add(message.to).text()).text())
            .add_raw("Content", raw)
            .add_raw("EmailTags",
                json::array().add(json::object().add("Name", "event").add("Value", message.id.text())).text())
            .text();
    }

    ses_options options_;
    std::string url_, signature_;
};

}  // namespace

std::string smtp_mistake(const secret& url) {
    return parse_smtp_url(url, "")
               ? ""
               : "is smtp://[user:password@]host[:port] or smtps://…, the user and password percent-encoded";
}

std::unique_ptr<transport> open_smtp(smtp_options options) { return std::make_unique<smtp>(std::move(options)); }
std::unique_ptr<transport> open_ses(ses_options options) { return std::make_unique<ses>(std::move(options)); }

}  // namespace airi::workers::email
