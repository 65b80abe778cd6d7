#include "tests/support/stub_provider/moderation.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <simdjson.h>

#include "tests/support/stub_provider/text.hpp"

namespace airi::stub_provider {
namespace {

using simdjson::dom::element;

constexpr std::string_view marker_begin = "[[moderation";
constexpr std::string_view marker_end = "]]";
constexpr double lowest = 0.00001, flagged_from = 0.5;

constexpr std::array<std::string_view, 13> categories{"harassment", "harassment/threatening", "hate",
    "hate/threatening", "illicit", "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent",
    "sexual", "sexual/minors", "violence", "violence/graphic"};

using scores = std::map<std::string, double, std::less<>>;

std::optional<double> number_in(std::string_view text) {
    double out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

// A word is a key of scripts, the number of lacking results, or the score of a category.
void add_word(moderation_request& asked, scores& found, std::string_view word) {
    const auto equals = std::min(word.find('='), word.size());
    const auto key = word.substr(0, equals);
    const auto number = number_in(word.substr(std::min(equals + 1, word.size())));
    if (key == "lacks" && number) {
        asked.lacks = static_cast<std::size_t>(*number);
        return;
    }
    script checked;
    add_words(checked, word, provider::openai);
    if (checked.mistake.empty() || !number) {
        add_words(asked.plan, word, provider::openai);
        return;
    }
    std::string category(key);
    if (key == "sh" || key.starts_with("sh/")) category.replace(0, 2, "self-harm");
    found.insert_or_assign(std::move(category), *number);
}

scores read_markers(moderation_request& asked, std::string_view text) {
    scores out;
    for (const auto category : categories) out.emplace(category, lowest);
    for (auto begin = text.find(marker_begin); begin != std::string_view::npos;) {
        begin += marker_begin.size();
        const auto end = text.find(marker_end, begin);
        if (end == std::string_view::npos) break;
        for (const auto word : words_of(text.substr(begin, end - begin))) add_word(asked, out, word);
        begin = text.find(marker_begin, end);
    }
    return out;
}

std::string result_json(const scores& of) {
    std::string flags, values;
    bool flagged = false;
    for (const auto& [category, score] : of) {
        const bool above = score >= flagged_from;
        flagged = flagged || above;
        const auto comma = flags.empty() ? "" : ",";
        flags += fmt::format("{}{}:{}", comma, json_string(category), above);
        values += fmt::format("{}{}:{}", comma, json_string(category), score);
    }
    return fmt::format(R"({{"flagged":{},"categories":{{{}}},"category_scores":{{{}}}}})", flagged, flags, values);
}

}  // namespace

moderation_request parse_moderation(std::string_view body) {
    moderation_request out;
    simdjson::dom::parser parser;
    element root;
    if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return out;
    std::string_view text;
    out.model = root["model"].get(text) == simdjson::SUCCESS ? text : "omni-moderation-latest";
    simdjson::dom::array list;
    if (root["input"].get(text) == simdjson::SUCCESS) {
        out.texts.emplace_back(text);
    } else if (root["input"].get(list) == simdjson::SUCCESS) {
        for (const element one : list)
            if (one.get(text) == simdjson::SUCCESS) out.texts.emplace_back(text);
    }
    out.valid = !out.texts.empty();
    for (const auto& one : out.texts) read_markers(out, one);
    return out;
}

std::string moderation_json(const moderation_request& asked, std::string_view id) {
    moderation_request ignored;
    std::string results;
    const auto count = asked.texts.size() - std::min(asked.lacks, asked.texts.size());
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) results += ',';
        results += result_json(read_markers(ignored, asked.texts[i]));
    }
    return fmt::format(R"({{"id":"{}","model":{},"results":[{}]}})", id, json_string(asked.model), results);
}

}  // namespace airi::stub_provider
