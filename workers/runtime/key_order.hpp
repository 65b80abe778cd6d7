// One record of a key at a time, any number of keys at once. No I/O.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

namespace airi::workers {

template <class Record>
class key_order {
public:
    /// True: nothing of this key is in work, start now. False: kept until the ones before it are done.
    bool enter(const std::string& key, Record& record) {
        const auto [at, fresh] = keys_.try_emplace(key);
        if (fresh) return true;
        at->second.push_back(std::move(record));
        ++waiting_;
        return false;
    }

    /// The key's record is done: the next one to start, if any waits.
    std::optional<Record> leave(const std::string& key) {
        const auto at = keys_.find(key);
        if (at == keys_.end()) return std::nullopt;
        if (at->second.empty()) {
            keys_.erase(at);
            return std::nullopt;
        }
        Record next = std::move(at->second.front());
        at->second.pop_front();
        --waiting_;
        return next;
    }

    std::size_t keys() const noexcept { return keys_.size(); }
    std::size_t waiting() const noexcept { return waiting_; }

private:
    std::unordered_map<std::string, std::deque<Record>> keys_;
    std::size_t waiting_ = 0;
};

}  // namespace airi::workers
