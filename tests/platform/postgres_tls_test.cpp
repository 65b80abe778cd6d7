// sslmode and sslrootcert of DATABASE_URL, with a real PostgreSQL that has a certificate.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/postgres/postgres.hpp"
#include "tests/support/cpp/certificates.hpp"
#include "tests/support/cpp/postgres_calls.hpp"
#include "tests/support/cpp/servers.hpp"

using namespace airi;
namespace fs = std::filesystem;

namespace {

const postgres::prepared encrypted{
    "test.encrypted", "select ssl::text from pg_stat_ssl where pid = pg_backend_pid()", {}};

postgres::transaction of(const postgres::prepared& statement) {
    postgres::transaction out;
    out.statements.push_back({&statement, {}});
    return out;
}

// PostgreSQL accepts a key that belongs to its own user only.
void give(const fs::path& from, const fs::path& data, const std::string& name) {
    struct stat owner{};
    REQUIRE(stat(data.c_str(), &owner) == 0);
    fs::copy_file(from, data / name);
    fs::permissions(data / name, fs::perms(0600));
    REQUIRE(chown((data / name).c_str(), owner.st_uid, owner.st_gid) == 0);
}

result<std::vector<postgres::rows>> ask(const std::string& url) {
    const auto database = postgres::open({.url = secret(url), .connections = 1, .longest_wait = milliseconds{2'000}});
    return test::run(*database, of(encrypted));
}

}  // namespace

TEST_CASE("DATABASE_URL with sslmode=verify-full reaches the server that its authority vouches for, and no other") {
    const test::authority signer, stranger;
    signer.sign("server", "IP:127.0.0.1");
    test::server server("postgres");
    const auto data = server.directory() / "data";
    give(signer.file("server.pem"), data, "server.crt");
    give(signer.file("server.key"), data, "server.key");
    std::ofstream(data / "postgresql.auto.conf", std::ios::app) << "ssl = on\n";
    server.stop();
    server.start();
    const auto with = [&](const std::string& host, const std::string& file) {
        auto url = server.address();
        url.replace(url.find("127.0.0.1"), 9, host);
        return url + "?sslmode=verify-full&sslrootcert=" + file;
    };
    const auto got = ask(with("127.0.0.1", signer.file("ca.pem")));
    REQUIRE(got);
    CHECK(got->at(0).text(0, 0) == "true");
    CHECK(ask(with("localhost", signer.file("ca.pem"))).has_error());
    CHECK(ask(with("127.0.0.1", stranger.file("ca.pem"))).has_error());
}
