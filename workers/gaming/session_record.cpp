#include "workers/gaming/session_record.hpp"

#include "events/codec.hpp"
#include "platform/base/json.hpp"

namespace airi::workers::gaming {
namespace {

constexpr events::field_rules any_length{.max_length = most_recorded};

struct words_fields {
    std::string player, said, code;
    bool may_command = false, blocked = false;
    instant at;

    static constexpr auto topic = events::gaming_changed::topic;
    static constexpr auto fields = std::tuple{
        events::field("player", &words_fields::player, any_length),
        events::field("text", &words_fields::said, any_length),
        events::field("code", &words_fields::code),
        events::field("may_command", &words_fields::may_command),
        events::field("blocked", &words_fields::blocked),
        events::field("at", &words_fields::at),
    };
};

struct command_fields {
    std::string origin, verb;
    events::json_text arguments;
    std::string tool, tool_arguments;
    bool blocked = false;
    std::string error, mistake;
    events::json_text lines;
    std::int64_t blocks = 0;
    events::json_text result;

    static constexpr auto topic = events::gaming_changed::topic;
    static constexpr auto fields = std::tuple{
        events::field("origin", &command_fields::origin),
        events::field("verb", &command_fields::verb),
        events::field("arguments", &command_fields::arguments, any_length),
        events::field("tool", &command_fields::tool),
        events::field("tool_arguments", &command_fields::tool_arguments, any_length),
        events::field("blocked", &command_fields::blocked),
        events::field("error", &command_fields::error),
        events::field("mistake", &command_fields::mistake, any_length),
        events::field("lines", &command_fields::lines, any_length),
        events::field("blocks", &command_fields::blocks),
        events::field("result", &command_fields::result, any_length),
    };
};

}  // namespace

std::string words_record::text() const {
    return events::encode(words_fields{said.player, said.text, said.code, said.may_command, said.blocked, said.at});
}

result<words_record> words_record::read(std::string_view json) {
    auto read = events::decode<words_fields>(json);
    if (!read) return read.error();
    return words_record{{std::move(read->player), std::move(read->said), std::move(read->code), read->may_command,
        read->blocked, read->at}};
}

std::string command_record::text() const {
    json::array lines;
    for (const auto& line : decided.lines) lines.add(line);
    return events::encode(command_fields{origin, verb, {arguments}, tool, tool_arguments, blocked, decided.error,
        decided.mistake, {lines.text()}, decided.blocks, {result}});
}

airi::result<command_record> command_record::read(std::string_view json) {
    auto read = events::decode<command_fields>(json);
    if (!read) return read.error();
    command_record out{std::move(read->origin), std::move(read->verb), std::move(read->arguments.text),
        std::move(read->tool), std::move(read->tool_arguments), read->blocked,
        {std::move(read->error), std::move(read->mistake), {}, static_cast<int>(read->blocks)},
        std::move(read->result.text)};
    if (const auto lines = json::document::parse(read->lines.text))
        lines->root().each([&](json::value line) { out.decided.lines.emplace_back(line.string().value_or("")); });
    return out;
}

std::string seal_record(const events::gaming_changed& event, std::string_view text, const seal::key& key) {
    return text.size() > most_recorded ? std::string{} : seal::seal(key, text, event.place());
}

}  // namespace airi::workers::gaming
