// The OpenAI-compatible surface: chat completions (streamed and not) and the models a plan may use. Shapes as in
// openai/openai-openapi; the SDKs' expectations of streams as in openai-node src/core/streaming.ts.
#include <fmt/format.h>

#include "gateway/messaging/reply_stream.hpp"
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t completion_body = 1024 * 1024;
constexpr std::size_t most_parameters = 512 * 1024;  // of chat_requested
constexpr seconds longest_completion{300};
constexpr seconds heartbeat{15};

// The text of a message: a string, or the text parts of a list.
std::string text_of(json::value content) {
    if (const auto text = content.string()) return std::string(*text);
    std::string out;
    content.each([&](json::value part) {
        if (part["type"].string() == "text") out += part["text"].string().value_or("");
    });
    return out;
}

problem refuse(unsigned status, std::string code, std::string message) {
    return {status, std::move(code), std::move(message)};
}

struct asked {
    message_order order;
    bool stream = false;
    bool with_usage = false;
    std::string model;
};

std::variant<asked, problem> read_request(const exchange& exchange) {
    const auto body = exchange.json();
    asked out;
    const auto model = body["model"].string();
    if (!model || model->empty())
        return refuse(400, "missing_required_parameter", "you must provide a model parameter");
    out.model = *model;
    if (!exchange.services.catalogue.rows()->offers(*model, exchange.caller->rank))
        return refuse(404, "model_not_found",
            fmt::format("the model '{}' does not exist or you do not have access to it", *model));
    const auto messages = body["messages"];
    if (messages.type() != json::kind::array || messages.size() == 0)
        return refuse(
            400, "missing_required_parameter", "missing required parameter: 'messages', a list that is not empty");
    std::string turns = "[", fault, last;
    messages.each([&](json::value m) {
        const auto role = m["role"].string();
        if (!role || (*role != "system" && *role != "developer" && *role != "user" && *role != "assistant")) {
            fault = "each message needs a role of system, developer, user or assistant";
            return;
        }
        auto text = text_of(m["content"]);
        if (turns.size() > 1) turns += ',';
        turns += json::object().add("role", *role).add("content", text).text();
        if (*role == "user") last = std::move(text);
    });
    if (!fault.empty()) return refuse(400, "invalid_request", fault);
    if (last.empty()) return refuse(400, "invalid_request", "one message of role user is needed");
    json::object parameters;
    parameters.add_raw("turns", turns + "]");
    auto most = body["max_completion_tokens"];
    if (!most.exists()) most = body["max_tokens"];
    if (most.exists() && !most.is_null()) {
        if (!most.integer() || *most.integer() < 1)
            return refuse(400, "invalid_value", "max_tokens must be a whole number of at least 1");
        parameters.add("max_tokens", *most.integer());
    }
    if (const auto warm = body["temperature"]; warm.exists() && !warm.is_null()) {
        if (!warm.number() || *warm.number() < 0 || *warm.number() > 2)
            return refuse(400, "invalid_value", "temperature must be between 0 and 2");
        parameters.add("temperature", *warm.number());
    }
    if (const auto top = body["top_p"]; top.exists() && !top.is_null()) {
        if (!top.number() || *top.number() < 0 || *top.number() > 1)
            return refuse(400, "invalid_value", "top_p must be between 0 and 1");
        parameters.add("top_p", *top.number());
    }
    if (body["tools"].size() > 0) parameters.add("tools", true);
    if (body["n"].integer().value_or(1) != 1) return refuse(400, "unsupported_value", "n must be 1");
    out.stream = body["stream"].boolean().value_or(false);
    out.with_usage = body["stream_options"]["include_usage"].boolean().value_or(false);
    out.order.content = std::move(last);
    out.order.model = out.model;
    out.order.parameters = parameters.text();
    if (out.order.parameters.size() > most_parameters)
        return refuse(
            400, "context_length_exceeded", fmt::format("the messages have more than {} bytes", most_parameters));
    out.order.client_message_id = exchange.request.header("idempotency-key");
    out.order.listed = false;
    return out;
}

std::string usage_of(json::value message) {
    const auto in = message["metadata"]["tokens_in"].integer().value_or(0),
               out = message["metadata"]["tokens_out"].integer().value_or(0);
    return json::object().add("prompt_tokens", in).add("completion_tokens", out).add("total_tokens", in + out).text();
}

std::string error_event(std::string_view code, std::string_view message) {
    const auto error = json::object()
                           .add("message", message)
                           .add("type", "server_error")
                           .add_raw("param", "null")
                           .add("code", code)
                           .text();
    return "data: " + json::object().add_raw("error", error).text() + "\n\n";
}

// Frames in, chat.completion.chunk events out. A restart after text cannot be unsaid here: the stream ends in an error,
// which the SDKs raise.
class chunks final : public text_stream {
public:
    chunks(watch_scope watch, std::string id, std::string model, long long created, bool with_usage)
        : watch_(std::move(watch)),
          id_(std::move(id)),
          model_(std::move(model)),
          created_(created),
          with_usage_(with_usage) {}

    awaitable<std::string> next() override {
        if (done_) co_return std::string{};
        if (!opened_) {
            opened_ = true;
            co_return chunk(R"({"role":"assistant","content":""})", "null");
        }
        while (true) {
            const auto one = co_await watch_->next(std::chrono::steady_clock::now() + heartbeat);
            if (!one) co_return watch_->ended() ? std::string{} : std::string(": waiting\n\n");
            auto text = translate(*one);
            if (!text.empty()) co_return text;
        }
    }

private:
    std::string translate(const entry& one) {
        using events::frame_type;
        const auto parsed = json::document::parse(*one.frame);
        const auto data = parsed ? parsed->root()["data"] : json::value{};
        const auto content = data["content"].string().value_or("");
        switch (one.type) {
            case frame_type::start: return {};
            case frame_type::delta: sent_ += content; return text_chunk(content);
            case frame_type::snapshot: return continue_to(content);
            case frame_type::restart:
                return sent_.empty() ? std::string{}
                                     : end_with_error("stream_restarted", "the reply had to begin again, ask again");
            case frame_type::complete: return complete(data["message"]);
            case frame_type::cancelled: return complete(data["message"]);
            case frame_type::rejected:
                return end_with_error("content_policy_violation", "the message was refused by moderation");
            case frame_type::failed:
                return end_with_error(data["code"].string().value_or("failed"), "no reply could be made");
        }
        return {};
    }

    std::string complete(json::value message) {
        const auto whole = message["content"].string().value_or("");
        auto out = continue_to(whole);
        if (done_) return out;
        out += chunk("{}", "\"stop\"");
        if (with_usage_)
            out += event(json::object()
                    .add("id", id_)
                    .add("object", "chat.completion.chunk")
                    .add("created", created_)
                    .add("model", model_)
                    .add_raw("choices", "[]")
                    .add_raw("usage", usage_of(message))
                    .text());
        done_ = true;
        return out + "data: [DONE]\n\n";
    }

    // Sends what `whole` has beyond what was sent; text that differs ends the stream.
    std::string continue_to(std::string_view whole) {
        if (!whole.starts_with(sent_))
            return end_with_error("stream_restarted", "the reply had to begin again, ask again");
        const auto rest = whole.substr(sent_.size());
        auto out = rest.empty() ? std::string{} : text_chunk(rest);
        sent_ = whole;
        return out;
    }

    std::string end_with_error(std::string_view code, std::string_view message) {
        done_ = true;
        return error_event(code, message);
    }

    std::string text_chunk(std::string_view text) { return chunk(json::object().add("content", text).text(), "null"); }
    std::string chunk(std::string_view delta, std::string_view finish) {
        json::object out;
        out.add("id", id_)
            .add("object", "chat.completion.chunk")
            .add("created", created_)
            .add("model", model_)
            .add_raw("choices",
                fmt::format(R"([{{"index":0,"delta":{},"logprobs":null,"finish_reason":{}}}])", delta, finish));
        if (with_usage_) out.add_raw("usage", "null");
        return event(out.text());
    }
    static std::string event(std::string_view json) { return fmt::format("data: {}\n\n", json); }

    watch_scope watch_;
    std::string id_, model_, sent_;
    long long created_;
    bool with_usage_, opened_ = false, done_ = false;
};

awaitable<route_result> whole_completion(exchange& exchange, watch_scope watch, const events::generation_ids& ids,
    const std::string& client_id, const std::string& model) {
    auto got = co_await wait_for_reply(std::move(watch), ids, client_id, longest_completion);
    if (auto* p = std::get_if<problem>(&got)) {
        if (p->code == "MESSAGE_REJECTED") co_return refuse(400, "content_policy_violation", p->message);
        co_return std::move(*p);
    }
    const auto& made = std::get<response>(std::get<answer>(got));
    if (made.status != 201) co_return problem{504, "timeout", "the reply took too long"};
    const auto parsed = json::document::parse(made.body);
    const auto message = parsed ? parsed->root()["data"] : json::value{};
    const auto choice = fmt::format(
        R"([{{"index":0,"message":{{"role":"assistant","content":{},"refusal":null}},"logprobs":null,"finish_reason":"stop"}}])",
        json::quoted(message["content"].string().value_or("")));
    response out;
    out.body = json::object()
                   .add("id", "chatcmpl-" + ids.generation.text())
                   .add("object", "chat.completion")
                   .add("created", unix_seconds(exchange.request.arrived))
                   .add("model", model)
                   .add_raw("choices", choice)
                   .add_raw("usage", usage_of(message))
                   .text();
    co_return answer(std::move(out));
}

awaitable<route_result> completions(exchange& exchange) {
    auto request = read_request(exchange);
    if (auto* wrong = std::get_if<problem>(&request)) co_return std::move(*wrong);
    auto& want = std::get<asked>(request);
    auto prepared = co_await prepare_message(exchange.services, exchange.caller, std::move(want.order),
        {exchange.request.traceparent, exchange.request.id}, exchange.request.arrived);
    if (auto* wrong = std::get_if<problem>(&prepared)) co_return std::move(*wrong);
    const auto& message = std::get<prepared_message>(prepared);
    watch_scope watch(std::make_shared<generation_watch>(exchange.services, exchange.caller->id, message.ids));
    co_await watch->join();
    if (auto wrong = co_await publish_message(exchange.services, exchange.caller, message)) co_return std::move(*wrong);
    co_await watch->begin(message.repeated);
    if (!want.stream)
        co_return co_await whole_completion(
            exchange, std::move(watch), message.ids, message.client_message_id, want.model);
    streamed out;
    out.head.content_type = "text/event-stream; charset=utf-8";
    out.body = std::make_unique<chunks>(std::move(watch), "chatcmpl-" + message.ids.generation.text(), want.model,
        unix_seconds(exchange.request.arrived), want.with_usage);
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
    std::string list;
    const auto rows = exchange.services.catalogue.rows();
    for (const auto& m : rows->models)
        if (m.min_rank <= exchange.caller->rank) list += (list.empty() ? "" : ",") + model_json(m);
    co_return answer(bare(json::object().add("object", "list").add_raw("data", "[" + list + "]").text()));
}

awaitable<route_result> one_model(exchange& exchange) {
    const auto rows = exchange.services.catalogue.rows();
    for (const auto& m : rows->models)
        if (m.name == exchange.path.front() && m.min_rank <= exchange.caller->rank)
            co_return answer(bare(model_json(m)));
    co_return refuse(404, "model_not_found",
        fmt::format("the model '{}' does not exist or you do not have access to it", exchange.path.front()));
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/chat/completions",
        .name = "openai.completions",
        .group = "chat",
        .run = completions,
        .body_limit = completion_body,
        .answers = "ChatCompletion",
        .media = "text/event-stream",
        .also = "402 404 409",
        .about = "OpenAI's chat completions, streamed or not",
        .as_openai = true},
    route{.method = verb::get,
        .path = "/models",
        .name = "openai.models",
        .run = models,
        .answers = "OpenAIModels",
        .about = "OpenAI's list of models: the plan's",
        .as_openai = true},
    route{.method = verb::get,
        .path = "/models/{model}",
        .name = "openai.model",
        .run = one_model,
        .answers = "OpenAIModel",
        .about = "One model, as OpenAI tells of it",
        .as_openai = true},
};

}  // namespace

const std::span<const route> openai{rows};

}  // namespace airi::gateway::routes
