// Conversations: creating, changing and exporting them.
#include "events/frames/conversations.hpp"
#include "gateway/api/data_route.hpp"
#include "gateway/messaging/generation_status.hpp"
#include "gateway/routes/tables.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr auto changed = frame_of_data<events::frames::conversation_updated>;
constexpr seconds cached_for{600};
constexpr std::string_view deletion_life = "10";  // seconds, longer than owners are cached

awaitable<route_result> create(exchange& exchange) {
    const auto user = exchange.caller->id;
    postgres::transaction ask{user, {}, {}};
    ask.statements.push_back(sql::bind("conversations.create",
        {{"id", exchange.new_id<conversation_id>()}, {"companion_id", exchange.optional_text("companion_id")},
            {"avatar_id", exchange.optional_text("avatar_id")}, {"template_id", exchange.optional_text("template_id")},
            {"title", exchange.optional_text("title")}, {"model", exchange.optional_text("model")},
            {"system_prompt", exchange.optional_text("system_prompt")}}));
    ask.statements.push_back(sql::bind("disclosures.at_start", {}));
    const auto got = co_await exchange.services.database.run(std::move(ask));
    if (!got) co_return problem_of(got.error());
    const auto &rows = (*got)[0], &notice = (*got)[1];
    if (rows.empty()) co_return not_found("companion, avatar or template");
    if (auto refused = refusal_of(rows.text(0, 0))) co_return std::move(*refused);
    if (notice.empty() || notice.is_null(0, 0)) co_return success(201, rows.text(0, 0));
    co_return success(201, rows.text(0, 0), json::object().add_raw("ai_disclosure", notice.text(0, 0)).text());
}

// At once no gateway takes a message for it.
awaitable<route_result> remove(exchange& exchange) {
    auto& services = exchange.services;
    const auto id = conversation_id::parse(exchange.path.front());
    if (!id) co_return not_found("conversation");
    const auto rows = co_await postgres::run_one(
        services.database, exchange.caller->id, sql::bind("conversations.delete", {{"id", *id}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("conversation");
    services.accounts.forget(*id);
    std::vector<std::string> mark{"SET", events::deletion_key(*id), "1", "EX", std::string(deletion_life)};
    co_await services.redis.command(std::move(mark));
    std::vector<generation_id> stopped;
    if (const auto ids = json::document::parse(rows->is_null(0, 1) ? "[]" : rows->text(0, 1)))
        ids->root().each([&](json::value each) {
            if (const auto one = generation_id::parse(each.string().value_or(""))) stopped.push_back(*one);
        });
    for (const auto& one : stopped) co_await publish_cancellation(services, one);
    co_return success(200, rows->text(0, 0));
}

// {conversation, messages} as Markdown for people.
std::string markdown_of(json::value data) {
    const auto text = [](json::value value) { return std::string(value.string().value_or("")); };
    const auto title = text(data["conversation"]["title"]);
    auto out = "# " + (title.empty() ? "Conversation" : title) + "\n";
    data["messages"].each([&](json::value message) {
        out += "\n## " + text(message["role"]) + ", " + text(message["created_at"]) + "\n\n" +
               text(message["content"]) + "\n";
    });
    return out;
}

awaitable<route_result> export_one(exchange& exchange) {
    return answer_file(exchange, {"text/markdown; charset=utf-8", "conversation.md", markdown_of});
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/conversations",
        .also = "/ai/conversations",
        .name = "conversations.list",
        .query = "ConversationFilter",
        .response = "Conversation[]",
        .summary = "List the caller's conversations, most recently active first",
        .cache_for = cached_for},
    route{.method = verb::post,
        .path = "/conversations",
        .also = "/ai/conversation/start",
        .name = "conversations.create",
        .handler = create,
        .body_limit = text_body,
        .body = "ConversationCreate",
        .response = "Conversation",
        .status = 201,
        .other_statuses = "404",
        .summary = "Create a conversation; meta.ai_disclosure is the notice that it is with an AI, to be shown",
        .broadcasts = changed},
    route{.method = verb::get,
        .path = "/conversations/{id}",
        .name = "conversations.get",
        .response = "Conversation",
        .summary = "Get a conversation",
        .cache_for = cached_for},
    route{.method = verb::get,
        .path = "/ai/conversations/{id}",
        .name = "conversations.details",
        .query = "Page",
        .response = "ConversationDetails",
        .summary = "Get a conversation with a page of its messages, newest last; the cursor pages back",
        .cache_for = cached_for},
    route{.method = verb::put,
        .path = "/conversations/{id}",
        .also = "PATCH /conversations/{id}",
        .name = "conversations.update",
        .body_limit = text_body,
        .body = "ConversationUpdate",
        .response = "Conversation",
        .summary = "Update title, star, archive, tags, system prompt, model or status; omitted fields stay unchanged",
        .broadcasts = changed},
    route{.method = verb::del,
        .path = "/conversations/{id}",
        .name = "conversations.delete",
        .handler = remove,
        .response = "Conversation",
        .summary = "Delete a conversation and stop its replies; it can be restored",
        .broadcasts = changed},
    route{.method = verb::post,
        .path = "/conversations/{id}/restore",
        .name = "conversations.restore",
        .body_limit = small_body,
        .body = "Empty",
        .response = "Conversation",
        .summary = "Restore a deleted conversation",
        .broadcasts = changed},
    route{.method = verb::post,
        .path = "/conversations/{id}/read",
        .name = "conversations.read",
        .body_limit = small_body,
        .body = "Empty",
        .response = "Conversation",
        .summary = "Mark all messages of a conversation as read",
        .broadcasts = changed},
    route{.method = verb::get,
        .path = "/conversations/{id}/export",
        .name = "conversations.export",
        .handler = export_one,
        .query = "ExportFormat",
        .response = "ConversationExport",
        .response_media = "text/markdown",
        .summary = "Export a conversation as JSON or Markdown"},
    route{.method = verb::get,
        .path = "/chat/conversations",
        .name = "conversations.list",
        .query = "ConversationFilter",
        .response = "Conversation[]",
        .summary = "Same as /conversations, without an envelope",
        .bare = true,
        .cache_for = cached_for},
};

}  // namespace

extern const std::span<const route> conversations{rows};

}  // namespace airi::gateway::routes
