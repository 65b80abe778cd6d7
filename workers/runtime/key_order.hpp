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
    /// True: no record of this key is in work, start now. False: queued behind the others.
    bool enter(const std::string& key, Record& record) {
        const auto [entry, inserted] = keys_.try_emplace(key);
        if (inserted) return true;
        entry->second.push_back(std::move(record));
        ++waiting_;
        return false;
    }

    /// The key's record is done. Returns the next one to start, if one is queued.
    std::optional<Record> leave(const std::string& key) {
        const auto entry = keys_.find(key);
        if (entry == keys_.end()) return std::nullopt;
        if (entry->second.empty()) {
            keys_.erase(entry);
            return std::nullopt;
        }
        Record next = std::move(entry->second.front());
        entry->second.pop_front();
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
