#include "workers/providers/health_monitor.hpp"

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/fake_provider.hpp"
#include "tests/support/cpp/loop.hpp"

using namespace airi;
using namespace airi::test;
using models::errc;

namespace {

struct monitored {
    loop io;
    fake_database database;
    models::provider_list providers;
    fake_provider &openai, &simulated;
    models::health_table health;
    models::provider_rules rules;
    postgres::rows others;

    monitored() : openai(add("openai")), simulated(add("simulated")) {
        log::send_to([](std::string_view) {});
        rules.probe_every = seconds{3'600};
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            return asked.statement->name == "provider_health.others" ? others : postgres::rows{};
        };
    }
    ~monitored() { log::send_to({}); }

    void refresh(models::health_monitor& monitor) { REQUIRE(io.run(monitor.refresh())); }
    models::health_monitor monitor(std::string instance = "chat-1") {
        return {database, providers, health, rules, std::move(instance)};
    }
    json::document saved() const {
        return *json::document::parse(parameter(database.all("provider_health.save").back(), "health"));
    }

private:
    fake_provider& add(std::string name) {
        providers.push_back(std::make_unique<fake_provider>(std::move(name)));
        return static_cast<fake_provider&>(*providers.back());
    }
};

}  // namespace

TEST_CASE("SAAS-32: a provider's failures, last error and exclusion are stored as they are") {
    monitored m;
    auto monitor = m.monitor();
    m.refresh(monitor);
    auto rows = m.saved();
    REQUIRE(rows.root().size() == 1);  // the simulated one is none of ours beside a real one
    rows.root().each([](json::value row) {
        CHECK(row["provider"].string() == "openai");
        CHECK(row["state"].string() == "closed");
        CHECK(row["failures"].integer() == 0);
        CHECK(row["last_error"].is_null());
        CHECK(row["open_ms"].is_null());
        CHECK(row["age_ms"].is_null());
    });
    for (int i = 0; i < 3; ++i) m.health.of("openai").failed(std::chrono::steady_clock::now(), errc::overloaded);
    m.refresh(monitor);
    rows = m.saved();
    rows.root().each([](json::value row) {
        CHECK(row["state"].string() == "open");
        CHECK(row["failures"].integer() == 3);
        CHECK(row["last_error"].string() == "provider overloaded");
        CHECK(row["success_rate"].number().value_or(0) == doctest::Approx(0.729));
        CHECK(row["open_ms"].integer().value_or(0) > 50'000);
        CHECK(row["age_ms"].integer().value_or(-1) >= 0);
    });
}

TEST_CASE("AIRI-30: what the other workers have stored is read, a worker without a name only reads") {
    monitored m;
    m.others.columns_ = 7;
    for (const auto* cell : {"openai", "2", "1", "0.25", "900", "30000", "1000"}) m.others.cells_.emplace_back(cell);
    auto monitor = m.monitor("");
    m.refresh(monitor);
    CHECK(m.database.all("provider_health.save").empty());
    CHECK(m.health.workers() == 3);
    CHECK(m.health.standing_of("openai").success_rate == doctest::Approx(0.25));
    CHECK(m.health.standing_of("openai").latency == milliseconds{900});
    const auto now = std::chrono::steady_clock::now();
    CHECK(!m.health.allows("openai", now));
    CHECK(m.health.allows("openai", now + seconds{31}));
    CHECK(m.health.last_measured("openai"));
}

TEST_CASE("AIRI-30: a provider that no worker has measured for the interval is probed, and any other is not") {
    monitored m;
    auto monitor = m.monitor();
    m.refresh(monitor);
    CHECK(m.openai.probes == 0);       // not yet
    m.rules.probe_every = seconds{1};  // longer than this monitor has existed
    m.health.of("openai").succeeded(std::chrono::steady_clock::now() - seconds{2}, milliseconds{5});
    m.refresh(monitor);
    CHECK(m.openai.probes == 0);
    m.rules.probe_every = milliseconds{10};
    REQUIRE(m.io.until([&] {
        m.refresh(monitor);
        return m.openai.probes == 1;
    }));
    CHECK(m.health.of("openai").failures() == 0);
    m.rules.probe_every = seconds{3'600};
    m.refresh(monitor);
    CHECK(m.openai.probes == 1);
    CHECK(m.simulated.probes == 0);
    m.rules.probe_every = seconds{0};
    m.refresh(monitor);
    CHECK(m.openai.probes == 1);
}

TEST_CASE("SAAS-32: three failed probes exclude a provider, which is left alone then") {
    monitored m;
    m.openai.probe_error = make_error_code(errc::unauthorized);
    m.rules.probe_every = milliseconds{1};
    auto monitor = m.monitor();
    REQUIRE(m.io.until([&] {
        m.refresh(monitor);
        return m.openai.probes == 3;
    }));
    CHECK(!m.health.allows("openai", std::chrono::steady_clock::now()));
    CHECK(m.health.of("openai").last_error() == "provider rejected the key");
    m.refresh(monitor);
    CHECK(m.openai.probes == 3);
}

TEST_CASE("SAAS-32: the breaker has the settings that were loaded last") {
    monitored m;
    auto monitor = m.monitor();
    m.rules.health.failures_to_open = 1;
    m.refresh(monitor);
    m.health.of("openai").failed(std::chrono::steady_clock::now(), errc::unavailable);
    CHECK(!m.health.allows("openai", std::chrono::steady_clock::now()));
}
