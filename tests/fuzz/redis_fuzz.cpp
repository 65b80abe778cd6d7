// Any bytes as the answer of a Redis server, to commands and to a subscription: every call must end, and nothing may
// crash.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <string_view>

#include "platform/base/log.hpp"
#include "platform/redis/redis.hpp"

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace airi;

namespace {

constexpr std::string_view pong = "+PONG\r\n", resident = "*3\r\n$9\r\nsubscribe\r\n$13\r\nairi.resident\r\n:1\r\n";
const redis::script script("return 1");

awaitable<std::size_t> receive(tcp::socket& socket) {
    char bytes[4096];
    error_code ec;
    co_return co_await socket.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
}

awaitable<> send(tcp::socket& socket, std::string_view bytes) {
    error_code ec;
    co_await asio::async_write(
        socket, asio::buffer(bytes.data(), bytes.size()), asio::redirect_error(asio::use_awaitable, ec));
}

// One connection: the greeting, then `bytes` and the end, whatever the client sends.
awaitable<> serve(tcp::acceptor& acceptor, bool subscribed, std::string_view bytes) {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    co_await receive(socket);
    co_await send(socket, pong);
    co_await receive(socket);
    if (subscribed) {
        co_await send(socket, resident);
        co_await receive(socket);
    }
    co_await send(socket, bytes);
    error_code ec;
    socket.shutdown(tcp::socket::shutdown_send, ec);
    while (co_await receive(socket) != 0) {
    }
}

class server {
public:
    secret url() const { return secret("redis://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port())); }
    asio::io_context& io() { return io_; }
    void answer(bool subscribed, std::string_view bytes) {
        asio::co_spawn(io_, serve(acceptor_, subscribed, bytes), asio::detached);
    }
    template <class Holds>
    void run_until(Holds holds) {
        io_.restart();
        while (!holds()) io_.run_one();
    }

private:
    asio::io_context io_{1};
    tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
};

void ask(server& from, std::string_view bytes) {
    from.answer(false, bytes);
    const auto client = redis::open_client(from.io().get_executor(), from.url());
    from.run_until([&] { return client->available(); });
    int open = 3;
    const auto ended = [&](std::exception_ptr, const result<redis::reply>&) { --open; };
    asio::co_spawn(from.io(), client->command({"GET", "k"}), ended);
    asio::co_spawn(from.io(), client->eval(script, {"k"}, {}), ended);
    asio::co_spawn(from.io(), client->command({"LRANGE", "k", "0", "-1"}), ended);
    from.run_until([&] { return open == 0; });
    client->close();
    from.io().run();
}

void listen(server& from, std::string_view bytes) {
    from.answer(true, bytes);
    const auto subscriber = redis::open_subscriber(from.io().get_executor(), from.url());
    subscriber->arrived = [](std::string_view, std::string_view) {};
    from.run_until([&] { return subscriber->available(); });
    bool open = true;
    asio::co_spawn(from.io(), subscriber->subscribe("c"), [&](std::exception_ptr, const result<>&) { open = false; });
    from.run_until([&] { return !open && !subscriber->available(); });
    subscriber->close();
    from.io().run();
}

}  // namespace

// A server may announce more elements than there is memory for; the reader then ends the connection.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1:max_allocation_size_mb=256"; }

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    log::send_to([](std::string_view) {});
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static server one;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    ask(one, bytes);
    listen(one, bytes);
    return 0;
}
