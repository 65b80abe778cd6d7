#include "platform/backup/vault.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/temporary_directory.hpp"

using namespace airi;

namespace {

namespace fs = std::filesystem;

// A place in a directory of its own.
struct place {
    test::temporary_directory directory;
    fs::path root = directory.path / "place";

    backup::vault vault(char key = 'k', char previous = 0) const {
        const auto text = [](char letter) { return secret(letter == 0 ? "" : std::string(32, letter)); };
        return {std::make_unique<boost::asio::io_context>(1), storage::open_directory(root),
            seal::keyring(text(key), text(previous), "backup")};
    }
};

// Gives out the text in pieces, as a pipe does.
backup::vault::source source_of(const std::string& text) {
    return [text, at = std::size_t{0}](std::size_t most) mutable {
        const auto piece = text.substr(std::min(at, text.size()), most);
        at += piece.size();
        return piece;
    };
}

std::string bytes_of(std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 31 + i / 997);
    return out;
}

struct opened {
    result<backup::stored_parts> is;
    std::string text;
};
opened open(backup::vault& vault, const std::string& name) {
    std::string text;
    auto is = vault.get_parts(name, [&](std::string_view bytes) {
        text += bytes;
        return true;
    });
    return {std::move(is), std::move(text)};
}

}  // namespace

TEST_CASE("EZRI-72: objects of a vault come back whole, in parts, and are sealed in their place") {
    const place at;
    auto vault = at.vault();
    REQUIRE(vault.open());
    const auto text = bytes_of(backup::part_size + 1);
    const auto stored = vault.put_parts("base/a/data", source_of(text));
    REQUIRE(stored);
    CHECK(stored->parts == 2);
    CHECK(stored->size == static_cast<std::int64_t>(text.size()));
    const auto [is, read] = open(vault, "base/a/data");
    CHECK(is == stored);
    CHECK((read == text));
    REQUIRE(vault.put("wal/1", "the words in clear"));
    CHECK(vault.get("wal/1") == std::string("the words in clear"));
    std::ifstream file(at.root / "wal/1");
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}).find("words") == std::string::npos);
    CHECK(vault.put_parts("base/empty", source_of("")).value().parts == 0);
    CHECK(open(vault, "base/empty").is.value().size == 0);
}

TEST_CASE("EZRI-72: an object under another name, and a part that is missing or repeated, are damage") {
    const place at;
    auto vault = at.vault();
    REQUIRE(vault.open());
    REQUIRE(vault.put_parts("a", source_of(bytes_of(backup::part_size * 2))));
    REQUIRE(vault.put_parts("b", source_of(bytes_of(backup::part_size))));
    const auto move = [&](const char* from, const char* to) {
        fs::copy_file(at.root / from, at.root / to, fs::copy_options::overwrite_existing);
    };
    move("a/000001", "kept");
    move("a/000002", "a/000001");
    CHECK(open(vault, "a").is.error() == backup::errc::damaged);
    move("b/000001", "a/000001");
    CHECK(open(vault, "a").is.error() == backup::errc::damaged);
    move("kept", "a/000001");
    CHECK(open(vault, "a").is);
    fs::remove(at.root / "a/000002");
    CHECK(open(vault, "a").is.error() == backup::errc::damaged);
    fs::remove(at.root / "b/end");
    CHECK(open(vault, "b").is.error() == backup::errc::damaged);
    CHECK(vault.get("c").error() == storage::errc::not_found);
}

TEST_CASE("EZRI-72: a place belongs to its key, and a rotated key opens it") {
    const place at;
    auto first = at.vault('k');
    REQUIRE(first.open());
    REQUIRE(first.put("x", "1"));
    CHECK(at.vault('k').open());
    CHECK(at.vault('l').open().error() == backup::errc::wrong_key);
    auto rotated = at.vault('l', 'k');
    REQUIRE(rotated.open());
    CHECK(rotated.get("x") == std::string("1"));
}

TEST_CASE("a vault reports that its reader cannot write, and removes by prefix") {
    const place at;
    auto vault = at.vault();
    REQUIRE(vault.open());
    REQUIRE(vault.put_parts("base/a", source_of("text")));
    REQUIRE(vault.put("base/b", "text"));
    CHECK(vault.get_parts("base/a", [](std::string_view) { return false; }).error() == storage::errc::full);
    REQUIRE(vault.remove("base/a/"));
    const auto left = vault.list("base/");
    REQUIRE(left);
    REQUIRE(left->size() == 1);
    CHECK(left->front().name == "base/b");
}
