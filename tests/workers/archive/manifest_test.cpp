#include "workers/archive/manifest.hpp"

#include <doctest/doctest.h>

#include "events/topics.hpp"
#include "platform/storage/place.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"
#include "workers/archive/archive.hpp"
#include "workers/archive/compression.hpp"
#include "workers/archive/topic_rules.hpp"

using namespace airi;
using namespace airi::workers;

namespace {

const auto noon = parse_instant("2026-01-31T12:34:56Z").value();

archive::manifest sample() {
    archive::object_entry entry;
    entry.name = archive::object_name("t.v1", noon, 4, std::string(64, 'a'), true);
    entry.sha256 = std::string(64, 'a');
    entry.size = 10;
    entry.text = 100;
    entry.sealed = true;
    entry.first = noon;
    entry.last = noon + seconds{1};
    entry.extents = {{0, {5, 9, 4}}, {11, {0, 0, 1}}};
    return {"t.v1", 4, "digest", {{0, 5}, {11, 0}}, {{0, 10}, {11, 1}}, {entry}};
}

}  // namespace

TEST_CASE("the statement of the last manifest is read back from its text, and a changed text is refused") {
    const archive::last_manifest last{7, std::string(64, 'a')};
    const auto text = archive::text_of(last);
    const auto read = archive::read_last(text);
    REQUIRE(read);
    CHECK((*read == last));
    CHECK_FALSE(archive::read_last(text.substr(1)));
    CHECK_FALSE(archive::read_last(""));
}

TEST_CASE("an edition comes back from its text, and is one of the same objects of the same manifest only") {
    const auto one = sample();
    const auto text = archive::text_of(one);
    archive::edition edition{archive::digest_of(text), one.objects};
    edition.objects[0].name = "another";
    edition.objects[0].sha256 = std::string(64, 'b');
    edition.objects[0].size = 11;
    const auto read = archive::read_edition(archive::text_of(edition));
    REQUIRE(read);
    CHECK((*read == edition));
    CHECK_FALSE(archive::read_edition(archive::text_of(edition) + " "));
    CHECK(archive::is_edition_of(edition, one, text));
    auto other = edition;
    other.objects[0].text = 101;
    CHECK_FALSE(archive::is_edition_of(other, one, text));
    other = edition;
    other.objects.clear();
    CHECK_FALSE(archive::is_edition_of(other, one, text));
    CHECK_FALSE(archive::is_edition_of(edition, one, text + " "));
}

TEST_CASE("a manifest comes back from its text, and no changed text is one") {
    const auto one = sample();
    const auto text = archive::text_of(one);
    const auto read = archive::read_manifest(text);
    REQUIRE(read);
    CHECK((*read == one));
    CHECK(read->objects.front().records() == 5);
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto changed = text;
        changed[i] ^= 1;
        CAPTURE(i);
        CHECK_FALSE(archive::read_manifest(changed));
        CHECK_FALSE(archive::read_manifest(text.substr(0, i)));
    }
}

TEST_CASE("names say the topic, the hour and the manifest, and are objects' names") {
    const auto digest = "0123456789abcdef" + std::string(48, 'f');
    CHECK(archive::object_name("usage.recorded.v1-dlt", noon, 7, digest, false) ==
          "usage.recorded.v1-dlt/2026/01/31/12/000000000007-0123456789abcdef.jsonl.zst");
    CHECK(archive::object_name("t.v1", noon, 7, digest, true).ends_with(".jsonl.zst.sealed"));
    CHECK(archive::manifest_name("t.v1", 12) == "t.v1/manifests/000000000012.json");
    for (const auto& topic : events::topics()) {
        CHECK(storage::is_object_name(archive::object_name(topic, noon, 7, digest, true)));
        CHECK(storage::is_object_name(archive::manifest_name(topic, 7)));
    }
}

TEST_CASE("offsets between two manifests are gaps, and a new partition's first ones too") {
    CHECK(archive::gaps({{0, 5}, {1, 7}}, {{0, 5}, {1, 7}}).empty());
    const auto found = archive::gaps({{0, 5}}, {{0, 8}, {1, 2}, {2, 0}});
    REQUIRE(found.size() == 2);
    CHECK((found.at(0) == std::pair<std::int64_t, std::int64_t>{5, 8}));
    CHECK((found.at(1) == std::pair<std::int64_t, std::int64_t>{0, 2}));
}

TEST_CASE("every topic is sealed but those that hold ids and figures, and its retries and dead letters follow it") {
    const auto topics = events::topics();
    for (const auto topic : archive::clear_topics) {
        CAPTURE(topic);
        CHECK(std::ranges::find(topics, topic) != topics.end());
        CHECK_FALSE(archive::is_sealed(topic));
        CHECK_FALSE(archive::is_sealed(std::string(topic) + events::retry_suffix));
        CHECK_FALSE(archive::is_sealed(std::string(topic) + events::dead_letter_suffix));
    }
    CHECK(archive::is_sealed("webhook.received.v1"));
    CHECK(archive::is_sealed("email.requested.v1-dlt"));
    CHECK_FALSE(archive::is_sealed("usage.recorded.v1"));
    CHECK(archive::is_sealed("new.requested.v1"));
}

TEST_CASE("pieces of any size become one frame, which opens whole only") {
    archive::compressor to;
    std::string all;
    for (int i = 0; i < 3'000; ++i) {
        const auto piece = std::string(static_cast<std::size_t>(i % 700), static_cast<char>(i * 37));
        all += piece;
        to.add(piece);
    }
    const auto frame = to.end();
    CHECK(frame.size() < all.size() / 4);
    CHECK((archive::decompressed(frame, all.size()) == all));
    CHECK_FALSE(archive::decompressed(frame, all.size() - 1));
    CHECK_FALSE(archive::decompressed(frame, all.size() + 1));
    CHECK_FALSE(archive::decompressed(frame.substr(0, frame.size() - 1), all.size()));
    auto changed = frame;
    changed[changed.size() / 2] ^= 1;
    CHECK_FALSE(archive::decompressed(changed, all.size()));
    CHECK(archive::decompressed(archive::compressor().end(), 0) == "");
}

TEST_CASE("the archive's place is a directory or a bucket, and wrong settings are named") {
    CHECK(storage::read_place("file:///var/archive")->directory == "/var/archive");
    CHECK(storage::read_place("s3://b/a/b/")->prefix == "a/b");
    CHECK(storage::read_place("s3://b")->bucket == "b");
    for (const auto* bad :
        {"", "archive", "/var/archive", "file://var", "file:///", "s3://", "s3://b/../c", "s3://b//c"})
        CHECK_FALSE(storage::read_place(bad));
    archive::archive_settings settings;
    CHECK(settings.mistakes().empty());
    settings.url = "s3://b";
    CHECK(settings.mistakes().size() == 2);
    settings.access_key = "a";
    settings.secret_key = secret("b");
    CHECK(settings.mistakes().empty());
    settings.endpoint = "http://example.com";
    CHECK(settings.mistakes().size() == 1);
    settings.endpoint = "http://127.0.0.1:7070";
    settings.encryption_key = secret("short");
    CHECK(settings.mistakes().size() == 1);
    settings.url = "ftp://x";
    CHECK(settings.mistakes().size() == 2);
}
