// The behaviour of the consumer on which the workers' runtime relies. Run on the fake (consumer_fake_test) and on a
// broker (consumer_broker_test).
#pragma once

#include <doctest/doctest.h>

#include "tests/support/cpp/kafka_owner.hpp"

namespace airi::test {

/// Keys of the partitions 0 and 1 of two.
inline const std::string even = "21", odd = "abc";

/// A subject is an empty topic of two partitions and a group that reads it from its beginning:
///   std::string topic();
///   void join(recording_owner&)                 makes it the only member
///   void leave(recording_owner&)                closes it
///   void put(std::string key, std::string value)
template <class Subject>
struct consumer_suite {
    using commits = recording_owner::commits;
    using strings = std::vector<std::string>;

    Subject on;
    const kafka::partition_id first{on.topic(), 0}, second{on.topic(), 1}, unknown{"no-such-topic", 0};

    void put(const std::string& key, int from, int count) {
        for (int i = from; i < from + count; ++i) on.put(key, std::to_string(i));
    }
    static strings numbers(int from, int count) {
        strings out;
        for (int i = from; i < from + count; ++i) out.push_back(std::to_string(i));
        return out;
    }
    static strings values(recording_owner& owner, const kafka::partition_id& of) {
        strings out;
        for (const auto& m : owner.messages())
            if (m.partition == of.partition) out.push_back(m.value);
        return out;
    }
    static std::int64_t lag(recording_owner& owner) {
        std::int64_t out = 0;
        owner.thread().call([&] { out = owner.consumer().lag(); });
        return out;
    }

    void order() {
        for (int i = 0; i < 10; ++i)
            for (const auto& key : {even, odd}) put(key, i, 1);
        recording_owner owner(commits::never);
        on.join(owner);
        REQUIRE(owner.arrive(20));
        CHECK(owner.owned() == std::set{first, second});
        for (const auto& [partition, key] : {std::pair{first, even}, std::pair{second, odd}}) {
            CHECK(values(owner, partition) == numbers(0, 10));
            std::int64_t next = 0;
            for (const auto& m : owner.messages()) {
                if (m.partition != partition.partition) continue;
                CHECK(m.offset == next++);
                CHECK(m.topic == on.topic());
                CHECK(m.key == key);
            }
        }
        CHECK(becomes_true([&] { return lag(owner) == 0; }));
        on.leave(owner);
    }
    void continuation() {
        put(even, 0, 5);
        recording_owner one(commits::on_arrival);
        on.join(one);
        REQUIRE(one.arrive(5));
        on.leave(one);
        put(even, 5, 2);
        for (int again = 0; again < 2; ++again) {
            recording_owner next(commits::never);
            on.join(next);
            REQUIRE(next.arrive(2));
            CHECK(next.values() == numbers(5, 2));
            CHECK(next.messages().front().offset == 5);
            on.leave(next);
        }
    }
    void commits_that_count() {
        put(even, 0, 10);
        recording_owner one(commits::never);
        on.join(one);
        REQUIRE(one.arrive(10));
        one.thread().call([&] {
            one.consumer().commit({{first, 8}, {second, 3}, {unknown, 1}});
            one.consumer().commit({{first, 4}});
        });
        on.leave(one);
        recording_owner other(commits::never);
        on.join(other);
        REQUIRE(other.arrive(6));
        CHECK(other.values() == numbers(4, 6));
        other.thread().call([&] { other.consumer().commit({{first, 2}}); });
        on.leave(other);
        put(odd, 0, 1);
        recording_owner last(commits::never);
        on.join(last);
        REQUIRE(last.arrive(7));
        CHECK(values(last, first) == numbers(4, 6));
        CHECK(values(last, second) == numbers(0, 1));
        on.leave(last);
    }
    void pauses() {
        put(even, 0, 1);
        put(odd, 0, 1);
        recording_owner owner(commits::never);
        on.join(owner);
        REQUIRE(owner.arrive(2));
        owner.thread().call([&] {
            owner.consumer().pause(first);
            owner.consumer().pause(unknown);
            owner.consumer().resume(second);
        });
        // A pause holds from a moment on: from then on the other partition's record arrives alone.
        int count = 1, others = 1;
        const auto holds = [&] {
            const auto before = values(owner, first).size();
            put(even, count++, 1);
            put(odd, others++, 1);
            REQUIRE(becomes_true([&] { return values(owner, second).size() == static_cast<std::size_t>(others); }));
            return values(owner, first).size() == before;
        };
        REQUIRE(becomes_true(holds));
        const auto arrived = values(owner, first).size();
        CHECK(holds());
        CHECK(values(owner, first).size() == arrived);
        CHECK(arrived < static_cast<std::size_t>(count));
        owner.thread().call([&] { owner.consumer().resume(first); });
        REQUIRE(becomes_true([&] { return values(owner, first).size() >= static_cast<std::size_t>(count); }));
        CHECK(values(owner, first) == numbers(0, count));
        CHECK(becomes_true([&] { return lag(owner) == 0; }));
        on.leave(owner);
    }
    void leaving() {
        put(even, 0, 3);
        recording_owner owner(commits::when_revoked);
        on.join(owner);
        REQUIRE(owner.arrive(3));
        on.leave(owner);
        CHECK(owner.revocations() == 1);
        CHECK(owner.owned().empty());
        put(even, 3, 1);
        recording_owner next(commits::never);
        on.join(next);
        REQUIRE(next.arrive(1));
        CHECK(next.values() == numbers(3, 1));
        CHECK(owner.messages().size() == 3);
        on.leave(next);
    }
};

template <class Subject>
void consumer_conforms() {
    consumer_suite<Subject> suite;
    SUBCASE("records arrive unchanged, in order per partition") { suite.order(); }
    SUBCASE("the next member continues after what was committed and reads the rest again") { suite.continuation(); }
    SUBCASE("the latest commit counts; those of other assignments do not") { suite.commits_that_count(); }
    SUBCASE("a pause stops its partition only, and a resume continues with the next record") { suite.pauses(); }
    SUBCASE("leaving revokes all partitions and stores what is committed then") { suite.leaving(); }
}

}  // namespace airi::test
