#include "platform/base/ids.hpp"
#include "tests/support/cpp/contains.hpp"

#include <doctest/doctest.h>

#include <unordered_set>

using namespace airi;
using airi::test::contains;

TEST_CASE("a version 7 id carries its time, its version and its variant") {
    // The time of the example in RFC 9562, A.6.
    const instant when{milliseconds{1'645'557'742'000}};
    const auto made = uuid::v7(when).text();
    CHECK(made.substr(0, 15) == "017f22e2-79b0-7");
    CHECK(contains("89ab", made.substr(19, 1)));
}

TEST_CASE("version 7 ids of different milliseconds sort by time, those of one are all different") {
    const instant when{milliseconds{1'700'000'000'000}};
    for (int i = 0; i < 100; ++i) CHECK(uuid::v7(when + milliseconds{i}) < uuid::v7(when + milliseconds{i + 1}));
    std::unordered_set<uuid> seen;
    for (int i = 0; i < 10'000; ++i) seen.insert(uuid::v7(when));
    CHECK(seen.size() == 10'000);
}

TEST_CASE("a version 5 id equals that of other implementations") {
    // RFC 9562, A.4: the name space of DNS names.
    const auto dns = uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8").value();
    CHECK(uuid::v5(dns, "www.example.com").text() == "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    CHECK(uuid::v5(dns, "www.example.com") == uuid::v5(dns, "www.example.com"));
    CHECK(uuid::v5(dns, "www.example.com") != uuid::v5(dns, "www.example.org"));
    CHECK(uuid::v5(uuid{}, "") != uuid::v5(dns, ""));
}

TEST_CASE("an id reads what it wrote, in either case") {
    const auto id = uuid::v7();
    CHECK(uuid::parse(id.text()) == id);
    CHECK(uuid::parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")->text() == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    CHECK(uuid::parse("00000000-0000-0000-0000-000000000000")->is_nil());
}

TEST_CASE("malformed ids are rejected") {
    for (const std::string_view text :
        {"", "x", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f ",
            "017f22e279b07cc398c4dc0c0c07398f", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398}",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2-79b0-7cc3-98c4_dc0c0c07398f",
            "017f22e2 79b0-7cc3-98c4-dc0c0c07398f", "-17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
            "+17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c0739\xC3\xA4"}) {
        CAPTURE(text);
        CHECK_FALSE(uuid::parse(text).has_value());
    }
    CHECK_FALSE(uuid::parse(std::string_view("017f22e2-79b0-7cc3-98c4-dc0c0c07398\0", 36)).has_value());
}

TEST_CASE("a derived id differs between name spaces") {
    const auto generation = generation_id::fresh();
    CHECK(event_id::of(generation.value, "finished") == event_id::of(generation.value, "finished"));
    CHECK(event_id::of(generation.value, "finished") != event_id::of(generation.value, "usage"));
    CHECK(event_id::of(generation.value, "finished") != event_id::of(generation_id::fresh().value, "finished"));
}
