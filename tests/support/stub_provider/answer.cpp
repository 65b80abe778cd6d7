#include "tests/support/stub_provider/answer.hpp"

#include <optional>
#include <string>
#include <utility>

#include "tests/support/stub_provider/catalogue.hpp"
#include "tests/support/stub_provider/chat_request.hpp"
#include "tests/support/stub_provider/perform.hpp"
#include "tests/support/stub_provider/refusal.hpp"
#include "tests/support/stub_provider/response_head.hpp"

namespace airi::stub_provider {
namespace {

struct credentials {
    bool present = false;  // the header is present
    bool usable = false;   // and not empty
};

credentials credentials_of(const http_request& in, provider from) {
    const auto bearer = [&in]() -> credentials {
        std::string_view value = in.field("authorization");
        if (value.empty()) return {};
        const bool named = value.starts_with("Bearer") || value.starts_with("bearer");
        if (named) value.remove_prefix(6);
        return {.present = true, .usable = named && !trimmed(value).empty()};
    };
    const auto key = [&in](std::string_view name) -> credentials {
        for (const auto& [field, value] : in.fields) {
            if (field == name) return {.present = true, .usable = !value.empty()};
        }
        return {};
    };
    switch (from) {
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
std::optional<refusal> gate(const http_request& in, const route& to, const credentials& who) {
    if (to.what == operation::unknown) return not_found(to.from, in.method, in.path);
    const bool post = to.what == operation::chat;
    if (in.method != (post ? "POST" : "GET")) {
        return refusal{.status = 405,
            .type = "invalid_request_error",
            .code = "method_not_supported",
            .message = "Not allowed to " + in.method + " on " + in.path + "."};
    }
    if (to.from != provider::ollama && !who.usable) return unauthorised(to.from, who.present);
    if (to.from == provider::azure && query_value(in.query, "api-version").empty()) return missing_version(to.from);
    if (to.from == provider::anthropic && in.field("anthropic-version").empty()) return missing_version(to.from);
    return std::nullopt;
}

script script_of(const http_request& in, std::string_view model_words, std::string_view last_user, provider from) {
    script how;
    add_words(how, model_words, from);
    add_words(how, in.field("x-stub"), from);
    add_markers(how, last_user, from);
    return how;
}

// A scripted fault ends after its `times`, which are counted by provider, script and user message.
void spend_times(script& how, provider from, std::string_view last_user, journal& book) {
    if (how.times < 0) return;
    std::string text(name_of(from));
    text.append("\n").append(how.text).append("\n").append(last_user);
    if (book.count(text) >= static_cast<std::uint64_t>(how.times)) how.behave();
}

struct refused {
    refusal what;
    route to;
    std::string request_id;
    script how;
    bool keep_alive;
};

awaitable<outcome> refuse(connection& client, refused r) {
    if (r.how.first_ms > 0) {
        client.watch();
        co_await client.sleep_until(steady_clock::now() + std::chrono::milliseconds(r.how.first_ms));
        if (client.alive()) client.unwatch();
    }
    const refusal_body body = body_of(r.what, r.to.from, r.to.ndjson, r.request_id);
    std::string bytes = spelled({.status = r.what.status,
                                    .content_type = body.content_type,
                                    .length = body.text.size(),
                                    .keep_alive = r.keep_alive,
                                    .request_id = r.request_id},
        r.to.from, r.how);
    bytes += body.text;
    const bool sent = co_await client.send(bytes);
    co_return outcome{.status = r.what.status, .client_gone = !sent, .keep_alive = r.keep_alive};
}

awaitable<bool> answer_control(connection& client, const http_request& in, const route& to, journal& book) {
    int status = 200;
    std::string body;
    const bool post = in.method == "POST";
    if (to.what == operation::control_requests && !post) {
        body =
            book.requests_json(query_value(in.query, "provider"), percent_decoded(query_value(in.query, "contains")));
    } else if (to.what == operation::control_stats && !post) {
        body = book.stats_json();
    } else if (to.what == operation::control_reset && post) {
        book.reset();
        body = "{\"reset\":true}\n";
    } else {
        status = to.what == operation::unknown ? 404 : 405;
        body = "{\"error\":\"no such address of the stub provider\"}\n";
    }
    const bool sent = co_await client.send(control_head(status, body.size(), in.keep_alive) + body);
    co_return sent&& in.keep_alive;
}

awaitable<bool> answer_catalogue(connection& client, const http_request& in, const route& to) {
    const credentials who = credentials_of(in, to.from);
    const script how = script_of(in, "", "", to.from);
    const std::string request_id = fresh_request_id(to.from);
    auto wrong = gate(in, to, who);
    if (!wrong && how.status >= 400) wrong = scripted(to.from, how.status, "", how.code);
    if (wrong) co_return (co_await refuse(client, {*wrong, to, request_id, how, in.keep_alive})).keep_alive;
    const std::string body = catalogue_json(to);
    const std::string head =
        spelled({.length = body.size(), .keep_alive = in.keep_alive, .request_id = request_id}, to.from, how);
    const bool sent = co_await client.send(head + body);
    co_return sent&& in.keep_alive;
}

awaitable<bool> answer_chat(connection& client, const http_request& in, const route& to, journal& book) {
    const credentials who = credentials_of(in, to.from);
    std::optional<refusal> wrong = gate(in, to, who);
    parsed_body parsed;
    if (!wrong) {
        parsed = parse_chat(in.body, to);
        if (parsed.wrong != body_fault::none) wrong = bad_body(to.from, parsed.wrong);
    }
    const chat_request& asked = parsed.asked;
    const named_script named = split_model(asked.model);
    script how = script_of(in, named.words, asked.last_user, to.from);
    spend_times(how, to.from, asked.last_user, book);
    if (!wrong && !how.mistake.empty()) wrong = mistaken(how.mistake);
    if (!wrong && how.status >= 400) wrong = scripted(to.from, how.status, named.model, how.code);

    const auto began = wall_clock::now();
    const record_key which = book.begin({.from = to.from,
        .path = in.path,
        .model = named.model,
        .script = how.text,
        .last_user = asked.last_user,
        .system = asked.system,
        .messages = asked.messages,
        .prompt_tokens = asked.prompt_words,
        .stream = asked.stream,
        .authorization = who.usable,
        .started = began});
    const std::string request_id = fresh_request_id(to.from);
    outcome end;
    if (wrong) {
        end = co_await refuse(client, {*wrong, to, request_id, how, in.keep_alive});
    } else {
        exchange what{.from = to.from,
            .ndjson = to.ndjson,
            .how = how,
            .model = named.model,
            .request_id = request_id,
            .prompt_tokens = asked.prompt_words,
            .include_usage = asked.include_usage,
            .says = reply(how, asked.last_user),
            .began = began};
        if (how.obey_max_tokens && asked.max_tokens > 0) what.says.cut_to(asked.max_tokens);
        if (asked.stream) {
            end = co_await perform_stream(client, what, book, which, in.keep_alive);
        } else {
            end = co_await perform_whole(client, what, in.keep_alive);
        }
    }
    book.finish(which, end.status, end.tokens_sent, end.client_gone);
    co_return end.keep_alive&& client.alive();
}

}  // namespace

awaitable<void> serve(std::shared_ptr<connection> client, journal* book) {
    http_request in;
    while (true) {
        const auto got = co_await client->read(in);
        if (got == connection::got::end) break;
        if (got == connection::got::nonsense) {
            co_await client->send(control_head(400, 0, false));
            break;
        }
        const route to = route_of(in.path);
        bool more = false;
        if (to.control) {
            more = co_await answer_control(*client, in, to, *book);
        } else if (to.what == operation::models || to.what == operation::tags || to.what == operation::version) {
            more = co_await answer_catalogue(*client, in, to);
        } else {
            more = co_await answer_chat(*client, in, to, *book);
        }
        if (!more) break;
    }
    client->close();
}

}  // namespace airi::stub_provider
