#include "gateway/services/kafka_publisher.hpp"

namespace airi::gateway {
namespace {

class kafka_publisher final : public publisher {
public:
    explicit kafka_publisher(kafka::producer& producer) : producer_(producer) {}

    awaitable<result<>> publish(std::vector<events::outgoing> batch) override {
        std::vector<kafka::record> records;
        records.reserve(batch.size());
        for (auto& event : batch) {
            kafka::record out{std::move(event.topic), std::move(event.key), std::move(event.value), {}};
            for (auto& [name, value] : event.headers) out.headers.push_back({std::move(name), std::move(value)});
            records.push_back(std::move(out));
        }
        return producer_.publish(std::move(records));
    }
    bool available() const override { return producer_.available(); }

private:
    kafka::producer& producer_;
};

}  // namespace

std::unique_ptr<publisher> make_publisher(kafka::producer& producer) {
    return std::make_unique<kafka_publisher>(producer);
}

}  // namespace airi::gateway
