#include "gateway/api/asyncapi.hpp"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "events/frames/schema.hpp"
#include "events/schema.hpp"
#include "events/topics.hpp"
#include "gateway/api/api_schemas.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view in_schemas = "#/$defs/", in_document = "#/components/schemas/";

std::string reference(std::string_view to) { return fmt::format(R"({{"$ref":"{}"}})", to); }

// The schemas of the document, by name; what they refer to comes with them.
class schemas {
public:
    void add(std::string_view name, std::string text) {
        if (found_.contains(name)) return;
        std::vector<std::string> needed;
        for (auto at = text.find(in_schemas); at != text.npos; at = text.find(in_schemas, at + in_document.size())) {
            needed.push_back(text.substr(at + in_schemas.size(), text.find('"', at) - at - in_schemas.size()));
            text.replace(at, in_schemas.size(), in_document);
        }
        found_.emplace(name, std::move(text));
        for (const auto& one : needed) add(one, all_->root()["$defs"][one].text());
    }

    std::string text() const {
        json::object out;
        for (const auto& [name, text] : found_) out.add_raw(name, text);
        return out.text();
    }

private:
    result<json::document> all_ = json::document::parse(api_schemas());
    std::map<std::string, std::string, std::less<>> found_;
};

struct parts {
    json::object channels, operations, messages;
    schemas used;
};

std::string operation(
    std::string_view action, std::string_view channel, std::string_view summary, std::string_view messages) {
    return json::object()
        .add("action", action)
        .add_raw("channel", reference(fmt::format("#/channels/{}", channel)))
        .add("summary", summary)
        .add_raw("messages", messages)
        .text();
}

void add_frames(parts& to) {
    json::object of_channel;
    std::string from_client, from_server;
    for (const auto& frame : events::frame_schemas()) {
        to.used.add(frame.name, json::document::parse(frame.text)->root().text());
        to.messages.add_raw(frame.name, json::object()
                                            .add("name", frame.type)
                                            .add("summary", frame.summary)
                                            .add_raw("payload", reference(std::string(in_document) + frame.name))
                                            .text());
        of_channel.add_raw(frame.name, reference(fmt::format("#/components/messages/{}", frame.name)));
        auto& list = frame.from_client ? from_client : from_server;
        list += (list.empty() ? "" : ",") + reference(fmt::format("#/channels/socket/messages/{}", frame.name));
    }
    to.channels.add_raw("socket", json::object()
                                      .add("address", "/ws")
                                      .add("title", "WebSocket")
                                      .add("description",
                                          "Send the token as Authorization: Bearer, or as the subprotocols airi.v1, "
                                          "bearer.<token>. Messages are JSON text.")
                                      .add_raw("servers", "[" + reference("#/servers/gateway") + "]")
                                      .add_raw("messages", of_channel.text())
                                      .text());
    to.operations.add_raw(
        "receive_frame", operation("receive", "socket", "Frames from clients", "[" + from_client + "]"));
    to.operations.add_raw("send_frame", operation("send", "socket", "Frames to clients", "[" + from_server + "]"));
}

void add_topic(parts& to, const std::string& address, const std::string& topic, std::string_view description) {
    to.channels.add_raw(address,
        json::object()
            .add("address", address)
            .add("description", description)
            .add_raw("servers", "[" + reference("#/servers/kafka") + "]")
            .add_raw("messages",
                json::object().add_raw(topic, reference(fmt::format("#/components/messages/{}", topic))).text())
            .text());
    const auto messages = fmt::format("[{}]", reference(fmt::format("#/channels/{}/messages/{}", address, topic)));
    to.operations.add_raw("send_" + address, operation("send", address, "Publish events", messages));
    if (!address.ends_with(events::dead_letter_suffix))
        to.operations.add_raw("receive_" + address, operation("receive", address, "Consume events", messages));
}

// Each event with its topic and the two beside it; CloudEvents 1.0 in binary mode.
void add_topics(parts& to) {
    constexpr std::string_view headers =
        R"({"type":"object","required":["ce_id","ce_source","ce_specversion","ce_type","ce_time","content-type"],)"
        R"("properties":{)"
        R"("ce_id":{"type":"string","format":"uuid"},"ce_source":{"type":"string"},"ce_specversion":{"const":"1.0"},)"
        R"("ce_type":{"type":"string"},)"
        R"("ce_time":{"type":"string","format":"date-time"},"content-type":{"const":"application/json"},)"
        R"("traceparent":{"type":"string"},)"
        R"("x-request-id":{"type":"string"}}})";
    for (const auto& [file, schema] : events::schemas()) {
        const auto topic = file.substr(0, file.size() - std::string_view(".json").size());
        const auto payload = json::document::parse(schema);
        to.messages.add_raw(topic, json::object()
                                       .add("name", topic)
                                       .add("contentType", "application/json")
                                       .add_raw("headers", headers)
                                       .add_raw("payload", payload->root().text())
                                       .text());
        add_topic(to, topic, topic, "The event");
        add_topic(to, topic + events::retry_suffix, topic, "The event, to be retried");
        add_topic(to, topic + events::dead_letter_suffix, topic,
            "The failed event as received; kafka_dlt-* headers give the reason");
    }
}

std::string make() {
    parts of;
    add_frames(of);
    add_topics(of);
    return json::object()
        .add("asyncapi", "3.0.0")
        .add_raw("info", R"({"title":"airi","version":"1.0.0",)"
                         R"("description":"WebSocket frames and Kafka topics."})")
        .add("defaultContentType", "application/json")
        .add_raw("servers", R"({"gateway":{"host":"{host}","protocol":"ws",)"
                            R"("variables":{"host":{"description":"The host that served this document."}}},)"
                            R"("kafka":{"host":"{brokers}","protocol":"kafka",)"
                            R"("variables":{"brokers":{"description":"KAFKA_BROKERS"}}}})")
        .add_raw("channels", of.channels.text())
        .add_raw("operations", of.operations.text())
        .add_raw("components",
            json::object().add_raw("schemas", of.used.text()).add_raw("messages", of.messages.text()).text())
        .text();
}

}  // namespace

const std::string& asyncapi_document() {
    static const std::string text = make();
    return text;
}

}  // namespace airi::gateway
