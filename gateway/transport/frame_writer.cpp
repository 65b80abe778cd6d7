#include "gateway/transport/frame_writer.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace airi::gateway {
namespace {

constexpr std::size_t frames_per_write = 64;

struct frame_header {
    std::array<unsigned char, 10> bytes;
    std::size_t size;
};

std::size_t header_size(std::size_t text) { return text < 126 ? 2 : text < 65'536 ? 4 : 10; }

// FIN and the text opcode, no mask (RFC 6455 5.2).
frame_header header_of(std::size_t text) {
    frame_header out{{0x81}, header_size(text)};
    if (out.size == 2) {
        out.bytes[1] = static_cast<unsigned char>(text);
        return out;
    }
    out.bytes[1] = out.size == 4 ? 126 : 127;
    for (auto i = out.size; i-- > 2; text >>= 8) out.bytes[i] = static_cast<unsigned char>(text & 0xff);
    return out;
}

}  // namespace

frame_writer::frame_writer(boost::asio::ip::tcp::socket&& socket, frame_writer_owner& owner)
    : boost::asio::ip::tcp::socket(std::move(socket)), owner_(owner) {
    error_code ignored;
    native_non_blocking(true, ignored);
}

void frame_writer::flush() {
    while (!waiting_ && !idle() && write_some()) {
    }
}

// False when the kernel takes no more for now, or the socket has failed.
bool frame_writer::write_some() {
    std::array<frame_header, frames_per_write> headers;
    std::array<iovec, 2 * frames_per_write> parts;
    std::size_t count = 0, skip = written_;
    const auto add = [&](const void* data, std::size_t size) {
        const auto skipped = std::min(skip, size);
        skip -= skipped;
        if (size > skipped) parts[count++] = {static_cast<char*>(const_cast<void*>(data)) + skipped, size - skipped};
    };
    const auto last = std::min(queue_.size(), first_ + frames_per_write);
    for (auto i = first_; i < last; ++i) {
        const auto& one = queue_[i];
        if (!one.beast) {
            auto& header = headers[i - first_] = header_of(one.bytes->size());
            add(header.bytes.data(), header.size);
        }
        add(one.bytes->data(), one.bytes->size());
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const auto done = ::sendmsg(native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done >= 0) {
        advance(static_cast<std::size_t>(done));
        return true;
    }
    if (errno == EINTR) return true;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        wait();
    else
        fail(error_code(errno, boost::system::system_category()));
    return false;
}

void frame_writer::advance(std::size_t count) {
    std::size_t frames = 0, text = 0;
    written_ += count;
    while (!idle()) {
        auto& one = queue_[first_];
        const auto size = one.bytes->size() + (one.beast ? 0 : header_size(one.bytes->size()));
        if (written_ < size) break;
        written_ -= size;
        if (one.beast) {
            one.beast->end({}, size);
        } else {
            ++frames;
            text += one.bytes->size();
        }
        one = {};
        ++first_;
    }
    compact();
    owner_.wrote(frames, text);
}

// Under steady traffic the queue never empties, and its written front would grow without end.
void frame_writer::compact() {
    if (idle()) {
        if (queue_.capacity() > 8) queue_ = std::vector<entry>();
        queue_.clear();
        first_ = 0;
    } else if (first_ > 32 && first_ * 2 > queue_.size()) {
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

void frame_writer::wait() {
    waiting_ = true;
    async_wait(wait_write, [this, held = owner_.hold()](const error_code& ec) {
        waiting_ = false;
        if (ec) return fail(ec);
        flush();
    });
}

void frame_writer::fail(const error_code& reason) {
    auto lost = std::exchange(queue_, {});
    const auto first = std::exchange(first_, 0);
    written_ = 0;
    for (auto i = first; i < lost.size(); ++i)
        if (lost[i].beast) lost[i].beast->end(reason, 0);
    owner_.unwritable();
}

std::size_t frame_writer::drop_frames() {
    const auto keep = first_ + (written_ > 0 ? 1 : 0);
    const auto before = queue_.size();
    queue_.erase(std::remove_if(queue_.begin() + static_cast<std::ptrdiff_t>(keep), queue_.end(),
                     [](const entry& one) { return !one.beast; }),
        queue_.end());
    const auto dropped = before - queue_.size();
    compact();
    return dropped;
}

void frame_writer::shut() {
    error_code ignored;
    close(ignored);
    if (!idle()) fail(boost::asio::error::operation_aborted);
}

}  // namespace airi::gateway
