// An RCON server on a loopback port of the test's own loop, which answers as the test says. Used by the tests of RCON
// and of Factorio.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/async.hpp"
#include "workers/providers/games/game.hpp"
#include "workers/providers/games/rcon_packet.hpp"

namespace airi::test {
namespace games = airi::workers::providers::games;
namespace rcon = games::rcon;

inline std::string packet_of(std::int32_t id, std::int32_t type, std::string_view body) {
    std::string out;
    rcon::append_packet(out, id, type, body);
    return out;
}

class fake_rcon {
public:
    struct request {
        std::int32_t id = 0;
        std::int32_t type = 0;
        std::string body;
        int connection = 0;  ///< 1, 2, …
    };
    /// The bytes of an answer, one write each; none: the connection is closed.
    using reply = std::optional<std::vector<std::string>>;

    explicit fake_rcon(executor on) : seen_(std::make_shared<state>(std::move(on))) {
        seen_->answer = [](const request& r) { return ordinary(r, r.body); };
        boost::asio::co_spawn(seen_->acceptor.get_executor(), serve(seen_), boost::asio::detached);
    }
    fake_rcon(const fake_rcon&) = delete;
    fake_rcon& operator=(const fake_rcon&) = delete;
    ~fake_rcon() { seen_->acceptor.close(); }

    /// As Minecraft: the password is "open sesame", a command is answered with `said`, an unknown type by its number.
    static reply ordinary(const request& r, std::string_view said) {
        if (r.type == rcon::packet_type::login)
            return {{packet_of(r.body == "open sesame" ? r.id : -1, rcon::packet_type::login_response, "")}};
        if (r.type != rcon::packet_type::command)
            return {{packet_of(r.id, 0, "Unknown request " + std::to_string(r.type))}};
        return {{packet_of(r.id, 0, said)}};
    }

    games::server_address address(std::string password = "open sesame") const {
        return {"127.0.0.1", port(), secret(std::move(password)), {}};
    }
    int port() const { return seen_->acceptor.local_endpoint().port(); }
    std::vector<request>& requests() { return seen_->requests; }
    int connections() const { return seen_->connections; }
    int open() const { return seen_->open; }
    std::vector<std::string> commands() const {
        std::vector<std::string> out;
        for (const auto& r : seen_->requests)
            if (r.type == rcon::packet_type::command) out.push_back(r.body);
        return out;
    }
    void answer(std::function<reply(const request&)> how) { seen_->answer = std::move(how); }

private:
    using tcp = boost::asio::ip::tcp;
    struct state {
        explicit state(executor on) : acceptor(on, {boost::asio::ip::make_address("127.0.0.1"), 0}) {}
        tcp::acceptor acceptor;
        std::function<reply(const request&)> answer;
        std::vector<request> requests;
        int connections = 0;
        int open = 0;
    };

    static awaitable<> serve(std::shared_ptr<state> s) {
        for (;;) {
            auto [ec, socket] = co_await s->acceptor.async_accept(boost::asio::as_tuple(boost::asio::use_awaitable));
            if (ec) co_return;
            socket.set_option(tcp::no_delay(true));
            const auto on = socket.get_executor();
            boost::asio::co_spawn(on, talk(s, std::move(socket), ++s->connections), boost::asio::detached);
        }
    }
    // As Minecraft, it closes the connection unless each read gives one whole packet.
    static awaitable<> talk(std::shared_ptr<state> s, tcp::socket with, int connection) {
        constexpr auto values = boost::asio::as_tuple(boost::asio::use_awaitable);
        ++s->open;
        for (;;) {
            rcon::packet_reader reader(1460);
            const auto room = reader.room().first(1460);
            const auto [ec, size] =
                co_await with.async_read_some(boost::asio::buffer(room.data(), room.size()), values);
            if (ec) break;
            reader.arrived(size);
            const auto got = reader.next();
            if (!got || !*got || !reader.empty()) break;
            const auto asked =
                s->requests.emplace_back(request{(*got)->id, (*got)->type, std::string((*got)->body), connection});
            const auto said = s->answer(asked);
            if (!said) break;
            for (const auto& piece : *said) {
                const auto [failed, sent] = co_await boost::asio::async_write(with, boost::asio::buffer(piece), values);
                if (failed) break;
                co_await boost::asio::post(boost::asio::use_awaitable);
            }
        }
        --s->open;
    }

    std::shared_ptr<state> seen_;
};

}  // namespace airi::test
