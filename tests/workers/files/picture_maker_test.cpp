#include "workers/files/picture_maker.hpp"

#include <boost/asio/detached.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/source_tree.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers::files;
using namespace std::string_literals;

namespace {

std::string sample(const std::string& name) { return read_text(source_root() / "tests/workers/files/pictures" / name); }

result<picture> made_by(const std::string& program, const std::string& bytes, seconds deadline = seconds{60}) {
    loop io;
    const auto maker = open_picture_maker(program, 1, deadline);
    return io.run(maker->make(bytes));
}

result<picture> made_of(const std::string& bytes) {
    return made_by((program_folder() / "airi-picture").string(), bytes);
}

// A program that does what the shell's lines say.
std::string program_of(const std::string& lines) {
    const auto path = std::filesystem::temp_directory_path() / ("airi-picture-" + std::to_string(getpid()));
    std::ofstream(path) << "#!/bin/sh\n" << lines << '\n';
    permissions(path, std::filesystem::perms::owner_all);
    return path.string();
}

// What a shell's commands print.
std::string output_of(const std::string& commands) {
    FILE* const shell = popen(commands.c_str(), "r");
    REQUIRE(shell);
    std::string out;
    for (int next = std::fgetc(shell); next != EOF; next = std::fgetc(shell)) out += static_cast<char>(next);
    CHECK(pclose(shell) == 0);
    return out;
}

}  // namespace

TEST_CASE("a picture keeps its pixels, upright, and nothing else: no place, owner, comment or text") {
    const struct {
        std::string name, type;
        std::int64_t width, height;
    } samples[]{{"turned_with_place.jpg", "image/jpeg", 8, 16}, {"with_place.webp", "image/webp", 8, 16},
        {"with_text.png", "image/png", 8, 16}};
    for (const auto& one : samples) {
        CAPTURE(one.name);
        const auto before = sample(one.name);
        CHECK(contains(before, "Jane"));
        const auto got = made_of(before);
        REQUIRE(got);
        CHECK(got->media_type == one.type);
        CHECK(got->width == one.width);
        CHECK(got->height == one.height);
        for (const auto* text : {"Jane", "WGS-84", "secret", "comment", "script", "xmpmeta"})
            CHECK_FALSE(contains(got->bytes, text));
        const auto again = made_of(got->bytes);
        REQUIRE(again);
        CHECK(again->width == one.width);
    }
}

TEST_CASE("what is no whole picture, has too many pixels or is of another format is refused") {
    const auto good = sample("with_text.png");
    const std::string others[]{
        // Whole pictures: libvips has loaders for them.
        "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"s,
        "P6 1 1 255\nabc"s,
        "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><rect width='8' height='8'/></svg>"s,
        "II*\0\x8\0\0\0\7\0\0\1\3\0\1\0\0\0\1\0\0\0\1\1\3\0\1\0\0\0\1\0\0\0\2\1\3\0\1\0\0\0\x8\0\0\0\x6\1\3\0\1\0\0\0"
        "\1\0\0\0\x11\1\4\0\1\0\0\0\x8\0\0\0\x16\1\3\0\1\0\0\0\1\0\0\0\x17\1\4\0\1\0\0\0\1\0\0\0\0\0\0\0"s,
    };
    std::vector<std::string> all{"", "GIF89a", good.substr(0, good.size() / 2), sample("too_many_pixels.png")};
    all.insert(all.end(), std::begin(others), std::end(others));
    for (const auto& bytes : all) {
        CAPTURE(bytes.substr(0, 20));
        const auto got = made_of(bytes);
        REQUIRE_FALSE(got);
        CHECK(got.error() == errc::refused);
    }
}

TEST_CASE("a decoder that crashes, or prints nonsense or without an end, costs its picture only") {
    for (const auto* lines :
        {"kill -SEGV $$", "kill -XCPU $$", "echo nonsense", "exit 1", "exec yes", "exit 2", "echo image/svg+xml 1 1",
            "echo image/png 1 4000", "echo image/png 1 0", "echo image/png 1 1; head -c 600000 /dev/zero"}) {
        CAPTURE(lines);
        const auto got = made_by(program_of("echo ready\n"s + lines), "x");
        REQUIRE_FALSE(got);
        CHECK(got.error() == errc::refused);
    }
}

TEST_CASE("a decoder that is stopped from outside, or has no time, is tried again a bounded number of times") {
    CHECK(made_by(program_of("echo ready; kill -KILL $$"), "x").error() == errc::interrupted);
    const auto late = made_by(program_of("echo ready; exec sleep 600"), "x", seconds{1});
    CHECK(late.error() == errc::interrupted);
    CHECK(late.error() == failure::again);
}

TEST_CASE("a decoder that does not start, or cannot lock itself in, is waited for") {
    for (const auto& program : {program_of("exit 1"), std::string("/nowhere/airi-picture")})
        CHECK(made_by(program, "x").error() == errc::not_run);
    CHECK(make_error_code(errc::not_run) == failure::outage);
}

TEST_CASE("a decoder gets neither our environment nor our descriptors") {
    constexpr int inherited = 77;
    REQUIRE(dup2(STDIN_FILENO, inherited) == inherited);
    const auto got = made_by(
        program_of("echo ready; [ -z \"$HOME\" ] && [ ! -e /proc/$$/fd/77 ] && echo image/png 1 1 && echo ok"), "x");
    close(inherited);
    REQUIRE(got);
    CHECK(got->bytes == "ok\n");
}

TEST_CASE("a maker that is destroyed does not wait for its decoder") {
    loop io;
    const auto begun = std::chrono::steady_clock::now();
    auto maker = open_picture_maker(program_of("echo ready; exec sleep 600"), 1, seconds{500});
    boost::asio::co_spawn(io.on(), maker->make("x"), boost::asio::detached);
    io.settle();
    maker.reset();
    CHECK(std::chrono::steady_clock::now() - begun < seconds{100});
}

TEST_CASE("before it reads a picture, airi-picture has bounds, no descriptor, no right to a system call, no module") {
    const auto program = (program_folder() / "airi-picture").string();
    // Its input stays open and empty, so that it waits there.
    const auto told = output_of("cd $(mktemp -d) && mkfifo in out && { VIPSHOME=/nonexistent " + program +
                                " <in >out 7</etc/passwd & } && exec 9>in 8<out && read -r line <&8 && echo \"$line\" "
                                "&& cd /proc/$! && cat status limits && echo descriptors $(ls fd) && cat maps");
    for (const auto* line : {"ready\n", "\nSeccomp:\t2\n", "\nNoNewPrivs:\t1\n", "\ndescriptors 0 1 2\n"})
        CHECK(contains(told, line));
    CHECK(std::regex_search(told, std::regex("\nMax cpu time +10 ")));
    CHECK(std::regex_search(told, std::regex("\nMax core file size +0 ")));
    CHECK(std::regex_search(told, std::regex("\nMax address space +805306368 ")));
    CHECK(contains(told, "libvips.so"));
    CHECK_FALSE(contains(told, "vips-modules"));
}
