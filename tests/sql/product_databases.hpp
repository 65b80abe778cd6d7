// A database of each product on one real server, migrated with its profile. Every integration test that needs one uses
// the same server; a test asserts only what concerns its own users.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/postgres/postgres.hpp"
#include "tests/sql/profiles_documented.hpp"
#include "tests/support/cpp/places.hpp"
#include "tests/support/cpp/postgres_calls.hpp"
#include "tests/support/cpp/servers.hpp"

namespace airi::tests {

inline constexpr std::string_view superuser, as_gateway = "airi_app:app", as_worker = "airi_worker:worker";

class product_databases {
public:
    product_databases() {
        for (const auto& each : documented_profiles) apply(each.profile);
    }

    /// Brings the product's database up to date, which applies its profile again.
    void apply(std::string_view profile) const {
        const auto script = (test::source_root() / "deploy/migrate.sh").string();
        const auto command = "AIRI_APP_PASSWORD=app AIRI_WORKER_PASSWORD=worker bash '" + script + "' '" +
                             url_of(profile, superuser) + "' " + std::string(profile) + " >/dev/null";
        REQUIRE(std::system(command.c_str()) == 0);
    }

    /// Whether the database accepts the statement.
    bool runs(std::string_view profile, postgres::bound statement) {
        postgres::transaction work;
        work.statements.push_back(std::move(statement));
        return bool(test::run(at(profile), std::move(work)));
    }

    /// One connection to a product's database as a role. It knows its statements by their addresses.
    postgres::database& at(std::string_view profile, std::string_view role = superuser) {
        auto& known = databases_[std::string(profile) + ' ' + std::string(role)];
        if (!known) known = postgres::open({secret(url_of(profile, role)), 1, 100});
        return *known;
    }

    postgres::rows rows(std::string_view profile, postgres::bound statement, std::string_view role = superuser,
        std::optional<user_id> caller = std::nullopt) {
        postgres::transaction work;
        work.caller = caller;
        work.statements.push_back(std::move(statement));
        const auto answer = test::run(at(profile, role), std::move(work));
        REQUIRE(answer);
        return answer->front();
    }
    /// All rows, one a line, their columns separated by `|`.
    std::string lines(std::string_view profile, postgres::bound statement, std::string_view role = superuser,
        std::optional<user_id> caller = std::nullopt) {
        const auto found = rows(profile, std::move(statement), role, caller);
        std::string out;
        for (std::size_t i = 0; i < found.size(); ++i) out.append(i ? "\n" : "").append(line(found, i));
        return out;
    }
    /// The first row's columns, separated by `|`; empty when there is no row.
    std::string row(std::string_view profile, const postgres::prepared& statement,
        std::vector<std::optional<std::string>> parameters = {}) {
        const auto found = rows(profile, {&statement, std::move(parameters)});
        return found.empty() ? std::string{} : line(found, 0);
    }

private:
    static std::string line(const postgres::rows& rows, std::size_t row) {
        std::string out;
        for (std::size_t i = 0; i < rows.columns_; ++i) out.append(i ? "|" : "").append(rows.text(row, i));
        return out;
    }
    std::string url_of(std::string_view profile, std::string_view role) const {
        const auto& url = server_.address();
        const auto host = url.substr(url.rfind('@'), url.rfind('/') + 1 - url.rfind('@'));
        const auto user = role.empty() ? url.substr(0, url.rfind('@')) : "postgresql://" + std::string(role);
        return user + host + std::string(profile);
    }

    test::server server_{"postgres"};
    std::map<std::string, std::unique_ptr<postgres::database>> databases_;
};

inline product_databases& databases() {
    static product_databases instance;
    return instance;
}

}  // namespace airi::tests
