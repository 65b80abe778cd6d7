// A producer that records what a broker would store. Conforms to tests/conformance/producer_suite.hpp.
#pragma once

#include <algorithm>
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
    lever batchable;  ///< passed after `use` by batches of batchable records
    /// The error with which a record is rejected; success for accepted ones. Those before it are stored.
    std::function<error_code(const kafka::record&)> refuse;
    std::vector<kafka::record> sent;

    awaitable<result<>> publish(std::vector<kafka::record> batch) override {
        if (std::ranges::any_of(batch, too_large)) co_return kafka::errc::too_large;
        if (closed_) co_return kafka::errc::closed;
        if (const auto failed = co_await use.pass()) co_return failed;
        if (!batch.empty() && batch.front().batchable)
            if (const auto failed = co_await batchable.pass()) co_return failed;
        for (auto& one : batch) {
            if (const auto why = refuse ? refuse(one) : error_code{}) co_return why;
            if (journal_) journal_->push_back("publish " + one.topic);
            sent.push_back(std::move(one));
        }
        co_return result<>{};
    }
    bool available() const override { return !use.outage(); }
    void close(milliseconds) override { closed_ = true; }

    std::vector<kafka::record> to(std::string_view topic) const {
        std::vector<kafka::record> out;
        for (const auto& one : sent)
            if (one.topic == topic) out.push_back(one);
        return out;
    }

private:
    static bool too_large(const kafka::record& r) {
        auto bytes = r.key.size() + r.value.size();
        for (const auto& h : r.headers) bytes += h.name.size() + h.value.size();
        return bytes > 1'000'000;
    }

    journal* journal_;
    bool closed_ = false;
};

}  // namespace airi::test
