// Requests of the OpenAI-compatible routes, and their streams read back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

namespace airi::test {

inline constexpr auto path = "/v1/chat/completions";

inline std::string body_with(std::string_view more, std::string_view messages = R"([{"role":"user","content":"hi"}])") {
    return R"({"model":"gpt-mini","messages":)" + std::string(messages) + std::string(more) + "}";
}

inline std::string read_all(gateway_fixture& h, gateway::answer from) {
    REQUIRE(std::holds_alternative<gateway::streamed>(from));
    auto& stream = std::get<gateway::streamed>(from);
    std::string out;
    for (auto part = h.io.run(stream.body->next()); !part.empty(); part = h.io.run(stream.body->next())) out += part;
    return out;
}

// The JSON documents of a stream's events, in order, without [DONE].
inline std::vector<json::document> events_of(const std::string& stream) {
    std::vector<json::document> out;
    for (std::size_t at = 0; at < stream.size();) {
        const auto end = stream.find("\n\n", at);
        REQUIRE(end != std::string::npos);
        const auto event = stream.substr(at, end - at);
        at = end + 2;
        if (!event.starts_with("data: ") || event == "data: [DONE]") continue;
        auto parsed = json::document::parse(event.substr(6));
        REQUIRE(parsed);
        out.push_back(std::move(*parsed));
    }
    return out;
}

inline json::value first_choice(const json::document& of) {
    json::value out;
    of.root()["choices"].each([&](json::value c) {
        if (!out.exists()) out = c;
    });
    return out;
}

}  // namespace airi::test
