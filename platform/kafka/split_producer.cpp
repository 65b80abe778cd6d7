#include "platform/kafka/split_producer.hpp"

#include <algorithm>

namespace airi::kafka {
namespace {

class split_producer final : public producer {
public:
    split_producer(std::unique_ptr<producer> prompt, std::unique_ptr<producer> batchable)
        : prompt_(std::move(prompt)), patient_(std::move(batchable)) {}

    awaitable<result<>> publish(std::vector<record> batch) override {
        std::vector<record> soon, later;
        for (auto& one : batch) (one.batchable ? later : soon).push_back(std::move(one));
        if (const auto done = co_await prompt_->publish(std::move(soon)); !done) co_return done.error();
        co_return co_await patient_->publish(std::move(later));
    }

    bool available() const override { return prompt_->available() && patient_->available(); }

    void close(milliseconds limit) override {
        const auto until = std::chrono::steady_clock::now() + limit;
        prompt_->close(limit);
        const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
        patient_->close(std::max(left, milliseconds(0)));
    }

private:
    std::unique_ptr<producer> prompt_;
    std::unique_ptr<producer> patient_;
};

}  // namespace

std::unique_ptr<producer> split_by_patience(std::unique_ptr<producer> prompt, std::unique_ptr<producer> batchable) {
    return std::make_unique<split_producer>(std::move(prompt), std::move(batchable));
}

}  // namespace airi::kafka
