// One TCP connection: reads requests, sends bytes at a given pace, and notices when the client leaves. Runs on the stub
// provider's only thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tests/support/stub_provider/http_request.hpp"

namespace airi::stub_provider {

template <typename T>
using awaitable = boost::asio::awaitable<T>;
using steady_clock = std::chrono::steady_clock;

// All at once (step 0), or `step` bytes a write with `pause` between them.
struct pace {
    std::size_t step = 0;
    std::chrono::milliseconds pause{0};
};

class connection : public std::enable_shared_from_this<connection> {
public:
    explicit connection(boost::asio::ip::tcp::socket socket);

    enum class got { request, end, nonsense };
    awaitable<got> read(http_request& out);

    // These three return false once the client has left.
    awaitable<bool> send(std::string_view bytes, pace plan = {});
    awaitable<bool> sleep_until(steady_clock::time_point when);
    bool alive() const { return !gone_; }

    awaitable<void> until_gone();

    // Between watch() and unwatch() a client that closes is noticed at once instead of at the next write.
    void watch();
    void unwatch();

    void close();  // FIN
    void reset();  // RST: unsent bytes are lost

private:
    awaitable<bool> fill();
    void look();
    void gone();

    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer timer_;
    std::string input_;
    bool gone_ = false;
    unsigned watch_ = 0;  // odd while watching; each watch has its own number
};

}  // namespace airi::stub_provider
