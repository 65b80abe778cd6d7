// The bytes that a connection has received and not yet used: contiguous, small when idle, bounded. Used by the HTTP
// session.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace airi::gateway {

class input_buffer {
public:
    explicit input_buffer(std::size_t max_size) : max_size_(max_size) {}

    std::string_view view() const noexcept { return {bytes_.get() + begin_, end_ - begin_}; }
    bool empty() const noexcept { return begin_ == end_; }
    void consume(std::size_t count) noexcept {
        begin_ += count;
        if (empty()) begin_ = end_ = 0;
    }
    /// Free space behind the bytes; empty when the buffer is full.
    std::span<char> room() {
        if (end_ == size_ && begin_ > 0) {
            std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        if (end_ == size_ && size_ < max_size_) {
            const auto larger = std::min(max_size_, std::max<std::size_t>(2048, size_ * 2));
            auto bytes = std::make_unique_for_overwrite<char[]>(larger);
            if (end_ > 0) std::memcpy(bytes.get(), bytes_.get(), end_);
            bytes_ = std::move(bytes);
            size_ = larger;
        }
        return {bytes_.get() + end_, size_ - end_};
    }
    void add(std::size_t count) noexcept { end_ += count; }

private:
    const std::size_t max_size_;
    std::size_t size_ = 0, begin_ = 0, end_ = 0;
    std::unique_ptr<char[]> bytes_;
};

}  // namespace airi::gateway
