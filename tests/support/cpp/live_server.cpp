#include "tests/support/cpp/live_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <stdexcept>

namespace airi::tests {
namespace asio = boost::asio;
using namespace airi::gateway;
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

class counted_stream final : public text_stream {
public:
    counted_stream(std::atomic<int>& open, const executor& on, int pieces, bool ends)
        : open_(open), wait_(on), left_(pieces), ends_(ends) {
        ++open_;
    }
    ~counted_stream() override { --open_; }

    awaitable<std::string> next() override {
        if (left_-- > 0) co_return "data: " + std::to_string(left_) + "\n\n";
        if (ends_) co_return std::string();
        wait_.expires_at(asio::steady_timer::time_point::max());
        co_await wait_.async_wait(asio::use_awaitable);
        co_return std::string();
    }

private:
    std::atomic<int>& open_;
    asio::steady_timer wait_;
    int left_;
    bool ends_;
};

// Echoes; "throw" throws, "policy" closes with 1008, "flood N M" sends N frames of M bytes, "hold" waits briefly.
class echo_peer final : public websocket_handler {
public:
    explicit echo_peer(fake_application& app) : app_(app) {}

    void opened(websocket_sender& out) override {
        out_ = &out;
        ++app_.peers_open;
    }
    awaitable<> received(std::string text) override {
        if (text == "throw") throw std::runtime_error("as asked");
        if (text == "policy") {
            out_->send(std::make_shared<const std::string>("last words"));
            out_->close(1008, "policy");
        } else if (text.starts_with("flood ")) {
            const auto count = std::stoi(text.substr(6));
            const auto frame = std::make_shared<const std::string>(std::stoul(text.substr(text.rfind(' '))), 'x');
            for (int i = 0; i < count; ++i) out_->send(frame);
        } else {
            out_->send(std::make_shared<const std::string>(std::move(text)));
        }
        co_return;
    }
    void leaving(milliseconds after) override {
        out_->send(std::make_shared<const std::string>("leaving " + std::to_string(after.count())));
    }
    void closed() override {
        --app_.peers_open;
        ++app_.peers_closed;
    }

private:
    fake_application& app_;
    websocket_sender* out_ = nullptr;
};

std::string described(const request& in) {
    std::string out = in.path + "|" + in.body + "|" + in.address + "|" + in.traceparent;
    if (in.from_proxy) out += "|from proxy";
    for (const auto& [name, value] : in.query) out.append("|").append(name).append("=").append(value);
    return out;
}

}  // namespace

std::size_t fake_application::body_limit(verb, std::string_view path) const {
    return path == "/echo" ? 1024 * 1024 : path == "/small" ? 10 : 0;
}

awaitable<answer> fake_application::handle(request in) {
    ++handled;
    response out;
    if (in.path == "/echo" || in.path == "/small") {
        out.content_type = "text/plain; charset=utf-8";
        out.body = described(in);
        out.headers = {{"X-Frame-Options", "SAMEORIGIN"}};
    } else if (in.path == "/throw") {
        throw std::runtime_error("as asked");
    } else if (in.path == "/held") {
        ++holding;
        co_await held.async_wait(quietly);
        out.body = "{}";
    } else if (in.path == "/stream" || in.path == "/endless") {
        streamed stream;
        stream.head.content_type = "text/event-stream";
        stream.body = std::make_unique<counted_stream>(streams_open, held.get_executor(), 3, in.path == "/stream");
        co_return std::move(stream);
    } else if (in.path == "/bad-header") {
        out.headers = {{"X-Evil", "a\r\nX-Injected: b"}, {"X-Good", "c"}};
    } else if (in.path == "/nothing") {
        out.status = 204;
    } else if (in.path == "/large") {
        out.body.assign(16 * 1024 * 1024, 'x');
    } else {
        out.status = 404;
        out.body = "{}";
    }
    co_return std::move(out);
}

awaitable<std::variant<response, upgraded>> fake_application::upgrade(request in) {
    if (in.path == "/broken") throw std::runtime_error("as asked");
    if (in.path != "/ws") {
        response refused;
        refused.status = 401;
        refused.body = "{}";
        co_return refused;
    }
    co_return upgraded{
        std::make_shared<echo_peer>(*this), in.header("sec-websocket-protocol").empty() ? "" : "airi.v1"};
}

server_options quick_options() {
    server_options out;
    out.address = "127.0.0.1";
    out.limits.tick = milliseconds(10);
    return out;
}

live_server::live_server(server_options options) {
    server_.emplace(io.get_executor(), app, std::move(options));
    port_ = server_->port();
    server_->start();
    thread_ = std::thread([this] { io.run(); });
}

live_server::~live_server() {
    on_thread([this] { app.held.cancel(); });
    io.stop();
    thread_.join();
    server_.reset();
    io.restart();
    io.poll();
}

void live_server::on_thread(std::function<void()> call) {
    std::promise<void> done;
    asio::post(io, [&] {
        call();
        done.set_value();
    });
    done.get_future().wait();
}

void live_server::drain(milliseconds limit) {
    on_thread([this, limit] {
        asio::co_spawn(io, server_->drain(limit), [this](const std::exception_ptr&) { drained = true; });
    });
}

void live_server::hasten() {
    on_thread([this] { server_->hasten(); });
}

void live_server::stop() {
    on_thread([this] { server_->stop(); });
}

bool soon(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + seconds(10);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(milliseconds(2));
    }
    return true;
}

}  // namespace airi::tests
