#include <thread>

#include "tests/conformance/storage_suite.hpp"
#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/s3_server.hpp"

using namespace airi;
using namespace airi::test;

namespace {

s3_server& server() {
    static s3_server out;
    return out;
}

storage::s3_options options_of(const std::string& prefix) {
    return {server().url() + '/', "us-east-1", "archive", prefix, "airi", secret(server().secret_key())};
}

// Each has a prefix of its own in the bucket.
struct s3 {
    loop io;
    std::unique_ptr<storage::store> its_store = storage::open_s3(io.on(), options_of("of/" + user_id::fresh().text()));
    storage::store& store() { return *its_store; }
    void add(const std::string& name) { REQUIRE(io.run(store().put(name, "x"))); }
};

error_code error_of(storage::s3_options options) {
    loop io;
    const auto store = storage::open_s3(io.on(), std::move(options));
    const auto done = io.run(store->put("a", "x"));
    const auto listed = io.run(store->list("a", ""));
    REQUIRE_FALSE(done);
    REQUIRE_FALSE(listed);
    CHECK(listed.error() == done.error());
    return done.error();
}

}  // namespace

TEST_CASE("versitygw conforms to the storage port") { storage_conforms<s3>(); }

TEST_CASE("a wrong secret, user, region or bucket is denied, with S3's own code in the log") {
    captured_log log;
    auto options = options_of("");
    options.secret_key = secret("another");
    CHECK(error_of(options) == storage::errc::denied);
    CHECK(error_of(options) == failure::misconfigured);
    CHECK(log.count("SignatureDoesNotMatch") >= 1);
    options = options_of("");
    options.access_key = "nobody";
    CHECK(error_of(options) == storage::errc::denied);
    CHECK(log.count("\"code\":\"\"") == 0);
    options = options_of("");
    options.region = "mars-1";
    CHECK(error_of(options) == storage::errc::denied);
    options = options_of("");
    options.bucket = "nowhere";
    CHECK(error_of(options) == storage::errc::denied);
    CHECK(log.count("NoSuchBucket") >= 1);
}

TEST_CASE("a server that is away is unavailable, and a request that finds it again succeeds") {
    captured_log log;
    loop io;
    const auto store = storage::open_s3(io.on(), options_of("away"));
    REQUIRE(io.run(store->put("a", "x")));
    server().stop();
    const auto done = io.run(store->put("b", "x"));
    REQUIRE_FALSE(done);
    CHECK(done.error() == storage::errc::unavailable);
    CHECK(done.error() == failure::outage);
    // Repeated until it is back.
    std::thread back([] { server().start(); });
    const auto got = io.run(store->get("a", 100));
    back.join();
    REQUIRE(got);
    CHECK(*got == "x");
}
