#include "gateway/api/cursor.hpp"
#include "gateway/api/router.hpp"
#include "platform/kafka/kafka.hpp"
#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::test;

namespace {

using house = gateway_fixture;
constexpr auto some_id = "019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10";

gateway::request with_header(gateway::request in, std::string name, std::string value) {
    in.headers.emplace_back(std::move(name), std::move(value));
    return in;
}
gateway::request with_query(gateway::request in, std::string name, std::string value) {
    in.query.emplace_back(std::move(name), std::move(value));
    return in;
}

awaitable<bool> breaks(gateway::text_stream& body) {
    try {
        co_await body.next();
    } catch (const std::exception&) {
        co_return true;
    }
    co_return false;
}

}  // namespace

TEST_CASE("an unknown path is 404, an unknown method of a known path 405 with the path's methods") {
    house h;
    CHECK(h.ask(h.request(verb::get, "/api/v1/nowhere")).status == 404);
    const auto wrong = h.ask(h.request(verb::del, "/api/v1/conversations"));
    CHECK(wrong.status == 405);
    CHECK(house::header(wrong, "Allow") == "GET, HEAD, POST");
    CHECK(house::code_of(wrong) == "METHOD_NOT_ALLOWED");
    CHECK(h.application->body_limit(verb::post, "/nowhere") == 0);
    CHECK(h.application->body_limit(verb::post, "/api/v1/auth/login") > 0);
}

TEST_CASE("private routes reject requests without a valid token") {
    house h;
    const auto status = [&](gateway::request in) { return h.ask(std::move(in)).status; };
    CHECK(status(house::anonymous(verb::get, "/api/v1/conversations")) == 401);
    CHECK(status(with_header(house::anonymous(verb::get, "/api/v1/conversations"), "authorization", "Bearer x.y.z")) ==
          401);
    CHECK(status(with_header(
              house::anonymous(verb::get, "/api/v1/conversations"), "authorization", "Basic " + h.token())) == 401);
    const auto late = h.ask(with_header(
        house::anonymous(verb::get, "/api/v1/conversations"), "authorization", "Bearer " + h.token(seconds{0})));
    CHECK(late.status == 401);
    CHECK(house::code_of(late) == "TOKEN_EXPIRED");
    h.session_open = false;
    h.sessions.invalidate(h.session);
    CHECK(house::code_of(h.ask(h.request(verb::get, "/api/v1/conversations"))) == "SESSION_ENDED");
    h.sessions.invalidate(h.session);
    h.database.use.fail_next(1, postgres::errc::unavailable);
    const auto away = h.ask(h.request(verb::get, "/api/v1/conversations"));
    CHECK(away.status == 503);
    CHECK(house::header(away, "Retry-After") != "none");
}

TEST_CASE("AIRI-57: a route broadcasts its change to the user's sockets when it succeeds, and only then") {
    house h;
    std::vector<std::string> told;
    REQUIRE(h.io.run(h.subscriber.subscribe(events::channel_of(h.user))));
    h.subscriber.arrived = [&](std::string_view, std::string_view payload) { told.emplace_back(payload); };
    const auto path = "/api/v1/conversations/" + std::string(some_id);
    h.answer = [](const postgres::bound&) -> result<postgres::rows> {
        return house::row({R"({"id":"c1","title":"Journey"})"});
    };
    CHECK(h.ask(h.request(verb::patch, path, R"({"title":"Journey"})")).status == 200);
    h.io.settle();
    CHECK(told == std::vector<std::string>{
                      "-\n"
                      R"({"type":"conversation_updated","data":{"conversation":{"id":"c1","title":"Journey"}}})"});
    CHECK(h.ask(h.request(verb::get, path)).status == 200);
    CHECK(h.ask(h.request(verb::patch, path, R"({"title":7})")).status == 422);
    h.answer = nullptr;
    CHECK(h.ask(h.request(verb::del, path)).status == 404);
    h.redis.go_away();
    h.answer = [](const postgres::bound&) -> result<postgres::rows> { return house::row({R"({"id":"c1"})"}); };
    CHECK(h.ask(h.request(verb::del, path)).status == 200);
    h.io.settle();
    CHECK(told.size() == 1);
}

TEST_CASE("a pending account reaches only the routes that allow it, and no WebSocket") {
    house h;
    h.pending = true;
    for (const auto& table : gateway::routes::tables())
        for (const auto& r : table) {
            if (r.access == gateway::access::anyone || contains(r.path, "{")) continue;
            CAPTURE(r.path);
            const auto out = h.ask(h.request(r.method, "/api/v1" + std::string(r.path), r.body_limit > 0 ? "{}" : ""));
            CHECK((house::code_of(out) == "CONSENT_NEEDED") == !r.allows_pending);
        }
    const auto socket = h.io.run(h.application->upgrade(h.request(verb::get, "/ws")));
    REQUIRE(std::holds_alternative<gateway::response>(socket));
    CHECK(house::code_of(std::get<gateway::response>(socket)) == "CONSENT_NEEDED");
}

TEST_CASE("a rejected signup names the field at fault") {
    house h;
    const auto told = [&](const char* outcome) {
        h.answer = [=](const postgres::bound& asked) -> result<postgres::rows> {
            return asked.statement->name == "auth.signup" ? house::row({outcome}) : postgres::rows{};
        };
        const auto out = h.ask(house::anonymous(
            verb::post, "/api/v1/auth/signup", R"({"email":"kim@example.com","password":"a long password"})"));
        return std::to_string(out.status) + out.body.substr(0, out.body.find("\"request_id"));
    };
    CHECK(contains(told("birth_date"), "/birth_date"));
    CHECK(contains(told("birth_date_needed"), "/birth_date"));
    CHECK(contains(told("parent_email_needed"), "/parent_email"));
    CHECK(told("parent_email_own").starts_with("422"));
    CHECK(contains(told("consents"), "/consents"));
    CHECK(told("taken").starts_with("409"));
    CHECK(told(nullptr).starts_with("409"));
}

TEST_CASE("an archive is streamed part by part, and the stream breaks at a part that cannot be read") {
    house h;
    int parts = 3;
    const std::string head = R"({"profile":{"birth_date":null})";
    h.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        if (asked.statement->name == "exports.take") return cell("3");
        const auto part = std::stoi(parameter(asked, "part"));
        if (part >= parts) return postgres::rows{};
        return cell(part == 0 ? head : part == 1 ? std::string(100'000, 'x') : "part 2");
    };
    const auto begin = [&] {
        auto got = h.ask_any(h.request(verb::get, "/api/v1/users/export/019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10"));
        REQUIRE(std::holds_alternative<gateway::streamed>(got));
        return std::get<gateway::streamed>(std::move(got));
    };
    auto whole = begin();
    std::string text;
    for (auto piece = h.io.run(whole.body->next()); !piece.empty(); piece = h.io.run(whole.body->next())) {
        CHECK(piece.size() <= 64 * 1024);
        text += piece;
    }
    CHECK(text == head + std::string(100'000, 'x') + "part 2");
    parts = 1;
    auto broken = begin();
    CHECK(h.io.run(broken.body->next()) == head);
    CHECK(h.io.run(breaks(*broken.body)));
}

TEST_CASE("a data route answers with its statement's result") {
    house h;
    h.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        CHECK(asked.statement->name == "conversations.list");
        CHECK(parameter(asked, "limit") == "20");
        CHECK(parameter(asked, "cursor") == "NULL");
        return house::row({R"([{"id":1}])", "next|1"});
    };
    const auto out = h.ask(h.request(verb::get, "/api/v1/conversations"));
    CHECK(out.status == 200);
    CHECK(out.body == R"({"success":true,"data":[{"id":1}],"meta":{"next_cursor":"bmV4dHwx"}})");
    h.redis.keys.clear();  // no answer is kept
    h.answer = [&](const postgres::bound&) -> result<postgres::rows> { return house::row({"[]", nullptr}); };
    CHECK(h.ask(h.request(verb::get, "/api/v1/conversations")).body ==
          R"({"success":true,"data":[],"meta":{"next_cursor":null}})");
}

TEST_CASE("placeholders and query parameters reach the statement by name, whatever they contain") {
    house h;
    const std::string id = uuid::v7().text(), cursor = "infinity|" + id, nasty = "x'; drop table users; --";
    h.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        CHECK(parameter(asked, "id") == id);
        CHECK(parameter(asked, "limit") == "7");
        CHECK(parameter(asked, "cursor") == cursor);
        return house::row({"[]", nullptr, nullptr});
    };
    const auto page = with_query(h.request(verb::get, "/api/v1/conversations/" + id + "/messages"), "limit", "7");
    for (const auto& given : {gateway::opaque_cursor(cursor), cursor})  // and as it was before
        CHECK(h.ask(with_query(page, "cursor", given)).status == 200);
    h.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        CHECK(parameter(asked, "q") == nasty);
        CHECK(parameter(asked, "words") == "'x' & 'drop' & 'table' & 'users'");
        return postgres::rows{};
    };
    CHECK(h.ask(with_query(h.request(verb::get, "/api/v1/search/messages"), "q", nasty)).status == 200);
    for (const auto& given : {nasty, gateway::opaque_cursor(nasty), gateway::opaque_cursor("2026-01-31|x"),
             gateway::opaque_cursor({"\0\xFF", 2})})
        CHECK(h.ask(with_query(h.request(verb::get, "/api/v1/conversations"), "cursor", given)).status == 400);
    CHECK(h.ask(h.request(verb::get, "/api/v1/conversations/" + nasty + "/messages")).status == 404);
}

TEST_CASE("an invalid limit is rejected") {
    house h;
    h.answer = [](const postgres::bound&) -> result<postgres::rows> { return house::row({"[]", nullptr}); };
    for (const auto* limit : {"0", "101", "-1", "abc", "", "1e1", " 5", "5 ", "99999999999999999999"}) {
        CAPTURE(limit);
        CHECK(h.ask(with_query(h.request(verb::get, "/api/v1/conversations"), "limit", limit)).status == 400);
    }
    for (const auto* limit : {"1", "100", "020"})
        CHECK(h.ask(with_query(h.request(verb::get, "/api/v1/conversations"), "limit", limit)).status == 200);
}

TEST_CASE("no row is 404, a malformed value 400, an outage 503, a bug or a missing grant 500") {
    house h;
    const auto get = [&] { return h.ask(h.request(verb::get, std::string("/api/v1/conversations/") + some_id)); };
    CHECK(get().status == 404);
    error_code with;
    h.answer = [&](const postgres::bound&) -> result<postgres::rows> { return with; };
    with = postgres::errc::invalid;
    CHECK(get().status == 400);
    with = postgres::errc::unavailable;
    CHECK(get().status == 503);
    for (const auto ours : {postgres::errc::broken, postgres::errc::unmigrated}) {
        with = ours;
        CHECK(get().status == 500);
    }
    CHECK(house::code_of(get()) == "INTERNAL_ERROR");
}

TEST_CASE("a body must be a JSON object with that Content-Type") {
    house h;
    const auto post = [&](std::string body, std::string type) {
        auto in = h.request(verb::post, "/api/v1/conversations");
        in.headers.emplace_back("content-type", std::move(type));
        in.body = std::move(body);
        return h.ask(std::move(in));
    };
    CHECK(post("{}", "text/plain").status == 415);
    CHECK(post("{}", "application/jsonp").status == 415);
    CHECK(post("{", "application/json").status == 400);
    CHECK(post("\"\xff\"", "application/json").status == 400);
    CHECK(post("[]", "application/json").status == 422);
    CHECK(post("{\"title\":7}", "application/json; charset=utf-8").status == 422);
    CHECK(post("{\"title\":\"a\\u0000b\"}", "application/json").status == 422);
    CHECK(post("{\"owner\":\"me\"}", "Application/JSON").status == 422);
}

TEST_CASE("a message is accepted once the broker has it, and its reply is the answer") {
    house h;
    h.replies_with({"I am", " well."});
    h.answer = [](const postgres::bound&) -> result<postgres::rows> { return house::row({some_id, nullptr}); };
    const auto path = std::string("/api/v1/conversations/") + some_id + "/messages";
    const auto out = h.ask(h.request(verb::post, path, R"({"content":"How are you?","client_message_id":"c-1"})"));
    CHECK(out.status == 201);
    CHECK(json::document::parse(out.body)->root()["data"]["content"].string() == "I am well.");
    REQUIRE(h.out.sent.size() == 1);
    const auto event = h.opened(h.out.sent[0]);
    CHECK(event.user == h.user);
    CHECK(event.content == "How are you?");
    CHECK(h.out.sent[0].key == some_id);

    // Sent again, it is the same message and generation, and the reply that is there is the answer.
    h.out.then = nullptr;
    h.answer = [](const postgres::bound& asked) -> result<postgres::rows> {
        return asked.statement->name == "conversations.owned" ? house::row({some_id}) : postgres::rows{};
    };
    const auto repeated = h.ask(h.request(verb::post, path, R"({"content":"How are you?","client_message_id":"c-1"})"));
    const auto again = h.opened(h.out.sent.at(1));
    CHECK(again.message == event.message);
    CHECK(again.generation == event.generation);
    CHECK(repeated.status == 201);
    CHECK(json::document::parse(repeated.body)->root()["data"]["content"].string() == "I am well.");
}

TEST_CASE("a message that the broker rejects is not accepted") {
    house h;
    h.answer = [](const postgres::bound&) -> result<postgres::rows> { return house::row({some_id, nullptr}); };
    const auto path = std::string("/api/v1/conversations/") + some_id + "/messages";
    h.out.use.fail_next(1, kafka::errc::unavailable);
    const auto out = h.ask(h.request(verb::post, path, R"({"content":"x","client_message_id":"c-1"})"));
    CHECK(out.status == 503);
    CHECK(house::header(out, "Retry-After") != "none");
    h.io.settle();
    CHECK(h.taken.empty());
    h.out.there = false;
    CHECK(h.ask(h.request(verb::post, path, R"({"content":"x","client_message_id":"c-1"})")).status == 503);
    for (const auto* body : {R"({"content":"","client_message_id":"c"})",
             R"({"content":" \n","client_message_id":"c"})", R"({"client_message_id":"c"})"})
        CHECK(h.ask(h.request(verb::post, path, body)).status == 422);
    CHECK(h.ask(h.request(verb::post, path, R"({"content":")" + std::string(32'001, 'x') + "\"}")).status == 422);
    CHECK(h.out.sent.empty());
}

TEST_CASE("the day's last message is accepted, the next one rejected, and a repeated one accepted") {
    house h;
    h.messages_a_day = 1;
    h.replies_with({"ok"});
    h.answer = [](const postgres::bound& asked) -> result<postgres::rows> {
        return asked.statement->name == "conversations.owned" ? house::row({some_id}) : postgres::rows{};
    };
    const auto path = std::string("/api/v1/conversations/") + some_id + "/messages";
    CHECK(h.ask(h.request(verb::post, path, R"({"content":"x","client_message_id":"c-1"})")).status == 201);
    const auto over = h.ask(h.request(verb::post, path, R"({"content":"x","client_message_id":"c-2"})"));
    CHECK(over.status == 429);
    CHECK(house::code_of(over) == "QUOTA_EXCEEDED");
    CHECK(house::header(over, "Retry-After") != "none");
    h.out.then = nullptr;
    CHECK(h.ask(h.request(verb::post, path, R"({"content":"x","client_message_id":"c-1"})")).status == 201);
}

TEST_CASE("a WebSocket is opened for a valid token and an allowed origin only") {
    house h;
    const auto upgrade = [&](gateway::request in) { return h.io.run(h.application->upgrade(std::move(in))); };
    const auto status = [&](gateway::request in) {
        const auto got = upgrade(std::move(in));
        const auto* refused = std::get_if<gateway::response>(&got);
        return refused ? refused->status : 101;
    };
    CHECK(status(h.request(verb::get, "/ws")) == 101);
    CHECK(status(h.request(verb::get, "/nowhere")) == 404);
    CHECK(status(house::anonymous(verb::get, "/ws")) == 401);
    CHECK(status(with_header(h.request(verb::get, "/ws"), "origin", "https://evil.example")) == 403);
    CHECK(status(with_header(h.request(verb::get, "/ws"), "origin", "https://app.example")) == 101);
    const auto by_protocol = upgrade(
        with_header(house::anonymous(verb::get, "/ws"), "sec-websocket-protocol", "airi.v1, bearer." + h.token()));
    REQUIRE(std::holds_alternative<gateway::upgraded>(by_protocol));
    CHECK(std::get<gateway::upgraded>(by_protocol).subprotocol == "airi.v1");
}

TEST_CASE("AIRI-56: where WebSockets are switched off none is opened") {
    house h;
    h.options.websockets = false;
    const auto got = h.io.run(h.application->upgrade(h.request(verb::get, "/ws")));
    REQUIRE(std::holds_alternative<gateway::response>(got));
    CHECK(std::get<gateway::response>(got).status == 403);
    CHECK(house::code_of(std::get<gateway::response>(got)) == "FEATURE_DISABLED");
}

TEST_CASE("message text leaves the gateway only sealed with the user's key") {
    house h;
    h.replies_with({"ok"});
    h.answer = [](const postgres::bound&) -> result<postgres::rows> { return house::row({some_id, nullptr}); };
    const auto send = [&] {
        return h.ask(h.request(verb::post, std::string("/api/v1/conversations/") + some_id + "/messages",
            R"({"content":"a deep secret"})"));
    };
    CHECK(send().status == 201);
    CHECK_FALSE(contains(h.out.sent.at(0).value, "secret"));
    CHECK(h.opened(h.out.sent.at(0)).content == "a deep secret");

    // Wrapped under a secret that this gateway does not have, or not to be made now: nothing is said, all else works.
    for (const auto& wrapped :
        {std::optional(seal::master(secret("a wrong encryption key, 32 bytes too")).wrap(h.key, h.user)),
            std::optional<std::string>{}}) {
        h.sessions.invalidate(h.session);
        h.wrapped = wrapped;
        h.answer = [](const postgres::bound& asked) -> result<postgres::rows> {
            return asked.statement->name == "user_keys.create" ? result<postgres::rows>(postgres::errc::unavailable)
                                                               : house::row({some_id, nullptr});
        };
        const auto refused = send();
        CHECK(refused.status == 503);
        CHECK(house::header(refused, "Retry-After") != "none");
        CHECK(h.ask(h.request(verb::get, "/api/v1/auth/session")).status == 200);
    }
    CHECK(h.out.sent.size() == 1);

    // A user from before there were keys gets one.
    h.sessions.invalidate(h.session);
    h.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        if (asked.statement->name != "user_keys.create") return house::row({some_id, nullptr});
        CHECK(h.master.unwrap(parameter(asked, "key"), h.user));
        return house::row({h.master.wrap(h.key, h.user).c_str()});
    };
    CHECK(send().status == 201);
    CHECK(h.opened(h.out.sent.at(1)).content == "a deep secret");
}
