#include "platform/kafka/split_producer.hpp"

#include <algorithm>

namespace airi::kafka {
namespace {

class split_producer final : public producer {
public:
    split_producer(std::unique_ptr<producer> prompt, std::unique_ptr<producer> batching)
        : prompt_(std::move(prompt)), batching_(std::move(batching)) {}

    awaitable<result<>> publish(std::vector<record> batch) override {
        std::vector<record> prompt, batchable;
        for (auto& each : batch) (each.batchable ? batchable : prompt).push_back(std::move(each));
        if (!prompt.empty())
            if (const auto done = co_await prompt_->publish(std::move(prompt)); !done) co_return done.error();
        if (batchable.empty()) co_return result<>{};
        co_return co_await batching_->publish(std::move(batchable));
    }

    bool available() const override { return prompt_->available() && batching_->available(); }

    void close(milliseconds limit) override {
        const auto until = std::chrono::steady_clock::now() + limit;
        prompt_->close(limit);
        const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
        batching_->close(std::max(left, milliseconds(0)));
    }

private:
    std::unique_ptr<producer> prompt_;
    std::unique_ptr<producer> batching_;
};

}  // namespace

std::unique_ptr<producer> make_split_producer(std::unique_ptr<producer> prompt, std::unique_ptr<producer> batching) {
    return std::make_unique<split_producer>(std::move(prompt), std::move(batching));
}

}  // namespace airi::kafka
