// Captures the log for as long as it lives.
#pragma once

#include <mutex>
#include <string>

#include "platform/base/log.hpp"

namespace airi::test {

class captured_log {
public:
    captured_log() {
        log::send_to([this](std::string_view line) {
            const std::scoped_lock held(lock_);
            lines_ += line;
        });
    }
    ~captured_log() {
        log::send_to([](std::string_view) {});
    }
    captured_log(const captured_log&) = delete;

    std::string lines() const {
        const std::scoped_lock held(lock_);
        return lines_;
    }
    /// How often the text was logged.
    int count(std::string_view text) const {
        const auto all = lines();
        int found = 0;
        for (auto at = all.find(text); at != all.npos; at = all.find(text, at + 1)) ++found;
        return found;
    }

private:
    mutable std::mutex lock_;
    std::string lines_;
};

}  // namespace airi::test
