#include "gateway/api/idempotency.hpp"

#include "gateway/api/openapi.hpp"
#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::gateway;

namespace {

constexpr std::string_view templates = "/api/v1/conversation-templates";

// Templates that its database has made.
struct templates_fixture : gateway_fixture {
    std::size_t made = 0;
    bool available = true;

    templates_fixture() {
        answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            if (asked.statement->name != "templates.create") return postgres::rows{};
            if (!available) return postgres::errc::unavailable;
            ++made;
            return cell(json::object().add("id", parameter(asked, "new_id")).text());
        };
    }
    gateway::response create(std::string body, std::string key) {
        auto in = request(verb::post, std::string(templates), std::move(body));
        in.headers.emplace_back("idempotency-key", std::move(key));
        return ask(std::move(in));
    }
};

}  // namespace

TEST_CASE("every POST takes an Idempotency-Key and the OpenAPI document says so, unless its row has a reason") {
    const auto parsed = json::document::parse(openapi_document(routes::tables()));
    REQUIRE(parsed);
    std::size_t keyed = 0;
    std::set<std::string_view> unkeyed;
    for (const auto& table : routes::tables())
        for (const auto& row : table) {
            if (row.method != verb::post && !row.sends_message) continue;
            CAPTURE(row.path);
            CHECK(takes_idempotency_key(row) == row.unkeyed.empty());
            if (!row.unkeyed.empty()) {
                unkeyed.insert(row.name);
                continue;
            }
            ++keyed;
            const auto method = row.method == verb::post ? "post" : "put";
            const auto operation = parsed->root()["paths"]["/api/v1" + std::string(row.path)][method];
            REQUIRE(operation.exists());
            CHECK(contains(operation["parameters"].text(), "#/components/parameters/IdempotencyKey"));
            for (const auto* status : {"400", "409", "422"}) CHECK(operation["responses"][status].exists());
        }
    CHECK(keyed > 40);
    CHECK(unkeyed == std::set<std::string_view>{"auth.refresh", "oauth.return", "payments.webhook"});
}

TEST_CASE("a request that comes again is answered as the first time, and carried out once") {
    templates_fixture h;
    const auto one = h.create(R"({"name":"a"})", "k"), two = h.create(R"({ "name": "a" })", "k");
    CHECK(one.status == 201);
    CHECK(two.status == 201);
    CHECK(two.body == one.body);
    CHECK(h.header(one, "Idempotency-Replayed") == "none");
    CHECK(h.header(two, "Idempotency-Replayed") == "true");
    CHECK(h.made == 1);
    CHECK(h.create(R"({"name":"a"})", "l").body != one.body);
    const auto other = h.create(R"({"name":"b"})", "k");
    CHECK(other.status == 422);
    CHECK(h.code_of(other) == "IDEMPOTENCY_KEY_REUSED");
    CHECK(h.made == 2);
    for (const auto& [id, kept] : h.keyed) CHECK_FALSE(contains(kept.answer, "success"));
}

TEST_CASE("a key that is not 1 to 255 printable characters of ASCII is refused") {
    templates_fixture h;
    for (const auto& key :
        {std::string{}, std::string(256, 'x'), std::string("a\tb"), std::string("a b"), std::string("\xc3\xa9")})
        CHECK(h.create(R"({"name":"a"})", key).status == 400);
    CHECK(h.create(R"({"name":"a"})", std::string(255, 'x')).status == 201);
    CHECK(h.made == 1);
}

TEST_CASE("a failure uses no key up, and a request without its answer is carried out again with the same ids") {
    templates_fixture h;
    CHECK(h.create(R"({"name":1})", "k").status == 422);
    CHECK(h.keyed.empty());
    h.available = false;
    CHECK(h.create(R"({"name":"a"})", "k").status == 503);
    CHECK(h.keyed.empty());
    h.available = true;
    const auto one = h.create(R"({"name":"b"})", "k");
    CHECK(one.status == 201);
    for (auto& [id, kept] : h.keyed) kept.answer.clear();
    CHECK(h.create(R"({"name":"b"})", "k").body == one.body);
    CHECK(h.made == 2);
}

TEST_CASE("without a key a message asks the database as often as ever, with one once more") {
    gateway_fixture h;
    h.replies_with({"Hello."});
    std::vector<std::string> asked;
    const auto database = h.database.answer;
    h.database.answer = [&](const postgres::bound& one) {
        asked.push_back(one.statement->name);
        return database(one);
    };
    CHECK(h.ask(h.request(verb::post, "/api/ai/chat", R"({"message":"hi"})")).status == 200);
    const auto plain = std::exchange(asked, {});
    auto in = h.request(verb::post, "/api/ai/chat", R"({"message":"ho"})");
    in.headers.emplace_back("idempotency-key", "k");
    CHECK(h.ask(std::move(in)).status == 200);
    std::erase(asked, "idempotency.begin");
    // The account is cached by then.
    for (const auto& name : asked) CHECK(std::ranges::find(plain, name) != plain.end());
    CHECK(asked.size() <= plain.size());
}
