// The gateway's application with fakes around it: requests in, answers out, no socket and no server.
#pragma once

#include <map>
#include <set>

#include "events/chat.hpp"
#include "gateway/api/dispatcher.hpp"
#include "gateway/api/router.hpp"
#include "gateway/realtime/hub.hpp"
#include "gateway/realtime/open_sockets.hpp"
#include "gateway/realtime/socket_places.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/response_cache.hpp"
#include "platform/base/json.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/fake_publisher.hpp"
#include "tests/support/cpp/fake_redis.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "workers/moderation/moderation.hpp"

namespace airi::test {

using gateway::verb;

struct gateway_fixture {
    loop io;
    fake_database database;
    fake_redis redis;
    fake_redis::fake_client client{redis};
    fake_redis::fake_subscriber subscriber{redis};
    fake_publisher out;
    gateway::hub hub{io.on(), subscriber, client};
    gateway::open_sockets sockets;
    std::shared_ptr<gateway::socket_places> places = std::make_shared<gateway::socket_places>(100);
    passwords::pool hashing{1, 1};
    tokens::keyring keys{
        {"https://airi.example", "airi"}, tokens::key::of(secret("a secret of at least 32 bytes, yes"))};
    secret refresh_key{"refresh"};
    seal::master master{secret("an encryption key of 32 bytes, or more")};
    seal::keyring evidence{secret("an evidence key of 32 bytes, or more"), {}, "evidence"};
    seal::key links = seal::key::of(secret("a link key of 32 bytes, or rather more"), "links");
    gateway::catalogue known;
    gateway::router routes{gateway::routes::tables()};
    gateway::account_cache sessions{database, master};
    gateway::rate_limiter limits{client};
    gateway::response_cache kept{client};
    gateway::gateway_options options;
    gateway::services services{.database = database,
        .redis = client,
        .channels = hub,
        .sockets = sockets,
        .places = *places,
        .publisher = out,
        .hashing = hashing,
        .keys = keys,
        .refresh_key = refresh_key,
        .master = master,
        .evidence = evidence,
        .catalogue = known,
        .routes = routes,
        .accounts = sessions,
        .limits = limits,
        .responses = kept,
        .options = options,
        .executor = io.on(),
        .links = links};
    std::unique_ptr<gateway::application> application = gateway::make_dispatcher(services, routes);

    user_id user = user_id::fresh();
    session_id session = session_id::fresh();
    seal::key key = seal::key::fresh();
    std::optional<std::string> wrapped = master.wrap(key, user);  ///< as Postgres has it
    std::string role = "user";
    bool second_factor = true;  ///< the session has one
    bool session_open = true;
    std::string refused;   ///< why the account may not act
    bool pending = false;  ///< a parent has to agree first
    bool proved = true;    ///< the address
    instant proved_at = now();
    std::size_t messages_a_day = 10;
    std::set<std::string> taken;  ///< the day's messages, as Postgres counts them
    struct keyed_request {
        std::string request, seed, answer;
    };
    std::map<std::string, keyed_request> keyed;  ///< requests with an Idempotency-Key
    /// The product's; known.load() reads them again.
    std::string settings =
        R"({"access_token_seconds":3600,"token_transport":"bearer","message_max_characters":32000,)"
        R"("heartbeat_seconds":30,)"
        R"("channels_per_client":100,"rate_limit_fail_open":true,"rate_limit_fail_closed_groups":[]})";
    postgres::rows flags;
    std::string blocked_terms = "[]";
    /// What any other statement gives.
    std::function<result<postgres::rows>(const postgres::bound&)> answer;

    gateway_fixture() {
        options.origins = {"https://app.example"};
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            const auto& name = asked.statement->name;
            if (name == "auth.account") return session_open ? account_row() : postgres::rows{};
            if (name == "quota.take") return cell(take_quota(parameter(asked, "message")));
            if (name == "quota.give_back") return taken.erase(parameter(asked, "message")), postgres::rows{};
            if (name == "idempotency.begin") return cell(begin_once(asked));
            if (name == "idempotency.end") keyed[parameter(asked, "id")].answer = parameter(asked, "answer");
            if (name == "idempotency.forget") keyed.erase(parameter(asked, "id"));
            if (name == "catalogue.models") return models();
            if (name == "catalogue.settings") return row({settings.c_str(), R"({"signup":true})"});
            if (name == "catalogue.flags") return flags;
            if (name == "catalogue.blocked_terms") return cell(blocked_terms);
            return answer ? answer(asked) : result<postgres::rows>(postgres::rows{});
        };
        load();
    }
    void load() { REQUIRE(io.run(known.load(database))); }

    static postgres::rows row(std::initializer_list<const char*> cells) {
        postgres::rows out;
        out.columns_ = cells.size();
        for (const auto* c : cells) out.cells_.emplace_back(c ? std::optional<std::string>(c) : std::nullopt);
        return out;
    }
    std::string token(seconds life = seconds{3600}) const {
        return keys.sign({user, session, "ann@example.org", role, now() - seconds{1}, now() + life});
    }
    /// Of the signed-in user.
    gateway::request request(verb method, std::string path, std::string body = {}) const {
        gateway::request in = anonymous(method, std::move(path), std::move(body));
        in.headers.emplace_back("authorization", "Bearer " + token());
        return in;
    }
    static gateway::request anonymous(verb method, std::string path, std::string body = {}) {
        gateway::request in;
        in.method = method;
        in.path = std::move(path);
        if (!body.empty()) in.headers.emplace_back("content-type", "application/json");
        in.body = std::move(body);
        in.address = "192.0.2.1";
        in.id = "r-1";
        in.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        return in;
    }
    gateway::answer ask_any(gateway::request in) { return io.run(application->handle(std::move(in))); }
    gateway::response ask(gateway::request in) {
        auto got = ask_any(std::move(in));
        REQUIRE(std::holds_alternative<gateway::response>(got));
        return std::get<gateway::response>(std::move(got));
    }
    static std::string header(const gateway::response& of, std::string_view name) {
        for (const auto& [n, value] : of.headers)
            if (n == name) return value;
        return "none";
    }
    /// {"success":false,"error":{"code":…}}: the code.
    static std::string code_of(const gateway::response& of) {
        const auto parsed = json::document::parse(of.body);
        return parsed ? std::string(parsed->root()["error"]["code"].string().value_or("none")) : "no JSON";
    }
    /// What was published, as its user said it.
    events::chat_requested opened(const events::outgoing& event) const {
        auto said = events::decode<events::chat_requested>(event.value);
        REQUIRE(said);
        CHECK(said->sealed);
        REQUIRE(workers::moderation::open(*said, key));
        return std::move(*said);
    }
    /// The workers answer every message with these pieces.
    void replies_with(std::vector<std::string> pieces) {
        out.then = [this, pieces](const events::outgoing& event) {
            const auto of = events::decode<events::chat_requested>(event.value);
            REQUIRE(of);
            const events::generation_ids ids{of->conversation, of->generation, of->message, of->reply};
            std::string whole;
            std::int64_t offset = 0;
            redis.append(ids, {1, offset++}, events::frame_type::start, "");
            for (const auto& piece : pieces) {
                whole += piece;
                redis.append(ids, {1, offset++}, events::frame_type::delta, events::content_member(piece));
            }
            const auto message = json::object()
                                     .add("id", ids.reply.text())
                                     .add("content", whole)
                                     .add_raw("metadata", R"({"tokens_in":7,"tokens_out":3})")
                                     .text();
            auto last = events::end_frame("completed", "", message);
            redis.append(ids, {1, offset}, last.type, last.more);
        };
    }

private:
    std::string take_quota(const std::string& message) {
        if (taken.contains(message)) return "repeated";
        if (taken.size() >= messages_a_day) return "used_up";
        return taken.insert(message), "allowed";
    }
    // Nothing is busy: a request without an answer is carried out again.
    std::string begin_once(const postgres::bound& asked) {
        const auto [found, fresh] = keyed.try_emplace(
            parameter(asked, "id"), keyed_request{parameter(asked, "request"), parameter(asked, "seed"), {}});
        const auto& first = found->second;
        const bool same = first.request == parameter(asked, "request");
        const auto* outcome = fresh ? "fresh" : !same ? "reused" : first.answer.empty() ? "again" : "answered";
        return json::object()
            .add("outcome", outcome)
            .add("seed", first.seed)
            .add("at", 0)
            .add("answer", first.answer)
            .text();
    }
    postgres::rows account_row() const {
        const auto json = json::object()
                              .add("id", user.text())
                              .add("email", "ann@example.org")
                              .add("role", role)
                              .add("email_verified", proved)
                              .add("pending", pending)
                              .add("second_factor", second_factor)
                              .text();
        const auto daily =
            "[" + json::object().add("resource", "messages").add("period", "day").add("amount", messages_a_day).text() +
            "]";
        return row({json.c_str(), "free", "1", "{}", daily.c_str(), "[]", nullptr, nullptr,
            refused.empty() ? nullptr : refused.c_str(), wrapped ? wrapped->c_str() : nullptr,
            std::to_string(unix_seconds(proved_at)).c_str(), nullptr});
    }
    static postgres::rows models() {
        postgres::rows out;
        out.columns_ = 14;
        for (const auto* c : {"openai", "gpt-mini", "0", "10", "1", "1", "8000", "500", "1", "gpt-mini", "f", "", "",
                 "t", "anthropic", "claude", "3", "20", "1", "1", "8000", "500", "1", "claude", "f", "", "", "t"})
            out.cells_.emplace_back(c);
        return out;
    }
};

}  // namespace airi::test
