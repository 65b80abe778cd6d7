#include "platform/http/client.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>

#include "platform/base/ascii.hpp"
#include "platform/http/pool.hpp"

namespace airi::http {
namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr std::size_t read_size = 16 * 1024;
constexpr int max_interim_answers = 8;

// Collects the bytes of a parse step. Unlike string_body it never reserves the size that a Content-Length claims.
struct pieces_body {
    using value_type = std::string;

    class reader {
    public:
        template <bool IsRequest, class Fields>
        reader(beast::http::header<IsRequest, Fields>&, std::string& into) : into_(into) {}
        void init(const boost::optional<std::uint64_t>&, error_code& ec) { ec = {}; }
        template <class Buffers>
        std::size_t put(const Buffers& buffers, error_code& ec) {
            std::size_t taken = 0;
            for (const auto part : beast::buffers_range_ref(buffers)) {
                into_.append(static_cast<const char*>(part.data()), part.size());
                taken += part.size();
            }
            ec = {};
            return taken;
        }
        void finish(error_code& ec) { ec = {}; }

    private:
        std::string& into_;
    };
};
using parser_type = beast::http::response_parser<pieces_body>;

errc of_parser(const error_code& ec) {
    using beast::http::error;
    if (ec == error::header_limit || ec == error::buffer_overflow || ec == error::body_limit) return errc::too_large;
    if (ec == error::partial_message || ec == error::end_of_stream) return errc::cut;
    return errc::malformed;
}

// One request and its answer on one connection. Shared by the answer and by each coroutine that works on it,
// so that destroying the answer in the middle of a read is safe.
struct exchange {
    std::shared_ptr<pool> owner;
    std::shared_ptr<connection> link;
    limits bound;
    moment total_by;
    moment give_up = moment::max();
    beast::flat_buffer buffer;
    std::optional<parser_type> parser;
    headers fields;
    std::size_t body_seen = 0;
    bool byte_seen = false;
    bool ended = false;
    error_code failed;

    exchange(std::shared_ptr<pool> p, std::shared_ptr<connection> c, limits bounds, moment total)
        : owner(std::move(p)),
          link(std::move(c)),
          bound(bounds),
          total_by(total),
          buffer(std::max(bounds.header_bytes, read_size)) {}

    void wait_until(moment phase_by, errc phase) {
        if (total_by < phase_by)
            link->set_deadline(total_by, errc::total_timeout);
        else
            link->set_deadline(phase_by, phase);
    }
    void wait_for(milliseconds phase_length, errc phase) {
        wait_until(std::chrono::steady_clock::now() + phase_length, phase);
    }

    // `error` unless this side closed the connection, which has its own reason.
    error_code fail(error_code error) {
        failed = link->closed_for() ? link->closed_for() : error;
        link->close(errc::cancelled);
        return failed;
    }
    error_code fail_transport(const error_code& ec) {
        return fail(ec == asio::error::operation_aborted ? errc::cancelled : errc::cut);
    }

    void renew_parser() {
        parser.emplace();
        parser->header_limit(static_cast<std::uint32_t>(bound.header_bytes));
        parser->body_limit(boost::none);
    }

    // Beast's parser accepts more than RFC 9112 6.3 does, and would read the rest as the next answer.
    bool has_sound_framing() const {
        std::size_t encodings = 0;
        bool chunked = true;
        for (const auto& [name, value] : fields) {
            if (!same_text(name, "transfer-encoding")) continue;
            ++encodings;
            chunked = chunked && same_text(value, "chunked");
        }
        if (encodings == 0) return true;
        return encodings == 1 && chunked && parser->get().version() == 11;
    }

    void finish() {
        ended = true;
        if (parser->keep_alive() && !parser->need_eof() && buffer.size() == 0)
            owner->give_back(link);
        else
            link->close(errc::cancelled);
    }
};

using shared_exchange = std::shared_ptr<exchange>;

awaitable<result<std::size_t>> fill(shared_exchange x) {
    const auto room = x->buffer.max_size() - x->buffer.size();
    if (room == 0) co_return x->fail(errc::too_large);
    const auto [ec, size] = co_await x->link->read_some(x->buffer.prepare(std::min(room, read_size)));
    if (ec == asio::error::eof && !x->link->closed_for()) co_return std::size_t{0};
    if (ec) co_return x->fail_transport(ec);
    x->byte_seen = true;
    x->buffer.commit(size);
    co_return size;
}

// Reads up to the end of the header, skipping interim (1xx) answers.
awaitable<error_code> read_header(shared_exchange x) {
    for (int interim = 0; interim < max_interim_answers; ++interim) {
        x->renew_parser();
        while (!x->parser->is_header_done()) {
            if (x->buffer.size() > 0) {
                error_code ec;
                x->buffer.consume(x->parser->put(x->buffer.data(), ec));
                if (x->parser->is_header_done()) break;
                if (ec && ec != beast::http::error::need_more) co_return x->fail(of_parser(ec));
            }
            const auto size = co_await fill(x);
            if (!size) co_return size.error();
            if (*size == 0) co_return x->fail(errc::cut);
        }
        const auto status = x->parser->get().result_int();
        if (status >= 100 && status < 200 && status != 101) continue;
        for (const auto& field : x->parser->get())
            x->fields.emplace_back(std::string_view(field.name_string()), std::string_view(field.value()));
        const auto length = x->parser->content_length();
        if (status < 200 || !x->has_sound_framing()) co_return x->fail(errc::malformed);
        if (length && *length > x->bound.body_bytes) co_return x->fail(errc::too_large);
        x->parser->eager(true);
        x->wait_until(x->total_by, errc::total_timeout);
        if (x->parser->is_done()) x->finish();
        co_return error_code{};
    }
    co_return x->fail(errc::malformed);
}

// The body text in the buffered bytes. An error behind valid bytes is returned by the next read.
std::string parse_body(exchange& x) {
    error_code ec;
    x.buffer.consume(x.parser->put(x.buffer.data(), ec));
    auto text = std::exchange(x.parser->get().body(), {});
    x.body_seen += text.size();
    if (ec && ec != beast::http::error::need_more)
        x.fail(of_parser(ec));
    else if (x.body_seen > x.bound.body_bytes)
        x.fail(errc::too_large);
    else if (x.parser->is_done())
        x.finish();
    return text;
}

awaitable<result<std::string>> read_piece(shared_exchange x) {
    try {
        for (;;) {
            if (x->failed) co_return x->failed;
            if (x->ended) co_return std::string();
            if (x->buffer.size() > 0) {
                auto text = parse_body(*x);
                if (!text.empty()) co_return text;
                if (x->failed || x->ended) continue;
            }
            const auto gap_by = std::chrono::steady_clock::now() + x->bound.gap;
            x->wait_until(std::min(gap_by, x->give_up), errc::gap_timeout);
            const auto size = co_await fill(x);
            if (!size) co_return size.error();
            x->wait_until(x->total_by, errc::total_timeout);
            if (*size > 0) continue;
            error_code ec;
            x->parser->put_eof(ec);
            if (ec) co_return x->fail(of_parser(ec));
            x->finish();
        }
    } catch (const boost::system::system_error& thrown) {
        co_return x->fail(thrown.code() == asio::error::operation_aborted ? errc::cancelled : errc::malformed);
    } catch (const std::exception&) {
        co_return x->fail(errc::malformed);
    }
}

awaitable<result<std::string>> read_rest(shared_exchange x, std::size_t most) {
    std::string all;
    for (;;) {
        auto piece = co_await read_piece(x);
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return all;
        if (all.size() + piece->size() > most) co_return x->fail(errc::too_large);
        all += *piece;
    }
}

class beast_answer final : public answer {
public:
    explicit beast_answer(shared_exchange x) : exchange_(std::move(x)) {}
    ~beast_answer() override {
        if (!exchange_->ended) exchange_->link->close(errc::cancelled);
    }
    unsigned status() const override { return exchange_->parser->get().result_int(); }
    std::string_view header(std::string_view name) const override {
        for (const auto& [key, value] : exchange_->fields)
            if (same_text(key, name)) return value;
        return {};
    }
    awaitable<result<std::string>> read() override { return read_piece(exchange_); }
    awaitable<result<std::string>> read_all(std::size_t most) override { return read_rest(exchange_, most); }
    void give_up_at(moment when) override { exchange_->give_up = when; }

private:
    shared_exchange exchange_;
};

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool is_field_value(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; });
}

result<std::string> request_head(const request& request, const url& target) {
    if (!is_token(request.method)) return errc::bad_url;
    std::string out;
    out.reserve(512);
    out.append(request.method).append(" ").append(target.target).append(" HTTP/1.1\r\nHost: ").append(target.authority);
    out += "\r\nUser-Agent: airi\r\n";
    for (const auto& [name, value] : request.headers) {
        const bool ours = same_text(name, "host") || same_text(name, "content-length") ||
                          same_text(name, "connection") || same_text(name, "transfer-encoding") ||
                          same_text(name, "user-agent");
        if (ours || !is_token(name) || !is_field_value(value)) return errc::bad_url;
        out.append(name).append(": ").append(value).append("\r\n");
    }
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH")
        out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
    out += "\r\n";
    return out;
}

class beast_client final : public client {
public:
    beast_client(executor executor, client_options options)
        : pool_(std::make_shared<pool>(executor, std::move(options))), trust_(std::make_shared<trust>()) {}
    ~beast_client() override { pool_->close(); }

    awaitable<result<std::unique_ptr<answer>>> send(request what) override {
        return send_with(pool_, trust_, std::move(what));
    }

private:
    static awaitable<error_code> send_message(shared_exchange x, bool is_open, std::shared_ptr<const trust> tls,
        url target, std::shared_ptr<const std::array<std::string, 2>> message) {
        if (!is_open) {
            x->wait_for(x->bound.connect, errc::connect_timeout);
            const auto ec = co_await x->link->open(std::move(target), std::move(tls));
            if (ec) co_return x->fail(ec);
        }
        // A peer that stops reading has the same limit as one that does not answer.
        x->wait_for(x->bound.first_byte, errc::first_byte_timeout);
        const auto [ec, sent] = co_await x->link->write({asio::buffer((*message)[0]), asio::buffer((*message)[1])});
        if (ec == asio::error::operation_aborted || x->link->closed_for()) co_return x->fail_transport(ec);
        // A server may reject early and close, so an answer may follow a failed write.
        if (!ec) x->wait_for(x->bound.first_byte, errc::first_byte_timeout);
        co_return co_await read_header(x);
    }

    static awaitable<result<std::unique_ptr<answer>>> send_with(
        std::shared_ptr<pool> pool, std::shared_ptr<const trust> tls, request request) {
        const auto target = parse_url(request.url);
        if (!target) co_return target.error();
        auto head = request_head(request, *target);
        if (!head) co_return head.error();
        const auto message =
            std::make_shared<const std::array<std::string, 2>>(std::array{std::move(*head), std::move(request.body)});
        const auto total_by = std::chrono::steady_clock::now() + request.limits.total;
        auto pooled = pool->take(target->pool_key());
        for (;;) {
            const bool is_open = pooled != nullptr;
            auto link = is_open ? std::exchange(pooled, nullptr) : pool->make(target->pool_key());
            const auto x = std::make_shared<exchange>(pool, std::move(link), request.limits, total_by);
            error_code ec;
            try {
                ec = co_await send_message(x, is_open, tls, *target, message);
            } catch (const boost::system::system_error& thrown) {
                ec = x->fail(thrown.code() == asio::error::operation_aborted ? errc::cancelled : errc::malformed);
            } catch (const std::exception&) {
                ec = x->fail(errc::malformed);
            }
            if (!ec) co_return std::make_unique<beast_answer>(x);
            if (!is_open || x->byte_seen || ec != errc::cut) co_return ec;
        }
    }

    std::shared_ptr<pool> pool_;
    std::shared_ptr<const trust> trust_;
};

}  // namespace

std::unique_ptr<client> open_client(executor executor, client_options options) {
    return std::make_unique<beast_client>(std::move(executor), std::move(options));
}

}  // namespace airi::http
