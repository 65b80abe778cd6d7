// The source tree as text, for tests about the code itself: files, includes, string literals.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/cpp/places.hpp"

namespace airi::test {

struct source_file {
    std::string path;  ///< relative to the root, with '/'
    std::string text;

    bool ends_with(std::string_view suffix) const { return path.ends_with(suffix); }
    std::size_t lines() const { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')); }
};

inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// Every file below these folders with one of these endings, sorted by path; node_modules is skipped.
inline std::vector<source_file> files_below(
    std::initializer_list<std::string_view> folders, std::initializer_list<std::string_view> endings) {
    namespace fs = std::filesystem;
    const fs::path root = source_root();
    std::vector<source_file> out;
    for (const auto folder : folders) {
        if (!fs::exists(root / folder)) continue;
        for (fs::recursive_directory_iterator at(root / folder), end; at != end; ++at) {
            if (at->is_directory() && at->path().filename() == "node_modules") at.disable_recursion_pending();
            if (!at->is_regular_file()) continue;
            auto name = at->path().lexically_relative(root).generic_string();
            if (std::any_of(endings.begin(), endings.end(), [&](auto e) { return name.ends_with(e); }))
                out.push_back({std::move(name), read_text(at->path())});
        }
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return out;
}

/// The path between the quotes or brackets of each #include.
inline std::vector<std::string> includes_of(const source_file& file) {
    std::vector<std::string> out;
    std::istringstream lines(file.text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("#include ")) continue;
        const auto end = line.find_first_of("\">", 10);
        if (end != std::string::npos) out.push_back(line.substr(10, end - 10));
    }
    return out;
}

/// The code without comments and literals, and the literals, with their escapes as written.
struct lexed {
    std::string code;
    std::vector<std::string> literals;
};
inline lexed lex(std::string_view text) {
    lexed out;
    for (std::size_t at = 0; at < text.size();) {
        const auto rest = text.substr(at);
        std::size_t end = 1;
        if (rest.starts_with("//")) {
            end = rest.find('\n');
        } else if (rest.starts_with("/*")) {
            end = rest.find("*/") + 2;
        } else if (rest.starts_with("R\"")) {
            const auto open = rest.find('(');
            const auto close = ")" + std::string(rest.substr(2, open - 2)) + "\"";
            const auto stop = rest.find(close, open);
            out.literals.emplace_back(rest.substr(open + 1, stop - open - 1));
            end = stop + close.size();
        } else if (rest.front() == '\'' && at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1])) &&
                   text[at - 1] != 'U') {
            out.code += '\'';  // a digit separator
        } else if (rest.front() == '"' || rest.front() == '\'') {
            for (; end < rest.size() && rest[end] != rest.front(); ++end)
                if (rest[end] == '\\') ++end;
            if (rest.front() == '"') out.literals.emplace_back(rest.substr(1, end - 1));
            ++end;
        } else {
            out.code += rest.front();
        }
        at += std::min(end, rest.size());
    }
    return out;
}

}  // namespace airi::test
