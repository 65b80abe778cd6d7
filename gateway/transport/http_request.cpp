#include "gateway/transport/http_request.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>

#include "gateway/transport/http_target.hpp"
#include "gateway/transport/trace.hpp"
#include "platform/base/ascii.hpp"
#include "platform/base/ip_address.hpp"
#include "platform/base/result.hpp"
#include "platform/base/split.hpp"
#include "platform/base/utf8.hpp"

namespace airi::gateway {
namespace {

namespace http = boost::beast::http;
using text = boost::beast::string_view;

constexpr refusal bad(std::string_view message) { return {400, "BAD_REQUEST", message}; }

std::string_view view(text t) noexcept { return {t.data(), t.size()}; }

// Beast's grammar with our storage: fields go straight into the request. It never sees a body.
class head_parser final : public http::basic_parser<true> {
public:
    head_parser(request_head& head, std::string_view& target) : head_(head), target_(target) {
        body_limit(boost::none);
        header_limit(64 * 1024);
    }
    std::optional<verb> method;
    bool forbidden_method = false;

private:
    void on_request_impl(http::verb given, text, text target, int version, error_code&) override {
        target_ = view(target);
        head_.http_1_0 = version == 10;
        forbidden_method = given == http::verb::trace || given == http::verb::connect;
        switch (given) {
            case http::verb::get: method = verb::get; break;
            case http::verb::head: method = verb::head; break;
            case http::verb::post: method = verb::post; break;
            case http::verb::put: method = verb::put; break;
            case http::verb::patch: method = verb::patch; break;
            case http::verb::delete_: method = verb::del; break;
            case http::verb::options: method = verb::options; break;
            default: break;
        }
    }
    void on_field_impl(http::field, text name, text value, error_code&) override {
        head_.request.headers.emplace_back(lowered(name), value);
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(text, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, text, error_code&) override { return 0; }
    void on_response_impl(int, text, int, error_code&) override {}
    void on_finish_impl(error_code&) override {}

    request_head& head_;
    std::string_view& target_;
};

std::optional<refusal> refusal_for(const error_code& ec) {
    if (ec == http::error::bad_version)
        return refusal{505, "HTTP_VERSION_NOT_SUPPORTED", "Only HTTP/1.0 and HTTP/1.1 are supported."};
    if (ec == http::error::bad_content_length || ec == http::error::multiple_content_length)
        return bad("The Content-Length is not valid.");
    return bad("The request is not valid HTTP.");
}

// The name of "name:port", an IPv6 address with its brackets.
std::string_view name_of(std::string_view host) {
    return host.substr(0, host.starts_with('[') ? host.find(']') + 1 : std::min(host.find(':'), host.size()));
}

bool is_host(std::string_view host) {
    if (host.empty() || host.find_first_of(" \t,/\\@?#") != host.npos) return false;
    const auto port = host.substr(name_of(host).size());
    return port.empty() || (port.front() == ':' && port.find_first_not_of("0123456789", 1) == port.npos);
}

bool is_served(std::string_view host, const served_hosts& hosts) {
    if (hosts.names.empty()) return true;
    const auto name = name_of(host);
    if (hosts.peer_is_here && is_loopback_host(name)) return true;
    if (!hosts.own_address.empty() && name == hosts.own_address) return true;
    return std::ranges::any_of(hosts.names, [&](const std::string& one) { return same_text(one, name); });
}

// A request with two lengths could be understood in two ways, by a proxy and here.
std::optional<refusal> read_framing(request_head& head, unsigned codings, std::string_view coding, unsigned lengths) {
    if (lengths > 1) return bad("The Content-Length is given more than once.");
    if (codings == 0) return std::nullopt;
    if (lengths > 0) return bad("Transfer-Encoding and Content-Length exclude each other.");
    if (head.http_1_0) return bad("HTTP/1.0 has no Transfer-Encoding.");
    if (codings > 1 || !same_text(coding, "chunked"))
        return refusal{501, "NOT_IMPLEMENTED", "The only Transfer-Encoding is chunked."};
    head.chunked = true;
    return std::nullopt;
}

// The host that the request is for. The target's precedes the header's (RFC 9112 3.2.2); plain health checks are
// HTTP/1.0 and name none.
std::optional<refusal> read_host(
    request_head& head, const served_hosts& hosts, unsigned count, std::string_view host, std::string_view authority) {
    if (count == 0 && head.http_1_0 && authority.empty()) return std::nullopt;
    if (count > 1 || (count == 0 && !head.http_1_0) || (count == 1 && !is_host(host)))
        return bad("A request needs exactly one Host.");
    if (!authority.empty()) {
        if (!is_host(authority)) return bad("The request target is not valid.");
        for (auto& [name, value] : head.request.headers)
            if (name == "host") value = authority;
        host = authority;
    }
    if (!is_served(host, hosts)) return refusal{421, "MISDIRECTED_REQUEST", "This host is not served here."};
    return std::nullopt;
}

// The rules for fields beyond their grammar. `authority`: of the target.
std::optional<refusal> read_fields(request_head& head, const served_hosts& hosts, std::string_view authority) {
    unsigned host_count = 0, length_count = 0, coding_count = 0;
    std::string_view host, id, trace, upgrade, encoding, expect, coding;
    bool wants_upgrade = false;
    for (const auto& [name, value] : head.request.headers) {
        if (!is_utf8(value)) return bad("A header value is not UTF-8.");
        if (name == "transfer-encoding")
            ++coding_count, coding = value;
        else if (name == "host")
            ++host_count, host = value;
        else if (name == "content-length") {
            ++length_count;
            if (value.find_first_not_of("0123456789") != value.npos) return bad("The Content-Length is not valid.");
        } else if (name == "x-request-id")
            id = value;
        else if (name == "traceparent")
            trace = value;
        else if (name == "upgrade")
            upgrade = value;
        else if (name == "content-encoding")
            encoding = value;
        else if (name == "expect")
            expect = value;
        else if (name == "connection")
            wants_upgrade = wants_upgrade || has_token(value, "upgrade");
    }
    head.request.id = request_id_from(id);
    head.request.traceparent = traceparent_from(trace);
    if (auto rejected = read_framing(head, coding_count, coding, length_count)) return rejected;
    if (auto rejected = read_host(head, hosts, host_count, host, authority)) return rejected;
    if (!encoding.empty() && !same_text(encoding, "identity"))
        return refusal{415, "UNSUPPORTED_MEDIA_TYPE", "Encoded bodies are not accepted."};
    if (!expect.empty()) {
        if (!same_text(expect, "100-continue"))
            return refusal{417, "EXPECTATION_FAILED", "Only 100-continue can be expected."};
        head.expects_continue = !head.http_1_0;
    }
    head.websocket =
        wants_upgrade && !head.http_1_0 && head.request.method == verb::get && has_token(upgrade, "websocket");
    return std::nullopt;
}

}  // namespace

std::string_view field_in(std::string_view raw, std::string_view name) noexcept {
    for (auto end = raw.find('\n'); end != raw.npos; end = raw.find('\n', end + 1)) {
        auto line = raw.substr(end + 1, raw.find('\n', end + 1) - end - 1);
        if (line.size() <= name.size() || line[name.size()] != ':' || !same_text(line.substr(0, name.size()), name))
            continue;
        if (line.ends_with('\r')) line.remove_suffix(1);
        return trimmed(line.substr(name.size() + 1));
    }
    return {};
}

// Obsolete line folding (RFC 9112 5.2) too, which Beast would join.
bool has_bad_line(std::string_view raw) noexcept {
    for (auto end = raw.find('\n'); end != raw.npos; end = raw.find('\n', end + 1)) {
        if (end == 0 || raw[end - 1] != '\r') return true;
        if (end + 1 < raw.size() && (raw[end + 1] == ' ' || raw[end + 1] == '\t')) return true;
    }
    return false;
}

std::optional<refusal> read_head(std::string_view raw, const served_hosts& hosts, request_head& head) {
    head.request.id = request_id_from({});
    head.keep_alive = false;
    if (has_bad_line(raw)) return bad("The request is not valid HTTP.");

    std::string_view target;
    head_parser parser(head, target);
    error_code ec;
    parser.put(boost::asio::const_buffer(raw.data(), raw.size()), ec);
    if (ec) return refusal_for(ec);
    if (!parser.is_header_done()) return bad("The request is not valid HTTP.");
    if (parser.method) head.request.method = *parser.method;
    // OPTIONS of the server as a whole (RFC 9112 3.2.4).
    auto read = read_target(target == "*" && parser.method == verb::options ? "/" : target);
    if (auto rejected = read_fields(head, hosts, read ? read->authority : std::string_view())) return rejected;
    if (!parser.method) {
        if (parser.forbidden_method) return refusal{405, "METHOD_NOT_ALLOWED", "This method is not allowed."};
        return refusal{501, "NOT_IMPLEMENTED", "This method is not implemented."};
    }
    if (!read) return bad("The request target is not valid.");
    head.request.path = std::move(read->path);
    head.request.query = std::move(read->query);
    head.is_head = head.request.method == verb::head;
    head.content_length = parser.content_length().value_or(0);
    head.keep_alive = parser.keep_alive();
    return std::nullopt;
}

}  // namespace airi::gateway
