#include "gateway/services/kafka_publisher.hpp"

namespace airi::gateway {
namespace {

class kafka_publisher final : public publisher {
public:
    explicit kafka_publisher(kafka::producer& to) : to_(to) {}

    awaitable<result<>> publish(std::vector<events::outgoing> batch) override {
        std::vector<kafka::record> records;
        records.reserve(batch.size());
        for (auto& one : batch) {
            kafka::record out{std::move(one.topic), std::move(one.key), std::move(one.value), {}};
            for (auto& [name, value] : one.headers) out.headers.push_back({std::move(name), std::move(value)});
            records.push_back(std::move(out));
        }
        return to_.publish(std::move(records));
    }
    bool available() const override { return to_.available(); }

private:
    kafka::producer& to_;
};

}  // namespace

std::unique_ptr<publisher> make_publisher(kafka::producer& to) { return std::make_unique<kafka_publisher>(to); }

}  // namespace airi::gateway
