#include "platform/crypto/passwords.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <thread>

namespace {

using namespace airi;
using boost::asio::io_context;

// Made with Python's crypt.
constexpr auto bcrypt_b = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
constexpr auto bcrypt_a = "$2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

template <class Work>
double seconds_of(Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

awaitable<void> note(passwords::pool* in, int* right, int* overloaded) {
    const auto hashed = co_await in->hash(secret("pw"));
    if (!hashed) {
        *overloaded += hashed.error() == passwords::errc::overloaded && failure_of(hashed.error()) == failure::outage;
        co_return;
    }
    const auto verified = co_await in->verify(secret("pw"), *hashed);
    *right += verified && *verified;
}

}  // namespace

TEST_CASE("a hash says argon2id and its parameters, differs each time, and knows its password") {
    const auto one = passwords::hash(secret("correct horse"));
    REQUIRE(one.has_value());
    CHECK(one->starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    CHECK(*passwords::hash(secret("correct horse")) != *one);
    CHECK(passwords::verify(secret("correct horse"), *one));
    CHECK_FALSE(passwords::verify(secret("correct horsf"), *one));
    CHECK_FALSE(passwords::verify(secret(""), *one));
    CHECK_FALSE(passwords::needs_rehash(*one));
    const secret odd(std::string("nul\0inside\xff", 11));
    CHECK(passwords::verify(odd, *passwords::hash(odd)));
    CHECK_FALSE(passwords::verify(secret("nul"), *passwords::hash(odd)));
}

TEST_CASE("bcrypt hashes of older systems verify and ask to be replaced") {
    for (auto hash : {bcrypt_a, bcrypt_b}) {
        CHECK(passwords::verify(secret("correct horse"), hash));
        CHECK_FALSE(passwords::verify(secret("correct horsf"), hash));
        CHECK_FALSE(passwords::verify(secret(std::string("correct horse\0x", 15)), hash));
        CHECK(passwords::needs_rehash(hash));
    }
    CHECK(passwords::needs_rehash("$argon2id$v=19$m=4096,t=1,p=1$/DNmmciXQ9Wqba5MpjsRFg$i9ZaEvijgdtjdUmTKTm5vw"));
}

TEST_CASE("a malformed hash never verifies") {
    for (auto hash : {"", "x", "*0", "*1", "correct horse", "$2b$", "$2b$04$short", "$1$abc$xyz", "$argon2id$",
             "$6$salt$hash", "$argon2i$v=19$m=4096,t=3,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo",
             "$2b$31$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
             "$2x$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"}) {
        CHECK_MESSAGE(!passwords::verify(secret("correct horse"), hash), hash);
        CHECK_MESSAGE(!passwords::verify(secret(""), hash), hash);
        CHECK_MESSAGE(!passwords::verify(secret(hash), hash), hash);
    }
}

TEST_CASE("an unknown user takes as long as a wrong password") {
    const auto known = *passwords::hash(secret("right"));
    std::vector<double> wrong, unknown;
    for (int i = 0; i < 15; ++i) {
        wrong.push_back(seconds_of([&] { passwords::verify(secret("wrong"), known); }));
        unknown.push_back(seconds_of([&] { passwords::verify(secret("wrong"), ""); }));
    }
    std::sort(wrong.begin(), wrong.end());
    std::sort(unknown.begin(), unknown.end());
    MESSAGE("median: wrong password " << wrong[7] * 1e3 << " ms, unknown user " << unknown[7] * 1e3 << " ms");
    CHECK(wrong[7] < unknown[7] * 1.5);
    CHECK(unknown[7] < wrong[7] * 1.5);
}

TEST_CASE("the pool rejects calls beyond its queue at once") {
    io_context io;
    int right = 0, overloaded = 0;
    {
        passwords::pool pool(2, 3);
        for (int i = 0; i < 20; ++i)
            boost::asio::co_spawn(io, note(&pool, &right, &overloaded), [](std::exception_ptr) {});
        io.run();
    }
    CHECK(right == 5);
    CHECK(overloaded == 15);
}

TEST_CASE("a closing pool answers every call") {
    io_context io;
    int right = 0, overloaded = 0;
    auto pool = std::make_unique<passwords::pool>(1, 100);
    for (int i = 0; i < 50; ++i)
        boost::asio::co_spawn(
            io,
            [](passwords::pool* in, int* good, int* bad) -> awaitable<void> {
                const auto got = co_await in->verify(secret("pw"), "");
                ++*(got ? good : bad);
            }(pool.get(), &right, &overloaded),
            [](std::exception_ptr) {});
    io.poll();
    pool.reset();
    io.restart();
    io.run();
    CHECK(right + overloaded == 50);
    CHECK(overloaded > 0);
}
