// The behaviour of the producer on which the gateway and the workers rely. Run on the fake (producer_fake_test) and on
// a broker (producer_broker_test).
#pragma once

#include <boost/asio/co_spawn.hpp>

#include "platform/kafka/kafka.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"

namespace airi::test {

/// A subject is a producer with one topic of one partition, empty:
///   loop io; kafka::producer& producer(); std::string topic();
///   std::vector<kafka::record> stored()   the records of the topic, in order
///   std::string unknown()                 a topic that does not exist
///   void go_away(); void come_back();     the broker; an outage is reported within seconds
template <class Subject>
struct producer_suite {
    Subject on;

    kafka::record record(std::string key, std::string value) {
        return {on.topic(), std::move(key), std::move(value), {}};
    }
    result<> publish(std::vector<kafka::record> batch) { return on.io.run(on.producer().publish(std::move(batch))); }
    std::vector<std::string> values() {
        std::vector<std::string> out;
        for (const auto& one : on.stored()) out.push_back(one.value);
        return out;
    }
    using strings = std::vector<std::string>;

    void records() {
        auto one = record("key", std::string("\0\xff", 2));
        one.headers = {{"id", "a"}, {"id", "b"}, {"empty", ""}};
        REQUIRE(publish({one, record("", ""), record("key", "3")}));
        REQUIRE(publish({}));
        const auto all = on.stored();
        REQUIRE(all.size() == 3);
        CHECK(all[0].key == "key");
        CHECK(all[0].value == std::string("\0\xff", 2));
        REQUIRE(all[0].headers.size() == 3);
        CHECK(all[0].headers[1].value == "b");
        CHECK(all[0].headers[2].value.empty());
        CHECK(all[1].key.empty());
        CHECK(all[2].value == "3");
        CHECK(on.producer().available());
    }
    void order() {
        strings expected;
        std::vector<result<>> ended;
        for (int i = 0; i < 50; ++i) {
            std::vector<kafka::record> batch;
            for (const auto* part : {"a", "b"}) {
                expected.push_back(std::to_string(i) + part);
                batch.push_back(record("k", expected.back()));
            }
            boost::asio::co_spawn(on.io.on(), on.producer().publish(std::move(batch)),
                [&](std::exception_ptr, result<> one) { ended.push_back(one); });
        }
        REQUIRE(on.io.until([&] { return ended.size() == 50; }));
        for (const auto& one : ended) CHECK(one);
        CHECK(values() == expected);
    }
    void too_large() {
        const auto got = publish({record("k", "small"), record("k", std::string(1'000'001, 'x'))});
        CHECK(got.error() == kafka::errc::too_large);
        CHECK(got.error() == failure::refused);
        CHECK(publish({record("k", std::string(900'000, 'x'))}));
        CHECK(on.stored().size() == 1);
    }
    void unknown_topic() {
        const auto got = publish({record("k", "before"), {on.unknown(), "k", "lost", {}}});
        CHECK(got.error() == kafka::errc::unknown_topic);
        CHECK(got.error() == failure::misconfigured);
        CHECK(publish({record("k", "after")}));
        CHECK(values() == strings{"before", "after"});
    }
    void suspension() {
        std::string order;
        bool one = false, two = false;
        on.io.start(ask(&on.producer(), record("k", "1"), &order), one);
        on.io.start(ask(&on.producer(), record("k", "2"), &order), two);
        REQUIRE(on.io.until([&] { return one && two; }));
        CHECK(order == "asked asked answered answered ");
    }
    static awaitable<> ask(kafka::producer* producer, kafka::record one, std::string* order) {
        *order += "asked ";
        std::vector<kafka::record> batch{std::move(one)};
        (void)co_await producer->publish(std::move(batch));
        *order += "answered ";
    }
    void outage() {
        REQUIRE(publish({record("k", "before")}));
        on.go_away();
        const auto got = publish({record("k", "meanwhile")});
        CHECK(got.error() == kafka::errc::unavailable);
        CHECK(got.error() == failure::outage);
        CHECK_FALSE(on.producer().available());
        on.come_back();
        REQUIRE(on.io.until([&] { return on.producer().available(); }));
        REQUIRE(publish({record("k", "after")}));
        // The one in between may be stored or not.
        const auto all = values();
        CHECK(all.front() == "before");
        CHECK(all.back() == "after");
    }
    void closing() {
        std::optional<result<>> last;
        boost::asio::co_spawn(on.io.on(), on.producer().publish({record("k", "last")}),
            [&](std::exception_ptr, result<> got) { last = got; });
        on.io.settle();
        on.producer().close(seconds{5});
        REQUIRE(on.io.until([&] { return last.has_value(); }));
        CHECK(*last);
        const auto late = publish({record("k", "late")});
        CHECK(late.error() == kafka::errc::closed);
        CHECK(late.error() == failure::outage);
        on.producer().close(seconds{5});
        CHECK(values() == strings{"last"});
    }
};

template <class Subject>
void producer_conforms() {
    producer_suite<Subject> suite;
    SUBCASE("records are stored as they are, in the order of the batch") { suite.records(); }
    SUBCASE("batches are stored in the order of the calls") { suite.order(); }
    SUBCASE("a batch with a record that is too large is refused as a whole") { suite.too_large(); }
    SUBCASE("an unknown topic is an error, the records before it are stored") { suite.unknown_topic(); }
    SUBCASE("a publication lets others run until it is acknowledged") { suite.suspension(); }
    SUBCASE("without a broker publishing ends as an outage, and works again afterwards") { suite.outage(); }
    SUBCASE("closing finishes what is under way, and later calls are rejected") { suite.closing(); }
}

}  // namespace airi::test
