#include "tests/support/stub_provider/answer.hpp"

#include <optional>
#include <string>
#include <utility>

#include "tests/support/stub_provider/catalogue.hpp"
#include "tests/support/stub_provider/chat_request.hpp"
#include "tests/support/stub_provider/moderation.hpp"
#include "tests/support/stub_provider/perform.hpp"
#include "tests/support/stub_provider/refusal.hpp"
#include "tests/support/stub_provider/response_head.hpp"

namespace airi::stub_provider {
namespace {

struct credentials {
    bool present = false;  // the header is present
    bool usable = false;   // and not empty
};

credentials credentials_of(const http_request& request, provider vendor) {
    const auto bearer = [&request]() -> credentials {
        std::string_view value = request.field("authorization");
        if (value.empty()) return {};
        const bool named = value.starts_with("Bearer") || value.starts_with("bearer");
        if (named) value.remove_prefix(6);
        return {.present = true, .usable = named && !trimmed(value).empty()};
    };
    const auto key = [&request](std::string_view name) -> credentials {
        for (const auto& [field, value] : request.fields) {
            if (field == name) return {.present = true, .usable = !value.empty()};
        }
        return {};
    };
    switch (vendor) {
        case provider::azure: {
            const credentials own = key("api-key");
            return own.present ? own : bearer();
        }
        case provider::anthropic: {
            const credentials own = key("x-api-key");
            return own.present ? own : bearer();
        }
        default: return bearer();
    }
}

// The checks between a request and a response, in the order in which providers make them.
std::optional<refusal> gate(const http_request& request, const route& target, const credentials& credential) {
    if (target.what == operation::unknown) return not_found(target.vendor, request.method, request.path);
    const bool post = target.what == operation::chat || target.what == operation::moderations;
    if (request.method != (post ? "POST" : "GET")) {
        return refusal{.status = 405,
            .type = "invalid_request_error",
            .code = "method_not_supported",
            .message = "Not allowed to " + request.method + " on " + request.path + "."};
    }
    if (target.vendor != provider::ollama && !credential.usable) return unauthorised(target.vendor, credential.present);
    if (target.vendor == provider::azure && query_value(request.query, "api-version").empty())
        return missing_version(target.vendor);
    if (target.vendor == provider::anthropic && request.field("anthropic-version").empty())
        return missing_version(target.vendor);
    return std::nullopt;
}

script script_of(
    const http_request& request, std::string_view model_words, std::string_view last_user, provider vendor) {
    script plan;
    add_words(plan, model_words, vendor);
    add_words(plan, request.field("x-stub"), vendor);
    add_markers(plan, last_user, vendor);
    return plan;
}

// A scripted fault ends after its `times`, which are counted by provider, script and user message.
void spend_times(script& plan, provider vendor, std::string_view last_user, journal& records) {
    if (plan.times < 0) return;
    std::string text(name_of(vendor));
    text.append("\n").append(plan.text).append("\n").append(last_user);
    if (records.count(text) >= static_cast<std::uint64_t>(plan.times)) plan.behave();
}

struct refused {
    refusal what;
    route target;
    std::string request_id;
    script plan;
    bool keep_alive;
};

awaitable<outcome> refuse(connection& client, refused r) {
    if (r.plan.first_ms > 0) {
        client.watch();
        co_await client.sleep_until(steady_clock::now() + std::chrono::milliseconds(r.plan.first_ms));
        if (client.alive()) client.unwatch();
    }
    const refusal_body body = body_of(r.what, r.target.vendor, r.target.ndjson, r.request_id);
    std::string bytes = spelled({.status = r.what.status,
                                    .content_type = body.content_type,
                                    .length = body.text.size(),
                                    .keep_alive = r.keep_alive,
                                    .request_id = r.request_id},
        r.target.vendor, r.plan);
    bytes += body.text;
    const bool sent = co_await client.send(bytes);
    co_return outcome{.status = r.what.status, .client_gone = !sent, .keep_alive = r.keep_alive};
}

awaitable<bool> answer_control(connection& client, const http_request& request, const route& target, journal& records) {
    int status = 200;
    std::string body;
    const bool post = request.method == "POST";
    if (target.what == operation::control_requests && !post) {
        body = records.requests_json(
            query_value(request.query, "provider"), percent_decoded(query_value(request.query, "contains")));
    } else if (target.what == operation::control_moderations && !post) {
        body = records.moderations_json(percent_decoded(query_value(request.query, "contains")));
    } else if (target.what == operation::control_stats && !post) {
        body = records.stats_json();
    } else if (target.what == operation::control_reset && post) {
        records.reset();
        body = "{\"reset\":true}\n";
    } else {
        status = target.what == operation::unknown ? 404 : 405;
        body = "{\"error\":\"no such address of the stub provider\"}\n";
    }
    const bool sent = co_await client.send(control_head(status, body.size(), request.keep_alive) + body);
    co_return sent&& request.keep_alive;
}

awaitable<bool> answer_catalogue(connection& client, const http_request& request, const route& target) {
    const credentials credential = credentials_of(request, target.vendor);
    const script plan = script_of(request, "", "", target.vendor);
    const std::string request_id = fresh_request_id(target.vendor);
    auto wrong = gate(request, target, credential);
    if (!wrong && plan.status >= 400) wrong = scripted(target.vendor, plan.status, "", plan.code);
    if (wrong) co_return (co_await refuse(client, {*wrong, target, request_id, plan, request.keep_alive})).keep_alive;
    const std::string body = catalogue_json(target);
    const std::string head = spelled(
        {.length = body.size(), .keep_alive = request.keep_alive, .request_id = request_id}, target.vendor, plan);
    const bool sent = co_await client.send(head + body);
    co_return sent&& request.keep_alive;
}

awaitable<bool> answer_moderation(
    connection& client, const http_request& request, const route& target, journal& records) {
    auto wrong = gate(request, target, credentials_of(request, target.vendor));
    auto asked = parse_moderation(request.body);
    const auto first = asked.texts.empty() ? std::string{} : asked.texts.front();
    auto& plan = asked.plan;
    spend_times(plan, target.vendor, first, records);
    if (!asked.valid && !wrong) wrong = bad_body(target.vendor, body_fault::not_json);
    if (!plan.mistake.empty() && !wrong) wrong = mistaken(plan.mistake);
    if (plan.status >= 400 && !wrong) wrong = scripted(target.vendor, plan.status, asked.model, plan.code);
    records.add_moderation(first, asked.texts.size(), wrong ? wrong->status : 200);
    const std::string request_id = fresh_request_id(target.vendor);
    if (wrong) co_return (co_await refuse(client, {*wrong, target, request_id, plan, request.keep_alive})).keep_alive;
    client.watch();
    if (plan.has(fault::no_headers))
        co_await client.until_gone();
    else if (plan.first_ms > 0)
        co_await client.sleep_until(steady_clock::now() + std::chrono::milliseconds(plan.first_ms));
    if (!client.alive()) co_return false;
    client.unwatch();
    std::string body = moderation_json(asked, "modr-" + fresh_hex(24));
    if (plan.has(fault::garbage)) body.resize(body.size() / 2);
    const bool half = plan.has(fault::close);
    const std::string head = spelled(
        {.length = body.size(), .keep_alive = request.keep_alive, .request_id = request_id}, target.vendor, plan);
    if (half) body.resize(body.size() / 2);
    const bool sent = co_await client.send(head + body);
    co_return sent&& request.keep_alive && !half;
}

awaitable<bool> answer_chat(connection& client, const http_request& request, const route& target, journal& records) {
    const credentials credential = credentials_of(request, target.vendor);
    std::optional<refusal> wrong = gate(request, target, credential);
    parsed_body parsed;
    if (!wrong) {
        parsed = parse_chat(request.body, target);
        if (parsed.wrong != body_fault::none) wrong = bad_body(target.vendor, parsed.wrong);
    }
    const chat_request& asked = parsed.asked;
    const named_script named = split_model(asked.model);
    script plan = script_of(request, named.words, asked.last_user, target.vendor);
    if (!wrong && !plan.any_model && !knows_model(target.vendor, named.model))
        wrong = scripted(target.vendor, 404, named.model, "");
    spend_times(plan, target.vendor, asked.last_user, records);
    if (asked.has_results) plan.calls = 0;
    if (plan.calls > 0 && asked.tools.empty()) plan.mistake = "calls without tools";
    auto tools = asked.tools;
    if (plan.calls > 0 && !plan.tool.empty()) {
        if (std::ranges::find(tools, plan.tool) == tools.end()) plan.mistake = "no tool " + plan.tool;
        tools = {plan.tool};
    }
    if (!wrong && !plan.mistake.empty()) wrong = mistaken(plan.mistake);
    if (!wrong && plan.status >= 400) wrong = scripted(target.vendor, plan.status, named.model, plan.code);

    const auto began = wall_clock::now();
    const record_key which = records.begin({.vendor = target.vendor,
        .path = request.path,
        .model = named.model,
        .script = plan.text,
        .last_user = asked.last_user,
        .system = asked.system,
        .messages = asked.messages,
        .prompt_tokens = asked.prompt_words,
        .max_tokens = asked.max_tokens,
        .parameters = asked.parameters,
        .results = asked.results,
        .stream = asked.stream,
        .authorization = credential.usable,
        .started = began});
    const std::string request_id = fresh_request_id(target.vendor);
    outcome end;
    if (wrong) {
        end = co_await refuse(client, {*wrong, target, request_id, plan, request.keep_alive});
    } else {
        exchange what{.vendor = target.vendor,
            .ndjson = target.ndjson,
            .plan = plan,
            .model = named.model,
            .request_id = request_id,
            .prompt_tokens = asked.prompt_words,
            .include_usage = asked.include_usage,
            .says = reply(plan, asked.last_user),
            .calls = call_plan(plan.calls, std::move(tools), plan.argument, plan.arguments),
            .began = began};
        if (plan.obey_max_tokens && asked.max_tokens > 0) what.says.cut_to(asked.max_tokens);
        if (asked.stream) {
            end = co_await perform_stream(client, what, records, which, request.keep_alive);
        } else {
            end = co_await perform_whole(client, what, request.keep_alive);
        }
    }
    records.finish(which, end.status, end.tokens_sent, end.client_gone);
    co_return end.keep_alive&& client.alive();
}

}  // namespace

awaitable<void> serve(std::shared_ptr<connection> client, journal* records) {
    http_request request;
    while (true) {
        const auto got = co_await client->read(request);
        if (got == connection::got::end) break;
        if (got == connection::got::nonsense) {
            co_await client->send(control_head(400, 0, false));
            break;
        }
        const route target = route_of(request.path);
        bool more = false;
        if (target.control) {
            more = co_await answer_control(*client, request, target, *records);
        } else if (target.what == operation::models || target.what == operation::tags ||
                   target.what == operation::version) {
            more = co_await answer_catalogue(*client, request, target);
        } else if (target.what == operation::moderations) {
            more = co_await answer_moderation(*client, request, target, *records);
        } else {
            more = co_await answer_chat(*client, request, target, *records);
        }
        if (!more) break;
    }
    client->close();
}

}  // namespace airi::stub_provider
