#include "workers/providers/games/rcon.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <random>

#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/workers/providers/games/fake_rcon.hpp"

using namespace airi;
using namespace airi::test;
using games::errc;

namespace {

using reply = fake_rcon::reply;
using request = fake_rcon::request;
constexpr milliseconds soon{5'000};

struct rcon_fixture {
    loop io;
    fake_rcon server{io.on()};
    rcon::limits limits{.first_backoff = milliseconds{1}};
    std::unique_ptr<rcon::client> client = make(rcon::dialect::minecraft);

    std::unique_ptr<rcon::client> make(rcon::dialect d, std::string password = "open sesame") {
        return std::make_unique<rcon::client>(io.on(), server.address(std::move(password)), d, limits);
    }
    void use(rcon::dialect d) { client = make(d); }
    result<std::string> run(std::string command, milliseconds within = soon) {
        return io.run(client->run(std::move(command), within));
    }
    // Commands get these bytes; logins and marks what Minecraft gives them.
    void says(std::function<reply(const request&)> how) {
        server.answer([how = std::move(how)](const request& r) {
            return r.type == rcon::packet_type::command ? how(r) : fake_rcon::ordinary(r, "");
        });
    }
};

std::vector<std::string> cut(std::string_view bytes, std::mt19937& dice, std::size_t most) {
    std::vector<std::string> out;
    while (!bytes.empty()) {
        const auto size = std::min<std::size_t>(bytes.size(), 1 + dice() % most);
        out.emplace_back(bytes.substr(0, size));
        bytes.remove_prefix(size);
    }
    return out;
}

}  // namespace

TEST_CASE("SAAS-46: a command's answer arrives, and the login happens once") {
    rcon_fixture f;
    CHECK(f.run("list").value() == "list");
    CHECK(f.run("time query day").value() == "time query day");
    CHECK(f.server.connections() == 1);
    CHECK(f.client->logins() == 1);
    CHECK(f.server.requests().at(0).type == rcon::packet_type::login);
    for (const auto& r : f.server.requests()) CHECK(r.id > 0);
}

TEST_CASE("SAAS-46: a login is accepted with and without the empty response before its answer") {
    rcon_fixture f;
    f.server.answer([](const request& r) -> reply {
        if (r.type != rcon::packet_type::login) return fake_rcon::ordinary(r, "yes");
        return {{packet_of(r.id, 0, "") + packet_of(r.id, 2, "")}};
    });
    CHECK(f.run("list").value() == "yes");
}

TEST_CASE("SAAS-46: a wrong password is denied, and nothing else is sent") {
    rcon_fixture f;
    f.client = f.make(rcon::dialect::minecraft, "guess");
    CHECK(f.run("list").error() == errc::denied);
    CHECK(f.server.commands().empty());
    f.server.answer([](const request& r) -> reply { return {{packet_of(r.id, 0, "") + packet_of(-1, 2, "")}}; });
    CHECK(f.run("list").error() == errc::denied);
}

TEST_CASE("SAAS-46: a server that answers a login with something else is malformed") {
    for (const auto& bytes : {packet_of(99, 2, ""), packet_of(1, 0, "welcome"), packet_of(1, 3, ""),
             packet_of(1, 0, "") + packet_of(1, 0, ""), std::string("HTTP/1.1 400 Bad Request\r\n\r\n")}) {
        rcon_fixture f;
        f.server.answer([&](const request&) -> reply { return {{bytes}}; });
        CHECK(f.run("list").error() == errc::malformed);
        CHECK(f.server.commands().empty());
    }
}

TEST_CASE("SAAS-46: an answer of several packets is joined before its characters are read") {
    rcon_fixture f;
    std::string text;
    while (text.size() < 9'000) text += "é€😀x";
    f.says([&](const request& r) -> reply {
        // The cut is inside a character.
        return {{packet_of(r.id, 0, text.substr(0, 4'095)), packet_of(r.id, 0, text.substr(4'095, 4'095)),
            packet_of(r.id, 0, text.substr(8'190))}};
    });
    CHECK(f.run("help").value() == text);
    // 4,096 characters of three bytes are one packet of Minecraft.
    text.clear();
    for (int i = 0; i < 4'096; ++i) text += "€";
    f.says([&](const request& r) -> reply { return {{packet_of(r.id, 0, text)}}; });
    CHECK(f.run("help").value() == text);
}

TEST_CASE("SAAS-46: packets arrive whole however TCP cuts them") {
    std::mt19937 dice(18);
    for (int round = 0; round < 60; ++round) {
        rcon_fixture f;
        std::string text;
        f.server.answer([&](const request& r) -> reply {
            std::string bytes;
            if (r.type == rcon::packet_type::login && dice() % 2) bytes = packet_of(r.id, 0, "");
            if (r.type != rcon::packet_type::command) {
                bytes += fake_rcon::ordinary(r, "")->at(0);
                return cut(bytes, dice, 5);
            }
            text.assign(dice() % 9'000, 'a' + static_cast<char>(dice() % 26));
            for (std::string_view rest = text; !rest.empty() || bytes.empty();) {
                bytes += packet_of(r.id, 0, rest.substr(0, 4'096));
                rest.remove_prefix(std::min<std::size_t>(rest.size(), 4'096));
            }
            return cut(bytes, dice, 1 + dice() % 2'000);
        });
        for (int i = 0; i < 3; ++i) {
            const auto said = f.run("help");
            CHECK(said.value() == text);
        }
        CHECK(f.server.connections() == 1);
    }
}

TEST_CASE("SAAS-46: a packet at each bound of its length is read, one beyond it is malformed") {
    const auto of_length = [](std::uint32_t length) {
        std::string out;
        for (int i = 0; i < 4; ++i) out += static_cast<char>(length >> 8 * i & 0xFF);
        return out + std::string(length, '\0');
    };
    rcon::packet_reader reader(64);
    const auto feed = [&](std::string bytes) {
        reader.clear();
        std::ranges::copy(bytes, reader.room().begin());
        reader.arrived(bytes.size());
        return reader.next();
    };
    CHECK(feed(of_length(10)).value().has_value());
    CHECK(feed(of_length(64)).value().has_value());
    CHECK(feed(of_length(9)).error() == errc::malformed);
    CHECK(feed(of_length(65)).error() == errc::malformed);
    CHECK(feed("\xFF\xFF\xFF\xFF").error() == errc::malformed);
    CHECK(!feed("\x0A").value().has_value());
    CHECK(feed(of_length(10).replace(13, 1, "x")).error() == errc::malformed);
}

TEST_CASE("SAAS-46: an answer that goes on without a header is malformed, and the next command has a new connection") {
    rcon_fixture f;
    f.says([&](const request& r) -> reply {
        if (r.connection > 1) return fake_rcon::ordinary(r, "fine");
        return {{packet_of(r.id, 0, "a list of names"), "neckbeard, steve, alex"}};
    });
    CHECK(f.run("list").error() == errc::malformed);
    CHECK(f.run("list").value() == "fine");
    CHECK(f.server.commands().size() == 2);
}

TEST_CASE("SAAS-46: an answer that never ends is bounded in size and in time") {
    rcon_fixture f;
    f.limits.answer_bytes = 40'000;
    f.use(rcon::dialect::minecraft);
    f.says([&](const request& r) -> reply {
        return std::vector<std::string>(64, packet_of(r.id, 0, std::string(4'096, 'x')));
    });
    CHECK(f.run("help").error() == errc::too_long);
    f.server.answer([](const request& r) -> reply {
        if (r.type == rcon::packet_type::response) return std::vector<std::string>{};
        return fake_rcon::ordinary(r, "no end");
    });
    CHECK(f.run("help", milliseconds{50}).error() == errc::timed_out);
    f.use(rcon::dialect::factorio);
    f.says([&](const request& r) -> reply { return {{packet_of(r.id, 0, std::string(40'001, 'x'))}}; });
    CHECK(f.run("/help").error() == errc::malformed);
}

TEST_CASE("SAAS-46: Factorio's answer is one packet of any size, without a second request") {
    rcon_fixture f;
    f.use(rcon::dialect::factorio);
    const std::string text(300'000, 'f');
    f.says([&](const request& r) -> reply { return {{packet_of(r.id, 0, text)}}; });
    CHECK(f.run("/sc rcon.print(1)").value() == text);
    CHECK(f.server.requests().size() == 2);
}

TEST_CASE("SAAS-46: a command whose connection breaks is lost, and it is not repeated") {
    rcon_fixture f;
    f.says([](const request& r) -> reply {
        if (r.connection == 1) return std::nullopt;
        return fake_rcon::ordinary(r, "given");
    });
    CHECK(f.run("give Ann diamond").error() == errc::lost);
    CHECK(f.run("list").value() == "given");
    CHECK(f.server.commands() == std::vector<std::string>{"give Ann diamond", "list"});
}

TEST_CASE("SAAS-46: a connection that was closed while idle is replaced before a command is sent") {
    rcon_fixture f;
    f.server.answer([](const request& r) -> reply {
        if (r.connection == 1 && r.type == rcon::packet_type::response) return std::nullopt;
        return fake_rcon::ordinary(r, "ok");
    });
    CHECK(f.run("one").error() == errc::lost);
    f.server.answer([](const request& r) -> reply {
        auto said = fake_rcon::ordinary(r, "ok");
        // Nobody asked for the second packet.
        if (r.type == rcon::packet_type::response) said->at(0) += packet_of(77, 0, "noise");
        return said;
    });
    CHECK(f.run("two").value() == "ok");
    CHECK(f.run("three").value() == "ok");
    CHECK(f.server.connections() == 3);
}

TEST_CASE("SAAS-46: a command with a newline, a NUL or too many bytes is refused before it is sent") {
    rcon_fixture f;
    for (const auto& bad : {std::string(), std::string("say hi\nop me"), std::string("say hi\rop me"),
             std::string("say\0me", 6), std::string("say \x7f"), std::string("say \xff"), std::string(1'447, 'a')})
        CHECK(f.run(bad).error() == errc::refused);
    CHECK(f.server.connections() == 0);
    CHECK(f.run(std::string(1'446, 'a')).has_value());
}

TEST_CASE("SAAS-46: commands run one at a time, in order") {
    rcon_fixture f;
    std::vector<std::string> said;
    bool done[3]{};
    const auto one = [](rcon::client* client, std::vector<std::string>* into, std::string command) -> awaitable<> {
        into->push_back((co_await client->run(command, soon)).value());
    };
    const std::string names[]{"a", "b", "c"};
    for (int i = 0; i < 3; ++i) f.io.start(one(f.client.get(), &said, names[i]), done[i]);
    REQUIRE(f.io.until([&] { return said.size() == 3; }));
    CHECK(said == std::vector<std::string>{"a", "b", "c"});
    CHECK(f.server.connections() == 1);
}

TEST_CASE("SAAS-46: a server that is away is unreachable, and the backoff grows until it is back") {
    rcon_fixture f;
    auto address = f.server.address();
    {
        fake_rcon other(f.io.on());
        address.port = other.port();
    }
    f.limits.first_backoff = milliseconds{20};
    rcon::client client(f.io.on(), address, rcon::dialect::minecraft, f.limits);
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 4; ++i) CHECK(f.io.run(client.run("list", soon)).error() == errc::unreachable);
    CHECK(std::chrono::steady_clock::now() - before >= milliseconds{20 + 40 + 80});
    address.host = "nowhere.invalid";
    rcon::client nowhere(f.io.on(), address, rcon::dialect::minecraft, f.limits);
    CHECK(f.io.run(nowhere.open(soon)).error() == errc::unreachable);
}

TEST_CASE("SAAS-46: a server that accepts and says nothing is unreachable") {
    rcon_fixture f;
    f.limits.connect = milliseconds{40};
    f.use(rcon::dialect::minecraft);
    f.server.answer([](const request&) -> reply { return std::vector<std::string>{}; });
    CHECK(f.run("list").error() == errc::unreachable);
    CHECK(f.server.commands().empty());
}

TEST_CASE("SAAS-46: abort ends the command that runs, and the next one goes on") {
    rcon_fixture f;
    f.says([](const request& r) -> reply {
        if (r.body == "hang") return std::vector<std::string>{};
        return fake_rcon::ordinary(r, r.body);
    });
    std::vector<result<std::string>> ends;
    bool done[2]{};
    const auto one = [](rcon::client* client, std::vector<result<std::string>>* into, std::string c) -> awaitable<> {
        into->push_back(co_await client->run(c, soon));
    };
    f.io.start(one(f.client.get(), &ends, "hang"), done[0]);
    f.io.start(one(f.client.get(), &ends, "next"), done[1]);
    REQUIRE(f.io.until([&] { return f.server.commands().size() == 1; }));
    f.client->abort();
    REQUIRE(f.io.until([&] { return ends.size() == 2; }));
    CHECK(ends[0].error() == errc::lost);
    CHECK(ends[1].value() == "next");
}

TEST_CASE("SAAS-46: a cancelled command closes its connection, and a destroyed client ends all of them") {
    rcon_fixture f;
    f.says([](const request&) -> reply { return std::vector<std::string>{}; });
    boost::asio::cancellation_signal stop;
    std::vector<error_code> ends;
    const auto one = [](rcon::client* client, std::vector<error_code>* into) -> awaitable<> {
        const auto said = co_await client->run("hang", soon);
        into->push_back(said ? error_code{} : said.error());
    };
    bool ended = false;
    boost::asio::co_spawn(f.io.on(), one(f.client.get(), &ends),
        boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr) { ended = true; }));
    REQUIRE(f.io.until([&] { return f.server.commands().size() == 1; }));
    stop.emit(boost::asio::cancellation_type::terminal);
    REQUIRE(f.io.until([&] { return ended && f.server.open() == 0; }));
    ends.clear();
    bool done[2]{};
    for (auto& each : done) f.io.start(one(f.client.get(), &ends), each);
    REQUIRE(f.io.until([&] { return f.server.commands().size() == 2; }));
    f.client.reset();
    REQUIRE(f.io.until([&] { return ends.size() == 2; }));
    CHECK(ends[0] == errc::lost);
    CHECK(ends[1] == errc::unreachable);
}

TEST_CASE("SAAS-46: a command that is in flight when its loop ends leaves nothing behind") {
    auto f = std::make_unique<rcon_fixture>();
    f->says([](const request&) -> reply { return std::vector<std::string>{}; });
    static std::vector<error_code> never;
    const auto one = [](rcon::client* client) -> awaitable<> {
        never.push_back((co_await client->run("hang", soon)).error());
    };
    bool done[2]{};
    for (auto& each : done) f->io.start(one(f->client.get()), each);
    REQUIRE(f->io.until([&] { return f->server.commands().size() == 1; }));
    f.reset();
    CHECK(never.empty());
}

TEST_CASE("SAAS-46: random bytes from a server end each command with an error of the port, and never hang") {
    std::mt19937 dice(50);
    for (int round = 0; round < 300; ++round) {
        rcon_fixture f;
        f.limits.answer = f.limits.connect = milliseconds{5};
        f.use(round % 2 ? rcon::dialect::minecraft : rcon::dialect::factorio);
        f.server.answer([&](const request& r) -> reply {
            if (r.type == rcon::packet_type::login && dice() % 4) return fake_rcon::ordinary(r, "");
            std::string bytes = fake_rcon::ordinary(r, std::string(dice() % 200, 'x'))->at(0);
            for (auto n = dice() % 8; n > 0; --n) bytes[dice() % bytes.size()] = static_cast<char>(dice());
            if (dice() % 3 == 0) bytes.resize(dice() % bytes.size());
            if (dice() % 3 == 0) bytes.insert(dice() % (bytes.size() + 1), 1 + dice() % 6, static_cast<char>(dice()));
            return cut(bytes, dice, 40);
        });
        for (int i = 0; i < 2; ++i) {
            const auto said = f.run("list");
            CHECK((said || said.error().category() == make_error_code(errc::lost).category()));
        }
    }
}
