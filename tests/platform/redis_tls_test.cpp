// The client and the subscriber over TLS, to a real redis-server.
#include "platform/redis/redis.hpp"
#include "tests/platform/redis_loop.hpp"
#include "tests/support/cpp/certificates.hpp"

namespace {

using namespace airi;
using namespace airi::test;

// Its operator opens the TLS port.
struct tls_server {
    tls_server() {
        signer.sign("good", "IP:127.0.0.1,DNS:localhost");
        io_context io;
        const auto client = redis::open_client(io.get_executor(), secret(own.address()));
        REQUIRE(until(io, [&] { return client->available(); }));
        const auto opens = [&](int at) {
            const auto answer =
                finish(io, client->command({"CONFIG", "SET", "tls-cert-file", signer.file("good.pem"), "tls-key-file",
                               signer.file("good.key"), "tls-ca-cert-file", signer.file("ca.pem"), "tls-auth-clients",
                               "no", "tls-port", std::to_string(at)}));
            return answer.has_value();
        };
        // Another process may have the next one.
        const int last = port + 50;
        while (!opens(port) && port < last) ++port;
        REQUIRE(port < last);
    }
    std::string url(const std::string& host, const std::string& authorities) const {
        return "rediss://operator:" + own.password_of("operator") + "@" + host + ":" + std::to_string(port) +
               (authorities.empty() ? "" : "?ca=" + authorities);
    }
    bool connects(const std::string& url) const {
        io_context io;
        const auto client = redis::open_client(io.get_executor(), secret(url));
        return until(io, [&] { return client->available(); }, 1s);
    }

    authority signer;
    server own{"redis"};
    int port = own.port() + 1;
};

}  // namespace

TEST_CASE("commands and messages go over TLS, in pieces of any size") {
    const tls_server server;
    const secret url(server.url("localhost", server.signer.file("ca.pem")));
    io_context io;
    const auto client = redis::open_client(io.get_executor(), url);
    const auto subscriber = redis::open_subscriber(io.get_executor(), url);
    std::vector<std::string> heard;
    subscriber->arrived = [&](std::string_view, std::string_view payload) { heard.emplace_back(payload); };
    REQUIRE(until(io, [&] { return client->available() && subscriber->available(); }));
    REQUIRE(finish(io, subscriber->subscribe("news")).has_value());
    const std::string big(1'000'000, 'x');
    REQUIRE(finish(io, client->command({"SET", "big", big})).has_value());
    CHECK(finish(io, client->command({"GET", "big"}))->text == big);
    REQUIRE(finish(io, client->command({"PUBLISH", "news", big})).has_value());
    REQUIRE(until(io, [&] { return !heard.empty(); }));
    CHECK(heard == std::vector{big});
}

TEST_CASE("a server that no trusted authority vouches for, under this name, is not talked to") {
    const tls_server server;
    const authority stranger;
    CHECK(server.connects(server.url("127.0.0.1", server.signer.file("ca.pem"))));
    CHECK_FALSE(server.connects(server.url("127.0.0.2", server.signer.file("ca.pem"))));
    CHECK_FALSE(server.connects(server.url("127.0.0.1", stranger.file("ca.pem"))));
    CHECK_FALSE(server.connects(server.url("127.0.0.1", "")));
    // Plain text to the TLS port, and TLS to the plain one.
    CHECK_FALSE(server.connects("redis://" + server.url("127.0.0.1", "").substr(std::string("rediss://").size())));
    auto plain = server.own.address();
    CHECK_FALSE(server.connects(plain.insert(plain.find("://"), "s")));
    io_context io;
    CHECK_THROWS(redis::open_client(io.get_executor(), secret(server.url("127.0.0.1", "/no/such/file"))));
}
