#include "platform/http/client.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>

#include "platform/http/pool.hpp"

namespace airi::http {
namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr std::size_t read_size = 16 * 1024;
constexpr int most_interim_answers = 8;

// Collects what a parse step yields. Unlike string_body it never reserves what a Content-Length claims.
struct pieces_body {
    using value_type = std::string;

    class reader {
    public:
        template <bool IsRequest, class Fields>
        reader(beast::http::header<IsRequest, Fields>&, std::string& into) : into_(into) {}
        void init(const boost::optional<std::uint64_t>&, error_code& ec) { ec = {}; }
        template <class Buffers>
        std::size_t put(const Buffers& from, error_code& ec) {
            std::size_t taken = 0;
            for (const auto part : beast::buffers_range_ref(from)) {
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

bool equals(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

// One request and its answer on one connection. Shared by the answer and by each coroutine that works on it,
// so that destroying the answer in the middle of a read is safe.
struct exchange {
    std::shared_ptr<pool> from;
    std::shared_ptr<connection> on;
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

    exchange(std::shared_ptr<pool> p, std::shared_ptr<connection> c, limits with, moment total)
        : from(std::move(p)),
          on(std::move(c)),
          bound(with),
          total_by(total),
          buffer(std::max(with.header_bytes, read_size)) {}

    void wait_until(moment phase_by, errc phase) {
        if (total_by < phase_by)
            on->set_deadline(total_by, errc::total_timeout);
        else
            on->set_deadline(phase_by, phase);
    }
    void wait_for(milliseconds phase_length, errc phase) {
        wait_until(std::chrono::steady_clock::now() + phase_length, phase);
    }

    // `otherwise` unless this side closed the connection and so knows better.
    error_code fail(error_code otherwise) {
        failed = on->closed_for() ? on->closed_for() : otherwise;
        on->close(errc::cancelled);
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

    // Beast's parser accepts more than RFC 9112 6.3 does, and reads what follows as the next answer.
    bool has_sound_framing() const {
        std::size_t encodings = 0;
        bool chunked = true;
        for (const auto& [name, value] : fields) {
            if (!equals(name, "transfer-encoding")) continue;
            ++encodings;
            chunked = chunked && equals(value, "chunked");
        }
        if (encodings == 0) return true;
        return encodings == 1 && chunked && parser->get().version() == 11;
    }

    void finish() {
        ended = true;
        if (parser->keep_alive() && !parser->need_eof() && buffer.size() == 0)
            from->give_back(on);
        else
            on->close(errc::cancelled);
    }
};

using shared_exchange = std::shared_ptr<exchange>;

awaitable<result<std::size_t>> fill(shared_exchange x) {
    const auto room = x->buffer.max_size() - x->buffer.size();
    if (room == 0) co_return x->fail(errc::too_large);
    const auto [ec, size] = co_await x->on->read_some(x->buffer.prepare(std::min(room, read_size)));
    if (ec == asio::error::eof && !x->on->closed_for()) co_return std::size_t{0};
    if (ec) co_return x->fail_transport(ec);
    x->byte_seen = true;
    x->buffer.commit(size);
    co_return size;
}

// Reads up to the end of the header, past any interim (1xx) answers.
awaitable<error_code> read_header(shared_exchange x) {
    for (int interim = 0; interim < most_interim_answers; ++interim) {
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

// What the buffered bytes yield of the body. A fault behind good bytes is kept for the next read.
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
        if (!exchange_->ended) exchange_->on->close(errc::cancelled);
    }
    unsigned status() const override { return exchange_->parser->get().result_int(); }
    std::string_view header(std::string_view name) const override {
        for (const auto& [key, value] : exchange_->fields)
            if (equals(key, name)) return value;
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

result<std::string> request_head(const request& what, const url& to) {
    if (!is_token(what.method)) return errc::bad_url;
    std::string out;
    out.reserve(512);
    out.append(what.method).append(" ").append(to.target).append(" HTTP/1.1\r\nHost: ").append(to.authority);
    out += "\r\nUser-Agent: airi\r\n";
    for (const auto& [name, value] : what.with) {
        const bool ours = equals(name, "host") || equals(name, "content-length") || equals(name, "connection") ||
                          equals(name, "transfer-encoding") || equals(name, "user-agent");
        if (ours || !is_token(name) || !is_field_value(value)) return errc::bad_url;
        out.append(name).append(": ").append(value).append("\r\n");
    }
    if (!what.body.empty() || what.method == "POST" || what.method == "PUT" || what.method == "PATCH")
        out.append("Content-Length: ").append(std::to_string(what.body.size())).append("\r\n");
    out += "\r\n";
    return out;
}

class beast_client final : public client {
public:
    beast_client(executor on, client_options with)
        : pool_(std::make_shared<pool>(on, with)), trust_(std::make_shared<trust>()) {}
    ~beast_client() override { pool_->close(); }

    awaitable<result<std::unique_ptr<answer>>> send(request what) override {
        return send_with(pool_, trust_, std::move(what));
    }

private:
    static awaitable<error_code> converse(shared_exchange x, bool is_open, std::shared_ptr<const trust> tls, url to,
        std::shared_ptr<const std::array<std::string, 2>> message) {
        if (!is_open) {
            x->wait_for(x->bound.connect, errc::connect_timeout);
            const auto ec = co_await x->on->open(std::move(to), std::move(tls));
            if (ec) co_return x->fail(ec);
        }
        // A peer that stops reading is held to the same limit as one that does not answer.
        x->wait_for(x->bound.first_byte, errc::first_byte_timeout);
        const auto [ec, sent] = co_await x->on->write({asio::buffer((*message)[0]), asio::buffer((*message)[1])});
        if (ec == asio::error::operation_aborted || x->on->closed_for()) co_return x->fail_transport(ec);
        // A server may refuse early and close, so a failed write does not mean that there is no answer to
        // read.
        if (!ec) x->wait_for(x->bound.first_byte, errc::first_byte_timeout);
        co_return co_await read_header(x);
    }

    static awaitable<result<std::unique_ptr<answer>>> send_with(
        std::shared_ptr<pool> from, std::shared_ptr<const trust> tls, request what) {
        const auto to = parse_url(what.url);
        if (!to) co_return to.error();
        auto head = request_head(what, *to);
        if (!head) co_return head.error();
        const auto message =
            std::make_shared<const std::array<std::string, 2>>(std::array{std::move(*head), std::move(what.body)});
        const auto total_by = std::chrono::steady_clock::now() + what.bound.total;
        auto pooled = from->take(to->pool_key());
        for (;;) {
            const bool is_open = pooled != nullptr;
            auto on = is_open ? std::exchange(pooled, nullptr) : from->make(to->pool_key());
            const auto x = std::make_shared<exchange>(from, std::move(on), what.bound, total_by);
            error_code ec;
            try {
                ec = co_await converse(x, is_open, tls, *to, message);
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

std::unique_ptr<client> open_client(executor on, client_options with) {
    return std::make_unique<beast_client>(std::move(on), with);
}

}  // namespace airi::http
