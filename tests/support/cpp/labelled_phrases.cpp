#include "tests/support/cpp/labelled_phrases.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace airi::test {
namespace {

std::vector<std::string> split(std::string_view text, std::string_view by) {
    std::vector<std::string> out;
    for (;;) {
        const auto end = text.find(by);
        out.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return out;
        text.remove_prefix(end + by.size());
    }
}

}  // namespace

std::vector<labelled_phrase> read_phrases(const std::filesystem::path& tsv) {
    std::ifstream in(tsv, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + tsv.string());
    std::vector<labelled_phrase> out;
    std::string line;
    std::getline(in, line);  // the names of the columns
    while (std::getline(in, line)) {
        if (line.empty()) continue;
        auto columns = split(line, "\t");
        if (columns.size() != 5) throw std::runtime_error(tsv.string() + ": not five columns: " + columns[0]);
        labelled_phrase made{columns[0], columns[1], columns[2], columns[3], columns[4], split(columns[4], " || ")};
        if (made.label != "high" && made.label != "elevated" && made.label != "harmless")
            throw std::runtime_error(tsv.string() + ": no label: " + made.id);
        out.push_back(std::move(made));
    }
    return out;
}

safety::state reached(const labelled_phrase& phrase, const safety::rules& rules, const safety::policy& policy) {
    safety::conversation conversation;
    safety::time_point now{std::chrono::hours(24)};
    auto worst = safety::state::normal;
    for (const auto& turn : phrase.turns) {
        conversation =
            next(conversation, safety::observe(turn, rules), {}, now += std::chrono::minutes(1), policy).after;
        worst = std::max(worst, conversation.now);
    }
    return worst;
}

}  // namespace airi::test
