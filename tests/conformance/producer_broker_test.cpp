#include "tests/conformance/producer_suite.hpp"
#include "tests/support/cpp/kafka_broker.hpp"
#include "tests/support/cpp/kafka_owner.hpp"

using namespace airi;
using namespace airi::test;

namespace {

struct real {
    loop io;
    const std::string name = fresh_topic(1);
    std::unique_ptr<kafka::producer> out =
        kafka::open_producer({.brokers = broker_access(), .client_id = "conformance", .message_timeout = seconds{2}});
    bool paused = false;

    ~real() {
        if (paused) broker().resume();
    }
    kafka::producer& producer() { return *out; }
    std::string topic() const { return name; }
    std::string unknown() const { return "no-such-topic"; }
    // Reads up to a record of another producer that is published now.
    std::vector<kafka::record> stored() {
        const auto last = kafka::open_producer({.brokers = broker_access(), .client_id = "end"});
        REQUIRE(io.run(last->publish({{name, "", "the end", {}}})));
        coroutine_thread thread;
        recording_owner reader(recording_owner::commits::never);
        reader.open({.brokers = broker_access(), .group = name + "-reader", .instance = "", .topics = {name}}, thread);
        REQUIRE(
            becomes_true([&] { return !reader.messages().empty() && reader.messages().back().value == "the end"; }));
        std::vector<kafka::record> all;
        for (auto& m : reader.messages()) all.push_back({m.topic, m.key, m.value, m.headers});
        all.pop_back();
        return all;
    }
    void go_away() {
        broker().pause();
        paused = true;
    }
    void come_back() {
        broker().resume();
        paused = false;
    }
};

}  // namespace

TEST_CASE("librdkafka and a broker conform to the producer's port") { producer_conforms<real>(); }
