#include "workers/gaming/list_ping.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <memory>

#include "platform/base/json.hpp"

namespace airi::workers::gaming {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto by_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t most_bytes = 3 * 32'767 + 10;  // a text has 32,767 UTF-16 units at most

void add_varint(std::string& out, std::uint32_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
}

// Takes a VarInt, five bytes at most, from the front. Empty: more is to come. Over the bound: any value.
std::optional<std::uint32_t> take_varint(std::string_view& from) {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
        out |= (static_cast<std::uint32_t>(static_cast<unsigned char>(from[i])) & 0x7f) << (7 * i);
        if ((static_cast<unsigned char>(from[i]) & 0x80) == 0 || i == 4) {
            from.remove_prefix(i + 1);
            return out;
        }
    }
    return std::nullopt;
}

std::string packet(std::string_view fields) {
    std::string out;
    add_varint(out, static_cast<std::uint32_t>(fields.size() + 1));
    out += '\0';
    return out.append(fields);
}

struct attempt {
    explicit attempt(const executor& executor) : socket(executor), resolver(executor), deadline(executor) {}
    tcp::socket socket;
    tcp::resolver resolver;
    asio::steady_timer deadline;
    bool late = false;
};

awaitable<bool> ask(std::shared_ptr<attempt> one, std::string game, std::string host, int port) {
    const auto [unknown, found] = co_await one->resolver.async_resolve(host, std::to_string(port), by_tuple);
    if (unknown || one->late) co_return false;
    const auto [refused, at] = co_await asio::async_connect(one->socket, found, by_tuple);
    if (refused || one->late) co_return false;
    if (game != "minecraft") co_return true;
    const auto request = status_request(host, port);
    const auto [unsent, sent] = co_await asio::async_write(one->socket, asio::buffer(request), by_tuple);
    if (unsent) co_return false;
    std::string arrived;
    char part[4'096];
    for (;;) {
        const auto [failed, size] = co_await one->socket.async_read_some(asio::buffer(part), by_tuple);
        if (failed) co_return false;
        arrived.append(part, size);
        if (const auto done = is_status(arrived)) co_return *done;
    }
}

}  // namespace

std::string status_request(std::string_view host, int port) {
    std::string fields;
    add_varint(fields, 0xffff'ffff);
    add_varint(fields, static_cast<std::uint32_t>(host.size()));
    fields.append(host);
    fields += static_cast<char>(port >> 8);
    fields += static_cast<char>(port);
    add_varint(fields, 1);  // the next state: status
    return packet(fields) + packet({});
}

std::optional<bool> is_status(std::string_view arrived) {
    const auto size = take_varint(arrived);
    if (!size) return std::nullopt;
    if (*size == 0 || *size > most_bytes) return false;
    if (arrived.size() < *size) return std::nullopt;
    arrived = arrived.substr(0, *size);
    const auto id = take_varint(arrived);
    const auto length = take_varint(arrived);
    if (id != 0U || !length || *length != arrived.size()) return false;
    const auto status = json::document::parse(arrived);
    return status && status->root().type() == json::kind::object;
}

awaitable<bool> takes_players(
    airi::executor executor, std::string game, std::string host, int port, milliseconds within) {
    const auto one = std::make_shared<attempt>(executor);
    one->deadline.expires_after(within);
    one->deadline.async_wait([one](error_code ended) {
        if (ended) return;
        one->late = true;
        one->resolver.cancel();
        error_code ignored;
        one->socket.close(ignored);
    });
    const bool out = co_await ask(one, std::move(game), std::move(host), port);
    one->deadline.cancel();
    co_return out && !one->late;
}

}  // namespace airi::workers::gaming
