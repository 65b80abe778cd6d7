#include "gateway/files/image_header.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace airi::gateway;

namespace {

std::string bytes(std::initializer_list<int> values) {
    std::string out;
    for (const int v : values) out += static_cast<char>(v);
    return out;
}
std::string size_of(std::string_view type, std::string_view picture) {
    const auto found = image_size_of(type, picture);
    return found ? std::to_string(found->width) + "x" + std::to_string(found->height) : "none";
}

std::string chunk(std::string_view name, std::string_view data) {
    return bytes({0, 0, static_cast<int>(data.size() >> 8), static_cast<int>(data.size() & 255)}) + std::string(name) +
           std::string(data) + "cccc";
}
const std::string png_begin = "\x89PNG\r\n\x1a\n";
const std::string ihdr = chunk("IHDR", bytes({0, 0, 1, 0, 0, 0, 0, 200, 8, 6, 0, 0, 0}));
const std::string png = png_begin + ihdr + chunk("IDAT", "pixels") + chunk("IEND", "");

std::string segment(int marker, std::string_view data) {
    return bytes({0xff, marker, 0, static_cast<int>(data.size() + 2)}) + std::string(data);
}
const std::string sof = segment(0xc2, bytes({8, 0, 200, 1, 0, 3}) + std::string(9, 'c'));
const std::string jpeg =
    bytes({0xff, 0xd8}) + segment(0xe0, "JFIF") + sof + segment(0xda, "scan") + "pixels" + bytes({0xff, 0xd9});

std::string webp(std::string_view kind, std::string data) {
    data.resize(std::max<std::size_t>(data.size(), 10));
    const int size = static_cast<int>(data.size());
    return "RIFF" + bytes({size + 12, 0, 0, 0}) + "WEBP" + std::string(kind) + bytes({size, 0, 0, 0}) + data;
}

}  // namespace

TEST_CASE("a picture's size is read from its header") {
    CHECK(size_of("image/png", png) == "256x200");
    CHECK(size_of("image/jpeg", jpeg) == "256x200");
    CHECK(size_of("image/webp", webp("VP8 ", bytes({0, 0, 0, 0x9d, 0x01, 0x2a, 0, 1, 200, 0}))) == "256x200");
    CHECK(size_of("image/webp", webp("VP8L", bytes({0x2f, 0xff, 0xc0, 0x31, 0}))) == "256x200");
    CHECK(size_of("image/webp", webp("VP8X", bytes({0, 0, 0, 0, 255, 0, 0, 199, 0, 0}))) == "256x200");
}

TEST_CASE("a picture of another type, cut off, or with something beside it is rejected") {
    const std::string whole = webp("VP8X", "");
    for (const auto* type : {"image/jpeg", "image/webp", "image/svg+xml", "IMAGE/PNG", ""})
        CHECK(size_of(type, png) == "none");
    for (const auto* type : {"image/png", "image/webp", "text/html"}) CHECK(size_of(type, jpeg) == "none");
    for (const auto* type : {"image/png", "image/jpeg", "image/gif"}) CHECK(size_of(type, whole) == "none");
    for (const auto& [type, picture] :
        {std::pair<std::string, std::string>{"image/png", png}, {"image/jpeg", jpeg}, {"image/webp", whole}}) {
        CHECK(size_of(type, picture + "PK\x03\x04") == "none");
        CHECK(size_of(type, "GIF89a" + picture) == "none");
        CHECK(size_of(type, "") == "none");
        // However it is cut, nothing is read behind its end.
        for (std::size_t length = 0; length < picture.size(); ++length) {
            const auto part = std::string(picture.substr(0, length));
            CHECK(size_of(type, part) == "none");
        }
    }
    CHECK(size_of("image/png", png_begin + ihdr + chunk("IEND", "")) == "none");
    CHECK(size_of("image/png", png_begin + chunk("IDAT", "x") + ihdr + chunk("IEND", "")) == "none");
    CHECK(size_of("image/png", png_begin + ihdr + ihdr + chunk("IDAT", "x") + chunk("IEND", "")) == "none");
    CHECK(size_of("image/png", png_begin + bytes({0xff, 0xff, 0xff, 0xff}) + "IHDR" + std::string(40, 'x')) == "none");
    CHECK(
        size_of("image/jpeg", bytes({0xff, 0xd8}) + sof + sof + segment(0xda, "scan") + bytes({0xff, 0xd9})) == "none");
    CHECK(size_of("image/jpeg", bytes({0xff, 0xd8}) + segment(0xda, "scan") + bytes({0xff, 0xd9})) == "none");
    CHECK(size_of("image/jpeg", bytes({0xff, 0xd8, 0xff, 0xff, 0xff, 0xff, 0xd9})) == "none");
}
