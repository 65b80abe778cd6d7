#include "platform/telemetry/metrics.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <thread>

using namespace airi;

TEST_CASE("metrics are shown in Prometheus' text format") {
    metrics::registry in;
    in.counter_of("airi_messages_total", "Messages by\nend.", {{"outcome", "completed"}}).add(3);
    in.counter_of("airi_messages_total", "Messages by\nend.", {{"outcome", "a \"b\" \\ c\nd"}}).add();
    in.gauge_of("airi_connections", "Open connections.").set(-2);
    auto& took = in.histogram_of("airi_request_seconds", "Request time.", {{"route", "/me"}}, {0.001, 0.25, 2.0});
    for (double value : {0.0005, 0.001, 0.2, 0.25, 1.5, 60.0}) took.observe(value);
    in.histogram_of("airi_size_bytes", "Sizes.", {}, {10.0}).observe(3);
    CHECK(in.text() ==
          "# HELP airi_connections Open connections.\n"
          "# TYPE airi_connections gauge\n"
          "airi_connections -2\n"
          "# HELP airi_messages_total Messages by\\nend.\n"
          "# TYPE airi_messages_total counter\n"
          "airi_messages_total{outcome=\"a \\\"b\\\" \\\\ c\\nd\"} 1\n"
          "airi_messages_total{outcome=\"completed\"} 3\n"
          "# HELP airi_request_seconds Request time.\n"
          "# TYPE airi_request_seconds histogram\n"
          "airi_request_seconds_bucket{route=\"/me\",le=\"0.001\"} 2\n"
          "airi_request_seconds_bucket{route=\"/me\",le=\"0.25\"} 4\n"
          "airi_request_seconds_bucket{route=\"/me\",le=\"2\"} 5\n"
          "airi_request_seconds_bucket{route=\"/me\",le=\"+Inf\"} 6\n"
          "airi_request_seconds_sum{route=\"/me\"} 61.9515\n"
          "airi_request_seconds_count{route=\"/me\"} 6\n"
          "# HELP airi_size_bytes Sizes.\n"
          "# TYPE airi_size_bytes histogram\n"
          "airi_size_bytes_bucket{le=\"10\"} 1\n"
          "airi_size_bytes_bucket{le=\"+Inf\"} 1\n"
          "airi_size_bytes_sum 3\n"
          "airi_size_bytes_count 1\n");
}

TEST_CASE("the same name and labels are the same metric, in whatever order the labels stand") {
    metrics::registry in;
    auto& one = in.counter_of("a_total", "A.", {{"x", "1"}, {"y", "2"}});
    CHECK(&one == &in.counter_of("a_total", "A.", {{"y", "2"}, {"x", "1"}}));
    CHECK(&one != &in.counter_of("a_total", "A.", {{"x", "2"}, {"y", "1"}}));
    CHECK(&metrics::gauge_of("test_level", "A.") == &metrics::gauge_of("test_level", "A."));
}

TEST_CASE("invalid names are rejected") {
    metrics::registry in;
    in.gauge_of("level", "A.");
    CHECK_THROWS_AS(in.histogram_of("level", "A."), std::invalid_argument);
    CHECK_THROWS_AS(in.counter_of("messages", "A."), std::invalid_argument);
    CHECK_THROWS_AS(in.gauge_of("level_total", "A."), std::invalid_argument);
    for (auto name : {"", "1a", "a-b", "a b", "a\n"}) CHECK_THROWS_AS(in.gauge_of(name, "A."), std::invalid_argument);
    for (auto label : {"", "1a", "a-b", "__a", "le", "a:b"})
        CHECK_THROWS_AS(in.gauge_of("level", "A.", {{label, "x"}}), std::invalid_argument);
    CHECK_THROWS_AS(in.histogram_of("h", "A.", {}, {1.0, 1.0}), std::invalid_argument);
}

TEST_CASE("counts from many threads are not lost during reads") {
    metrics::registry in;
    auto& count = in.counter_of("c_total", "C.");
    auto& took = in.histogram_of("t_seconds", "T.");
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 20'000; ++i) {
                count.add();
                took.observe(0.5);
            }
            in.gauge_of("g", "G.").add(1);
        });
    while (in.gauge_of("g", "G.").value() < 4) (void)in.text();
    threads.clear();
    CHECK(count.value() == 80'000);
    CHECK(took.sum() == 40'000);
}
