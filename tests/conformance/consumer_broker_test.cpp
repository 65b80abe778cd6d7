#include "tests/conformance/consumer_suite.hpp"
#include "tests/support/cpp/kafka_broker.hpp"

using namespace airi;
using namespace airi::test;

namespace {

struct real {
    coroutine_thread thread;
    const std::string name = fresh_topic(2);
    std::unique_ptr<kafka::producer> out =
        kafka::open_producer({.brokers = broker_access(), .client_id = "conformance"});

    std::string topic() const { return name; }
    void join(recording_owner& owner) {
        owner.open({.brokers = broker_access(), .group = name, .instance = "", .topics = {name}}, thread);
        REQUIRE(owner.owns(2));
    }
    void leave(recording_owner& owner) { owner.close(); }
    void put(const std::string& key, std::string value) {
        REQUIRE(thread.run(out->publish({{name, key, std::move(value), {}}})));
    }
};

}  // namespace

TEST_CASE("librdkafka and a broker conform to the consumer's port") { consumer_conforms<real>(); }
