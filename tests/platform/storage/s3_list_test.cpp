#include "platform/storage/s3_list.hpp"

#include <doctest/doctest.h>

#include "tests/support/cpp/print.hpp"

using namespace airi;

namespace {

std::string list_of(const std::string& contents, const std::string& truncated = "false") {
    return R"(<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>)"
           "<IsTruncated>" +
           truncated + "</IsTruncated>" + contents + "</ListBucketResult>";
}
std::string object_of(const std::string& key, const std::string& size) {
    return "<Contents><Key>" + key + "</Key><ETag>&quot;x&quot;</ETag><Size>" + size + "</Size></Contents>";
}

}  // namespace

TEST_CASE("a list gives the objects below the prefix, and leaves out names that are none of ours") {
    const auto page = storage::read_s3_list(list_of(object_of("p/a", "1") + object_of("p/b c", "2") +
                                                    object_of("p/a&amp;b", "2") + object_of("p/d/e", "30000000000")),
        "p/");
    REQUIRE(page);
    CHECK(page->complete);
    CHECK(page->objects == std::vector<storage::object>{{"a", 1}, {"d/e", 30'000'000'000}});
    CHECK_FALSE(storage::read_s3_list(list_of("", "true"), "")->complete);
}

TEST_CASE("anything but a whole list is rejected") {
    const auto good = list_of(object_of("a", "1"));
    for (std::size_t size = 0; size < good.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(storage::read_s3_list(good.substr(0, size), ""));
    }
    CHECK_FALSE(storage::read_s3_list(list_of(object_of("a", "many")), ""));
    CHECK_FALSE(storage::read_s3_list(list_of(object_of("a", "1")), "other/"));
    CHECK_FALSE(storage::read_s3_list(list_of("<Contents><Key>a</Key></Contents>"), ""));
}

TEST_CASE("an error's code is read") {
    CHECK(storage::s3_error_code("<Error><Code>NoSuchKey</Code></Error>") == "NoSuchKey");
    CHECK(storage::s3_error_code("<html>") == "");
}
