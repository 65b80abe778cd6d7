#include "gateway/transport/body_reader.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>

#include "gateway/transport/chunked_body.hpp"

namespace airi::gateway {
namespace asio = boost::asio;
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

// A body may come slowly, but in the long run at the rate of the limits.
class pace {
public:
    explicit pace(body_source& source) : source_(source), begin_(steady::now()) { received(0); }
    void received(std::size_t bytes) {
        const auto& limits = source_.limits;
        source_.deadline =
            begin_ + limits.body_time + milliseconds(bytes * 1000 / std::max<std::size_t>(1, limits.body_rate));
    }

private:
    body_source& source_;
    const steady::time_point begin_;
};

awaitable<body_end> read_length(body_source source, std::string& body, std::size_t length) {
    pace pace(source);
    body.assign(source.in.view().substr(0, length));
    source.in.consume(body.size());
    while (body.size() < length) {
        // Grows with the bytes received, not with the length announced: a promise costs no memory.
        const auto had = body.size();
        body.resize(std::min(length, std::max<std::size_t>(had * 2, 16 * 1024)));
        const auto [ec, count] =
            co_await source.socket.async_read_some(asio::buffer(body.data() + had, body.size() - had), quietly);
        if (ec) co_return body_end::gone;
        body.resize(had + count);
        pace.received(body.size());
    }
    co_return body_end::whole;
}

awaitable<body_end> read_chunks(body_source source, std::string& body, std::size_t limit) {
    pace pace(source);
    chunked_body chunks(limit);
    for (;;) {
        std::size_t used = 0;
        const auto state = chunks.feed(source.in.view(), body, used);
        source.in.consume(used);
        if (state == chunked_body::state::done) co_return body_end::whole;
        if (state == chunked_body::state::too_large) co_return body_end::too_large;
        if (state == chunked_body::state::malformed) co_return body_end::malformed;
        pace.received(body.size());
        const auto room = source.in.room();
        const auto [ec, count] =
            co_await source.socket.async_read_some(asio::buffer(room.data(), room.size()), quietly);
        if (ec) co_return body_end::gone;
        source.in.add(count);
    }
}

}  // namespace

awaitable<body_end> read_body(body_source source, request_head& head, std::size_t limit) {
    if (head.chunked) return read_chunks(source, head.request.body, limit);
    return read_length(source, head.request.body, static_cast<std::size_t>(head.content_length));
}

}  // namespace airi::gateway
