// C++ cannot list the structs of a namespace: the declarations are read as text and compared with the lists of them.
#include <doctest/doctest.h>

#include <regex>

#include "tests/support/cpp/source_tree.hpp"

using namespace airi::test;

namespace {

struct declaration {
    std::string name, body;
};

std::vector<declaration> structs_of(const std::string& text) {
    static const std::regex opening(R"(\nstruct (\w+) \{)");
    std::vector<declaration> out;
    for (std::sregex_iterator at(text.begin(), text.end(), opening), end; at != end; ++at) {
        const auto begin = static_cast<std::size_t>(at->position());
        out.push_back({(*at)[1], text.substr(begin, text.find("\n};", begin) - begin)});
    }
    return out;
}

bool lists(const std::string& text, const std::string& name) {
    return std::regex_search(text, std::regex("[<, ]" + name + "[,>]"));
}

// The structs with `member` that `all` does not list.
std::size_t check(const std::string& folder, const std::string& member, const std::string& all) {
    const auto list = read_text(source_root() / all);
    std::size_t found = 0;
    for (const auto& file : files_below({folder}, {".hpp"})) {
        if (file.path.substr(0, file.path.rfind('/')) != folder) continue;
        for (const auto& [name, body] : structs_of(file.text)) {
            if (body.find("string_view " + member + " =") == body.npos) continue;
            ++found;
            if (body.find("bool to_clients = false") != body.npos) continue;
            CHECK_MESSAGE(lists(list, name), file.path, " declares ", name, ", which has no schema: add it to ", all);
        }
    }
    return found;
}

}  // namespace

TEST_CASE("every declared event is in the list of events") { CHECK(check("events", "topic", "events/all.hpp") >= 8); }

TEST_CASE("every declared frame is in the list of its domain's frames, unless no client gets it") {
    CHECK(check("events/frames", "type", "events/frames/all.hpp") >= 30);
}
