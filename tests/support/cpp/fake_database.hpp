// A database whose answers come from the test and that records committed statements. Conforms to
// tests/conformance/database_suite.hpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "platform/postgres/postgres.hpp"
#include "tests/support/cpp/lever.hpp"

namespace airi::test {

/// Rows with one cell.
inline postgres::rows cell(std::optional<std::string> text) {
    postgres::rows out;
    out.columns_ = 1;
    out.cells_.push_back(std::move(text));
    return out;
}

/// The parameter of that name in a bound statement; "NULL" when it is null.
inline std::string parameter(const postgres::bound& bound, std::string_view name) {
    for (std::size_t i = 0; i < bound.parameters.size(); ++i)
        if (bound.statement->parameters[i] == name) return bound.parameters[i].value_or("NULL");
    return "no such parameter";
}

class fake_database : public postgres::database {
public:
    explicit fake_database(journal* into = nullptr) : journal_(into) {}

    lever use;
    /// Called at the start of each transaction that the server receives.
    std::function<void()> begin;
    /// Returns a statement's rows or the error of the whole transaction. Empty: no rows.
    std::function<result<postgres::rows>(const postgres::bound&)> answer;
    std::vector<postgres::bound> committed;

    awaitable<result<std::vector<postgres::rows>>> run(postgres::transaction work) override {
        if (const auto failed = co_await use.pass()) co_return failed;
        if (const auto wrong = unfit(work)) co_return wrong;
        if (begin) begin();
        std::vector<postgres::rows> out;
        for (const auto& one : work.statements) {
            auto got = answer ? answer(one) : result<postgres::rows>(postgres::rows{});
            if (!got) co_return got.error();
            out.push_back(std::move(*got));
        }
        for (auto& one : work.statements) {
            if (journal_) journal_->push_back("commit " + one.statement->name);
            committed.push_back(std::move(one));
        }
        co_return out;
    }
    bool available() const override { return !use.outage(); }

    /// The committed statements of that name.
    std::vector<postgres::bound> all(std::string_view name) const {
        std::vector<postgres::bound> out;
        for (const auto& one : committed)
            if (one.statement->name == name) out.push_back(one);
        return out;
    }

private:
    // What cannot be sent, or is not what the statement asks for.
    static error_code unfit(const postgres::transaction& work) {
        for (const auto& one : work.statements) {
            if (!one.statement || one.parameters.size() != one.statement->parameters.size())
                return postgres::errc::broken;
            for (const auto& each : one.parameters)
                if (each && each->find('\0') != std::string::npos) return postgres::errc::invalid;
        }
        return {};
    }

    journal* journal_;
};

}  // namespace airi::test
