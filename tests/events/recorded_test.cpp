// Payloads of released events. They are never edited: released programs have written such payloads.
#include <doctest/doctest.h>

#include <filesystem>

#include "events/codec.hpp"
#include "events/frames/schema.hpp"
#include "events/schema.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "tests/support/cpp/source_tree.hpp"

using namespace airi;
using namespace airi::test;

TEST_CASE("every recorded event decodes") {
    std::size_t read = 0;
    for (const auto& file : files_below({"tests/events/recorded"}, {".json"})) {
        CAPTURE(file.path);
        bool known = false;
        for_each_event([&](const auto& event) {
            using type = std::remove_cvref_t<decltype(event)>;
            const auto name = std::filesystem::path(file.path).filename().string();
            // A second payload of a version is called topic.what.json.
            if (!name.starts_with(std::string(type::topic) + ".")) return;
            known = true;
            CHECK(events::decode<type>(file.text).has_value());
        });
        CHECK(known);
        ++read;
    }
    CHECK(read >= std::tuple_size_v<events::all>);
}

TEST_CASE("every event has a recorded payload, and a recorded payload keeps its meaning") {
    for_each_event([](const auto& event) {
        const auto path = source_root() / "tests/events/recorded" / (std::string(event.topic) + ".json");
        CAPTURE(path.string());
        CHECK(std::filesystem::exists(path));
    });
    const auto text = read_text(source_root() / "tests/events/recorded/chat.requested.v1.json");
    const auto event = events::decode<events::chat_requested>(text);
    REQUIRE(event.has_value());
    CHECK(event->conversation.text() == "019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10");
    CHECK(event->content == "Wie geht's? \"Gut\" \xF0\x9F\x98\x80\nund dir?");
    CHECK(to_text(event->created_at) == "2026-11-20T18:45:03.123456Z");
    CHECK(event->parameters.text == R"({"max_tokens":256,"temperature":0.7})");
    CHECK(event->listed);
    CHECK_FALSE(event->sealed);
    const auto later = events::decode<events::chat_requested>(
        read_text(source_root() / "tests/events/recorded/chat.requested.v1.sealed.json"));
    REQUIRE(later.has_value());
    CHECK(later->sealed);
}

TEST_CASE("the committed schemas equal the declared events and frames") {
    const auto compare = [](const std::string& folder, const auto& generated) {
        for (const auto& [name, text] : generated) {
            CHECK(json::document::parse(text).has_value());
            const auto file = source_root() / folder / name;
            const bool same = std::filesystem::exists(file) && read_text(file) == text;
            CHECK_MESSAGE(same, folder, "/", name, " is out of date: run .airi/build/dev/bin/airi-schemas schemas");
        }
        CHECK_MESSAGE(files_below({folder}, {".json"}).size() == generated.size(), folder,
            " has a file that no declaration generates: remove it");
    };
    compare("schemas/events", events::schemas());
    compare("schemas/frames", events::frame_schema_files());
}
