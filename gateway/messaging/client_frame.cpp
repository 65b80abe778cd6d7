#include "gateway/messaging/client_frame.hpp"

#include "gateway/http/json_checks.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {
namespace {

template <class Id>
std::variant<Id, problem> id_of(json::value data, std::string_view name) {
    const auto found = Id::parse(data[name].string().value_or(""));
    if (!found) return invalid("/data/" + std::string(name), "a UUID");
    return *found;
}

std::variant<client_frame, problem> read_send(json::value data) {
    for (const std::string_view name : {"conversation_id", "content", "client_message_id", "model", "companion_id"})
        if (const auto member = data[name]; member.exists() && !member.is_null() && !member.string())
            return invalid("/data/" + std::string(name), "a string");
    const auto text = [&](std::string_view name) { return std::string(data[name].string().value_or("")); };
    client_send out;
    out.order.content = text("content");
    out.order.client_message_id = text("client_message_id");
    out.order.model = text("model");
    if (out.order.client_message_id.empty()) return invalid("/data/client_message_id", "an id of your own is needed");
    if (const auto given = text("conversation_id"); !given.empty()) {
        out.order.conversation = conversation_id::parse(given);
        if (!out.order.conversation) return invalid("/data/conversation_id", "a UUID");
    }
    if (const auto given = text("companion_id"); !given.empty()) {
        out.order.companion = companion_id::parse(given);
        if (!out.order.companion) return invalid("/data/companion_id", "a UUID");
    }
    return client_frame{std::move(out)};
}

std::variant<client_frame, problem> read_resume(json::value data) {
    auto generation = id_of<generation_id>(data, "generation_id");
    if (auto* wrong = std::get_if<problem>(&generation)) return std::move(*wrong);
    const auto epoch = data["epoch"].integer(), offset = data["offset"].integer();
    if (!epoch || !offset || *epoch < 0 || *offset < -1) return invalid("/data", "epoch and offset are whole numbers");
    client_resume out{std::get<0>(generation), std::nullopt};
    if (*offset >= 0) out.seen = events::position{*epoch, *offset};
    return client_frame{out};
}

std::optional<problem> refuse_unknown_data(std::string_view type, json::value data) {
    constexpr std::string_view at = "/data";
    if (type == "message_send")
        return refuse_unknown(
            data, {"conversation_id", "content", "client_message_id", "model", "companion_id", "attachments"}, at);
    if (type == "resume") return refuse_unknown(data, {"generation_id", "epoch", "offset"}, at);
    if (type == "message_cancel") return refuse_unknown(data, {"generation_id"}, at);
    if (type == "subscribe" || type == "unsubscribe") return refuse_unknown(data, {"channel"}, at);
    if (type == "typing_start" || type == "typing_stop") return refuse_unknown(data, {"conversation_id"}, at);
    return std::nullopt;
}

std::variant<client_frame, problem> read_data(std::string_view type, json::value data) {
    if (auto wrong = refuse_unknown_data(type, data)) return std::move(*wrong);
    if (type == "ping") return client_frame{client_ping{}};
    if (type == "message_send") return read_send(data);
    if (type == "resume") return read_resume(data);
    if (type == "message_cancel") {
        auto generation = id_of<generation_id>(data, "generation_id");
        if (auto* wrong = std::get_if<problem>(&generation)) return std::move(*wrong);
        return client_frame{client_cancel{std::get<0>(generation)}};
    }
    if (type == "subscribe" || type == "unsubscribe") {
        const auto channel = data["channel"].string();
        if (!channel || channel->empty() || channel->size() > 100)
            return invalid("/data/channel", "the name of a channel");
        return client_frame{client_channel{std::string(*channel), type == "subscribe"}};
    }
    if (type == "typing_start" || type == "typing_stop") {
        auto conversation = id_of<conversation_id>(data, "conversation_id");
        if (auto* wrong = std::get_if<problem>(&conversation)) return std::move(*wrong);
        return client_frame{client_typing{std::get<0>(conversation), type == "typing_start"}};
    }
    return problem{400, "UNKNOWN_TYPE", "no such frame type"};
}

}  // namespace

read_frame read_client_frame(std::string_view text) {
    const auto parsed = json::document::parse(text);
    if (!parsed) return {{}, bad_request("the frame is " + parsed.error().message())};
    const auto root = parsed->root();
    if (root.type() != json::kind::object) return {{}, bad_request("a frame is a JSON object")};
    auto ref = std::string(root["id"].string().value_or("").substr(0, 100));
    if (auto wrong = refuse_nul(text, root)) return {std::move(ref), std::move(*wrong)};
    if (auto wrong = refuse_unknown(root, {"type", "id", "data"})) return {std::move(ref), std::move(*wrong)};
    const auto type = root["type"].string();
    if (!type) return {std::move(ref), invalid("/type", "a frame needs a type")};
    return {std::move(ref), read_data(*type, root["data"])};
}

std::string server_frame(std::string_view type, std::string_view data, std::string_view ref) {
    json::object out;
    out.add("type", type);
    if (!ref.empty()) out.add("id", ref);
    return out.add_raw("data", data).text();
}

std::string error_frame(const problem& p, std::string_view ref) {
    json::object data;
    data.add("code", p.code).add("message", p.message).add_raw("details", p.details);
    if (p.retry_after) data.add("retry_after", *p.retry_after);
    data.add("ref", ref.empty() ? std::nullopt : std::optional(std::string(ref)));
    return server_frame("error", data.text());
}

}  // namespace airi::gateway
