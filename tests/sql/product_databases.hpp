// A database of each product on one real server, for tests of what the profiles say. Used by the integration tests.
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

// One server with one database for each product, migrated with its profile.
class product_databases {
public:
    product_databases() {
        for (const auto& each : documented_profiles) {
            const auto url = url_of(each.profile);
            const auto script = (test::source_root() / "deploy/migrate.sh").string();
            const auto command = "AIRI_APP_PASSWORD=app AIRI_WORKER_PASSWORD=worker bash '" + script + "' '" + url +
                                 "' " + std::string(each.profile) + " >/dev/null";
            REQUIRE(std::system(command.c_str()) == 0);
            databases_.emplace(each.profile, postgres::open({secret(url), 1, 100}));
        }
    }

    postgres::rows rows(std::string_view profile, postgres::bound statement) {
        postgres::transaction work;
        work.statements.push_back(std::move(statement));
        const auto answer = test::run(*databases_.at(std::string(profile)), std::move(work));
        REQUIRE(answer);
        return answer->front();
    }
    // The first row's columns, separated by `|`; empty when there is no row.
    std::string row(std::string_view profile, const postgres::prepared& statement,
        std::vector<std::optional<std::string>> parameters = {}) {
        const auto rows = this->rows(profile, {&statement, std::move(parameters)});
        std::string out;
        for (std::size_t i = 0; i < (rows.empty() ? 0 : rows.columns_); ++i)
            out.append(i ? "|" : "").append(rows.text(0, i));
        return out;
    }

private:
    std::string url_of(std::string_view profile) const {
        const auto& url = server_.address();
        return url.substr(0, url.rfind('/') + 1).append(profile);
    }

    test::server server_{"postgres"};
    std::map<std::string, std::unique_ptr<postgres::database>> databases_;
};

inline product_databases& databases() {
    static product_databases instance;
    return instance;
}

}  // namespace airi::tests
