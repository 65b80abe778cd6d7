// A producer that records the records of each acknowledged call.
#pragma once

#include <vector>

#include "platform/kafka/kafka.hpp"
#include "tests/support/cpp/lever.hpp"

namespace airi::test {

inline std::string header(const kafka::record& record, std::string_view name) {
    std::string out = "none";
    for (const auto& h : record.headers)
        if (h.name == name) out = h.value;
    return out;
}

class fake_producer : public kafka::producer {
public:
    explicit fake_producer(journal* into = nullptr) : journal_(into) {}

    lever use;
    /// The error with which a record is rejected; success for accepted ones.
    std::function<error_code(const kafka::record&)> refuse;
    std::vector<kafka::record> sent;

    awaitable<result<>> publish(std::vector<kafka::record> batch) override {
        if (const auto failed = co_await use.pass()) co_return failed;
        for (const auto& one : batch)
            if (const auto why = refuse ? refuse(one) : error_code{}) co_return why;
        for (auto& one : batch) {
            if (journal_) journal_->push_back("publish " + one.topic);
            sent.push_back(std::move(one));
        }
        co_return result<>{};
    }
    bool available() const override { return true; }
    void close(milliseconds) override {}

    std::vector<kafka::record> to(std::string_view topic) const {
        std::vector<kafka::record> out;
        for (const auto& one : sent)
            if (one.topic == topic) out.push_back(one);
        return out;
    }

private:
    journal* journal_;
};

}  // namespace airi::test
