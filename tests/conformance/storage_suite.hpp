// The behaviour of the storage port on which the archive relies. Run on a directory (storage_directory_test) and on a
// server that checks signatures (storage_s3_test).
#pragma once

#include <set>

#include "platform/base/ids.hpp"
#include "platform/storage/storage.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"

namespace airi::test {

/// A subject is an empty storage:
///   loop io; storage::store& store();
///   void add(const std::string& name);   an object "x", in the fastest way
template <class Subject>
struct storage_suite {
    Subject on;

    static constexpr std::size_t most = 8 * 1024 * 1024;

    error_code put(const std::string& name, const std::string& bytes) {
        return error_of(on.io.run(on.store().put(name, bytes)));
    }
    error_code put_new(const std::string& name, const std::string& bytes) {
        return error_of(on.io.run(on.store().put_new(name, bytes)));
    }
    result<std::string> get(const std::string& name, std::size_t bound = most) {
        return on.io.run(on.store().get(name, bound));
    }
    error_code remove(const std::string& name) { return error_of(on.io.run(on.store().remove(name))); }
    static error_code error_of(const result<>& done) { return done ? error_code{} : done.error(); }
    std::vector<std::string> names(const std::string& prefix, const std::string& after = "") {
        std::vector<std::string> out;
        const auto page = on.io.run(on.store().list(prefix, after));
        REQUIRE(page);
        CHECK(page->complete);
        for (const auto& one : page->objects) out.push_back(one.name);
        return out;
    }

    void objects() {
        std::string every_byte;
        for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
        CHECK(get("a/b/c.bin").error() == storage::errc::not_found);
        CHECK(get("a/b/c.bin").error() == failure::missing);
        CHECK_FALSE(put("a/b/c.bin", every_byte));
        CHECK(get("a/b/c.bin").value() == every_byte);
        CHECK_FALSE(put("a/b/c.bin", ""));
        CHECK(get("a/b/c.bin").value().empty());
        CHECK_FALSE(remove("a/b/c.bin"));
        CHECK_FALSE(remove("a/b/c.bin"));
        CHECK(get("a/b/c.bin").error() == storage::errc::not_found);
    }
    void large() {
        std::string bytes(5'000'000, 'x');
        for (std::size_t i = 0; i < bytes.size(); i += 97) bytes[i] = static_cast<char>(i * 31 / 97);
        CHECK_FALSE(put("large", bytes));
        CHECK((get("large").value() == bytes));
        CHECK(get("large", bytes.size() - 1).error() == storage::errc::too_large);
    }
    void creation() {
        CHECK_FALSE(put_new("new/one", "first"));
        CHECK(put_new("new/one", "second") == storage::errc::exists);
        CHECK(get("new/one").value() == "first");
        CHECK_FALSE(put("new/one", "third"));
        CHECK(get("new/one").value() == "third");
    }
    void pages() {
        for (const std::string name : {"t.v1/b", "t.v1/a/2", "t.v1-dlt/x", "t.v1/a/10", "s"})
            REQUIRE_FALSE(put(name, name));
        CHECK(names("t.v1/") == std::vector<std::string>{"t.v1/a/10", "t.v1/a/2", "t.v1/b"});
        CHECK(names("t.v1/", "t.v1/a/10") == std::vector<std::string>{"t.v1/a/2", "t.v1/b"});
        CHECK(names("t.v1/", "t.v1/b").empty());
        CHECK(names("none/").empty());
        CHECK(names("").size() == 5);
        const auto page = on.io.run(on.store().list("t.v1-dlt/", ""));
        REQUIRE(page);
        CHECK(page->objects == std::vector<storage::object>{{"t.v1-dlt/x", 10}});
    }
    void many_pages() {
        std::set<std::string> put_names, got;
        for (int i = 0; i < 1'050; ++i) {
            put_names.insert("many/" + std::to_string(i));
            on.add("many/" + std::to_string(i));
        }
        int pages = 0;
        for (std::string after;; ++pages) {
            const auto page = on.io.run(on.store().list("many/", after));
            REQUIRE(page);
            CHECK(page->objects.size() <= 1'000);
            for (const auto& one : page->objects) CHECK(got.insert(one.name).second);
            if (page->complete) break;
            after = page->objects.back().name;
        }
        CHECK(pages == 1);
        CHECK((got == put_names));
    }
    void bad_names() {
        for (const std::string name : {"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".parts/x", "a/.b", "a b",
                 "a%2Fb", "a\\b", "\xC3\xA4", "a\nb"}) {
            CAPTURE(name);
            CHECK(put(name, "x") == storage::errc::bad_name);
            CHECK(put_new(name, "x") == storage::errc::bad_name);
            CHECK(get(name).error() == storage::errc::bad_name);
            CHECK(remove(name) == storage::errc::bad_name);
        }
        CHECK(put(std::string(513, 'x'), "x") == storage::errc::bad_name);
        CHECK_FALSE(put("A-z_0.9/" + std::string(200, 'x'), "x"));
    }
};

template <class Subject>
void storage_conforms() {
    storage_suite<Subject> suite;
    SUBCASE("an object is stored, replaced, read and removed") { suite.objects(); }
    SUBCASE("a large object is read as it was stored, and not beyond the bound") { suite.large(); }
    SUBCASE("an object that must be new replaces none") { suite.creation(); }
    SUBCASE("objects are listed by prefix, in order, from a name on") { suite.pages(); }
    SUBCASE("more objects than a page has are listed in several") { suite.many_pages(); }
    SUBCASE("names that could leave the storage are rejected") { suite.bad_names(); }
}

}  // namespace airi::test
