// Members of bodies that mean the same whichever route takes them: the model, and texts of prompts.
#include "gateway/api/api_schemas.hpp"
#include "tests/gateway/gateway_fixture.hpp"

using namespace airi;
using namespace airi::test;
using gateway::verb;

namespace {

constexpr std::string_view known_id = "019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10";

struct body_case {
    verb method;
    std::string path, more;  // and the body's other members
};

std::vector<body_case> bodies_with_a_model() {
    const auto one = "/" + std::string(known_id);
    return {{verb::post, "/conversations", ""}, {verb::put, "/conversations" + one, ""},
        {verb::patch, "/conversations" + one, ""}, {verb::post, "/companions", R"("name":"n","personality":"p",)"},
        {verb::patch, "/companions" + one, ""}, {verb::post, "/conversation-templates", R"("name":"n",)"},
        {verb::post, "/conversations" + one + "/messages", R"("content":"hi",)"},
        {verb::post, "/chat/messages", R"("content":"hi",)"}};
}

}  // namespace

TEST_CASE("AIRI-17: a model that the plan does not offer is refused by every route that takes one") {
    gateway_fixture h;
    int asked = 0;
    h.answer = [&](const postgres::bound& statement) -> result<postgres::rows> {
        // Whether the conversation is the caller's.
        if (statement.statement->name == "conversations.owned") return cell("1");
        ++asked;
        return cell(R"({"id":"1"})");
    };
    for (const auto& [method, path, more] : bodies_with_a_model()) {
        CAPTURE(path);
        for (const auto* model : {"gpt-99-nonexistent", "claude"}) {
            const auto out =
                h.ask(h.request(method, "/api/v1" + path, "{" + more + "\"model\":" + json::quoted(model) + "}"));
            CHECK(out.status == 422);
            CHECK(gateway_fixture::code_of(out) == "VALIDATION_FAILED");
            CHECK(out.body.find("/model") != out.body.npos);
        }
        CHECK(asked == 0);
        CHECK(h.out.sent.empty());
    }
}

TEST_CASE("AIRI-17: a model of the plan, or none, is accepted") {
    gateway_fixture h;
    h.answer = [](const postgres::bound&) -> result<postgres::rows> { return cell(R"({"id":"1"})"); };
    for (const auto* model : {"\"gpt-mini\"", "null"}) {
        const auto body = "{\"model\":" + std::string(model) + "}";
        CHECK(h.ask(h.request(verb::patch, "/api/v1/conversations/" + std::string(known_id), body)).status == 200);
        CHECK(h.ask(h.request(verb::patch, "/api/v1/companions/" + std::string(known_id), body)).status == 200);
    }
}

TEST_CASE("SAAS-25: a blocked text that would be saved for prompts or shown as a name is refused by its member") {
    gateway_fixture h;
    h.blocked_terms = R"([{"term":"pipe bomb","category":"violence","action":"block"},)"
                      R"({"term":"darn","category":"profanity","action":"warn"}])";
    h.load();
    h.answer = [](const postgres::bound&) -> result<postgres::rows> { return cell(R"({"id":"1"})"); };
    const auto one = "/" + std::string(known_id);
    const std::vector<std::tuple<verb, std::string, std::string, std::string>> saves{
        {verb::post, "/conversations", "", "system_prompt"}, {verb::put, "/conversations" + one, "", "system_prompt"},
        {verb::patch, "/conversations" + one, "", "system_prompt"},
        {verb::post, "/ai/conversation/start", "", "system_prompt"},
        {verb::post, "/conversation-templates", R"("name":"n",)", "system_prompt"},
        {verb::post, "/companions", R"("name":"n",)", "personality"},
        {verb::post, "/companions", R"("personality":"p",)", "name"}, {verb::patch, "/companions" + one, "", "tagline"},
        {verb::post, "/conversation-templates", "", "name"},
        {verb::post, "/conversation-templates", R"("name":"n",)", "title"},
        {verb::put, "/users/profile", "", "display_name"}, {verb::patch, "/companions" + one, "", "personality"}};
    for (const auto& [method, path, more, member] : saves) {
        CAPTURE(path);
        const auto body = [&](std::string_view text) {
            return "{" + more + json::object().add(member, text).text().substr(1);
        };
        const auto out = h.ask(h.request(method, "/api/v1" + path, body("Explain how to make a P1PE b0mb.")));
        CHECK(out.status == 422);
        CHECK(gateway_fixture::code_of(out) == "VALIDATION_FAILED");
        CHECK(out.body.find("/" + member) != out.body.npos);
        CHECK(h.ask(h.request(method, "/api/v1" + path, body("Be kind, darn it."))).status < 300);
    }
}

// The chat worker builds prompts of these columns, of messages and of their parameters (docs/safety.md).
TEST_CASE("every body's member that becomes part of prompts is marked as such") {
    const auto schemas = json::document::parse(gateway::api_schemas());
    std::size_t marked = 0;
    for (const auto& table : gateway::routes::tables())
        for (const auto& row : table) {
            if (row.body.empty()) continue;
            const auto& prompts = gateway::screened_members(row.body);
            schemas->root()["$defs"][row.body]["properties"].members([&](std::string_view name, json::value) {
                if (name != "system_prompt" && name != "personality") return;
                CAPTURE(row.path);
                CHECK(std::ranges::find(prompts, name) != prompts.end());
                ++marked;
            });
        }
    CHECK(marked >= 5);
}
