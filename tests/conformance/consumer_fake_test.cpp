#include "tests/conformance/consumer_suite.hpp"
#include "tests/support/cpp/fake_consumer.hpp"

using namespace airi;
using namespace airi::test;

namespace {

// The broker's part: what is stored of the topic and of the group.
struct faked {
    coroutine_thread thread;
    std::map<kafka::partition_id, std::vector<kafka::message>> records;
    fake_consumer::offsets group;
    fake_consumer* member = nullptr;

    std::string topic() const { return "t"; }
    void join(recording_owner& owner) {
        owner.open_with(
            [&](executor on, kafka::consumer_owner& to) {
                auto made = std::make_unique<fake_consumer>(&group);
                made->attach(to, std::move(on));
                member = made.get();
                return made;
            },
            thread);
        thread.call([&] {
            member->assign({{topic(), 0}, {topic(), 1}});
            for (const auto& [partition, all] : records)
                member->deliver({all.begin() + member->committed(partition), all.end()});
        });
    }
    void leave(recording_owner& owner) {
        owner.close();
        member = nullptr;
    }
    void put(const std::string& key, std::string value) {
        const kafka::partition_id to{topic(), key == even ? 0 : 1};
        auto& all = records[to];
        all.push_back(
            {to.topic, to.partition, static_cast<std::int64_t>(all.size()), now(), key, std::move(value), {}});
        if (member) thread.call([&] { member->deliver({all.back()}); });
    }
};

}  // namespace

TEST_CASE("the fake consumer conforms to its port") { consumer_conforms<faked>(); }
