// The OpenAI-compatible surface: chat completions (streamed and not) and the models that a plan may use.
#include "gateway/openai/completion_stream.hpp"
#include "gateway/openai/read_request.hpp"
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t completion_body = 1024 * 1024;

awaitable<route_result> completions(exchange& exchange) {
    auto read = openai::read_request(exchange.json(), *exchange.services.catalogue.rows(), *exchange.caller);
    if (auto* fault = std::get_if<problem>(&read)) co_return std::move(*fault);
    auto& request = std::get<openai::completion_request>(read);
    request.order.client_message_id = exchange.message_seed();
    auto submitted = co_await submit_and_watch(exchange.services, {.sender = exchange.caller,
                                                                      .order = std::move(request.order),
                                                                      .trace = exchange.request.trace(),
                                                                      .arrived = exchange.request.arrived});
    if (auto* fault = std::get_if<problem>(&submitted)) co_return std::move(*fault);
    auto& watched = std::get<watched_message>(submitted);
    openai::completion completion{.id = "chatcmpl-" + watched.message.ids.generation.text(),
        .model = std::move(request.model),
        .created = unix_seconds(exchange.arrived()),
        .functions = request.functions};
    if (!request.stream) co_return co_await openai::whole_completion(std::move(watched.watch), std::move(completion));
    auto stream =
        co_await openai::completion_stream(std::move(watched.watch), std::move(completion), request.include_usage);
    if (auto* fault = std::get_if<problem>(&stream)) co_return std::move(*fault);
    streamed out;
    out.head.content_type = "text/event-stream; charset=utf-8";
    out.body = std::get<std::unique_ptr<text_stream>>(std::move(stream));
    co_return answer(std::move(out));
}

std::string model_json(const model_name& m) {
    return json::object().add("id", m.name).add("object", "model").add("created", 0).add("owned_by", m.provider).text();
}

response bare(std::string body) {
    response out;
    out.body = std::move(body);
    return out;
}

awaitable<route_result> models(exchange& exchange) {
    json::array list;
    const auto rows = exchange.services.catalogue.rows();
    for (const auto& m : rows->offered_to(*exchange.caller)) list.add_raw(model_json(m));
    co_return answer(bare(json::object().add("object", "list").add_raw("data", list.text()).text()));
}

awaitable<route_result> one_model(exchange& exchange) {
    const auto& name = exchange.path.front();
    const auto rows = exchange.services.catalogue.rows();
    for (const auto& m : rows->offered_to(*exchange.caller))
        if (m.name == name) co_return answer(bare(model_json(m)));
    co_return openai::no_such_model(name);
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/chat/completions",
        .name = "openai.completions",
        .scope = "chat",
        .sends_message = true,
        .handler = completions,
        .body_limit = completion_body,
        .body = "ChatCompletionCreate",
        .response = "ChatCompletion",
        .response_media = "text/event-stream",
        .other_statuses = "402 404 409",
        .summary = "Create a chat completion in OpenAI's format, streamed or not",
        .openai_format = true},
    route{.method = verb::get,
        .path = "/models",
        .name = "openai.models",
        .handler = models,
        .response = "OpenAIModels",
        .summary = "List the models of the caller's plan in OpenAI's format",
        .openai_format = true},
    route{.method = verb::get,
        .path = "/models/{model}",
        .name = "openai.model",
        .handler = one_model,
        .response = "OpenAIModel",
        .summary = "Get a model in OpenAI's format",
        .openai_format = true},
};

}  // namespace

extern const std::span<const route> openai{rows};

}  // namespace airi::gateway::routes
