#include "tests/conformance/database_suite.hpp"
#include "tests/support/cpp/fake_database.hpp"

using namespace airi;
using namespace airi::test;

namespace {

const postgres::prepared adding{"names.add", "…", {"name"}}, finding{"names.find", "…", {"name"}};

// Gives the answers that the statements of database_postgres_test get.
struct faked {
    loop io;
    fake_database fake;
    const postgres::prepared &add = adding, &find = finding;
    std::vector<std::string> adding_now;  // by the transaction that runs

    faked() {
        fake.begin = [this] { adding_now.clear(); };
        fake.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            const auto name = parameter(asked, "name");
            if (asked.statement == &find) return is_stored(name) ? cell(name) : postgres::rows{};
            if (is_stored(name) || std::ranges::count(adding_now, name) > 0) return postgres::errc::duplicate;
            adding_now.push_back(name);
            return cell(name);
        };
    }
    bool is_stored(const std::string& name) const {
        return std::ranges::any_of(fake.all(add.name), [&](const auto& one) { return parameter(one, "name") == name; });
    }
    postgres::database& database() { return fake; }
    void go_away() { fake.use.fail_always(postgres::errc::unavailable); }
    void come_back() { fake.use.mend(); }
};

}  // namespace

TEST_CASE("the fake database conforms to its port") { database_conforms<faked>(); }
