// Runs transactions against a Postgres pool from plain test code.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "platform/postgres/postgres.hpp"

namespace airi::test {

using postgres_answer = result<std::vector<postgres::rows>>;

inline awaitable<> run_one(
    postgres::database* database, postgres::transaction work, std::optional<postgres_answer>* into) {
    *into = co_await database->run(std::move(work));
}

/// Runs all at once from one thread; the results are in the order of the transactions.
inline std::vector<postgres_answer> run_all(postgres::database& database, std::vector<postgres::transaction> work) {
    // Outlives every pool: a pool's thread may still be posting when the result is read.
    static boost::asio::io_context io(1);
    io.restart();
    std::vector<std::optional<postgres_answer>> found(work.size());
    for (std::size_t i = 0; i < work.size(); ++i)
        boost::asio::co_spawn(io, run_one(&database, std::move(work[i]), &found[i]), boost::asio::detached);
    io.run();
    std::vector<postgres_answer> out;
    for (auto& each : found) out.push_back(std::move(each.value()));
    return out;
}

inline postgres_answer run(postgres::database& database, postgres::transaction work) {
    std::vector<postgres::transaction> one;
    one.push_back(std::move(work));
    return std::move(run_all(database, std::move(one)).front());
}

/// Polls every few milliseconds; false after `within`.
inline bool becomes(const std::function<bool()>& condition, std::chrono::seconds within = std::chrono::seconds(20)) {
    const auto until = std::chrono::steady_clock::now() + within;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace airi::test

// Boost's printer of a result prints its value, and rows have no printer.
template <>
struct doctest::StringMaker<airi::test::postgres_answer> {
    static String convert(const airi::test::postgres_answer& a) { return a ? "rows" : a.error().message().c_str(); }
};
