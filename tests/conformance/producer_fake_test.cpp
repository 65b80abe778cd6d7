#include "tests/conformance/producer_suite.hpp"
#include "tests/support/cpp/fake_producer.hpp"

using namespace airi;
using namespace airi::test;

namespace {

struct faked {
    loop io;
    fake_producer fake;

    faked() {
        fake.refuse = [this](const kafka::record& r) {
            return r.topic == unknown() ? make_error_code(kafka::errc::unknown_topic) : error_code{};
        };
    }
    kafka::producer& producer() { return fake; }
    std::string topic() const { return "t"; }
    std::string unknown() const { return "no-such-topic"; }
    std::vector<kafka::record> stored() const { return fake.to("t"); }
    void go_away() { fake.use.fail_always(kafka::errc::unavailable); }
    void come_back() { fake.use.mend(); }
};

}  // namespace

TEST_CASE("the fake producer conforms to its port") { producer_conforms<faked>(); }
