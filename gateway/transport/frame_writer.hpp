// A WebSocket's TCP socket with one ordered queue for everything written: the frames for the client, as many in one
// system call as the kernel takes, and between them the writes of Beast itself (the answer to the handshake, pongs,
// close frames). Holds no memory while the queue is empty. Used by the WebSocket session, below Beast's stream.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/result.hpp"

namespace airi::gateway {

class frame_writer_owner {
public:
    virtual ~frame_writer_owner() = default;
    /// Keeps the writer alive while it waits for the kernel.
    virtual std::shared_ptr<void> hold() = 0;
    /// The kernel has taken bytes: `frames` whole frames with `text` bytes of text among them.
    virtual void wrote(std::size_t frames, std::size_t text) = 0;
    /// Nothing can be written any more; the queue is lost.
    virtual void unwritable() = 0;
};

class frame_writer : public boost::asio::ip::tcp::socket {
public:
    frame_writer(boost::asio::ip::tcp::socket&& socket, frame_writer_owner& owner);

    /// A whole text frame, as a server sends it (RFC 6455 5.2); `flush` writes it.
    void push(std::shared_ptr<const std::string> text) { queue_.push_back({std::move(text), nullptr}); }
    /// Writes what the kernel takes now, and the rest when it takes more.
    void flush();
    /// Drops the frames whose writing has not begun, and returns how many; Beast's writes stay.
    std::size_t drop_frames();
    /// True when the kernel has taken everything.
    bool idle() const noexcept { return first_ == queue_.size(); }
    /// Closes the descriptor; Beast's writes end with operation_aborted.
    void shut();

    /// Beast's writes. Ends when the kernel has all bytes.
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        std::string bytes;
        for (auto i = boost::asio::buffer_sequence_begin(buffers); i != boost::asio::buffer_sequence_end(buffers);
            ++i) {
            const boost::asio::const_buffer part = *i;
            bytes.append(static_cast<const char*>(part.data()), part.size());
        }
        return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
            [this](auto handler, std::string all) {
                auto end = std::make_unique<suspended<decltype(handler)>>(std::move(handler), get_executor());
                queue_.push_back({std::make_shared<const std::string>(std::move(all)), std::move(end)});
                flush();
            },
            token, std::move(bytes));
    }

private:
    struct writer {
        virtual ~writer() = default;
        virtual void end(error_code ec, std::size_t bytes) = 0;
    };

    template <class Handler>
    struct suspended final : writer {
        template <class Executor>
        suspended(Handler handler, const Executor& fallback)
            : resume(std::move(handler)), work(boost::asio::get_associated_executor(resume, fallback)) {}

        void end(error_code ec, std::size_t bytes) override {
            auto executor = work.get_executor();
            boost::asio::post(executor, [then = std::move(resume), ec, bytes]() mutable { then(ec, bytes); });
        }

        Handler resume;
        boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler, executor_type>> work;
    };

    struct entry {
        std::shared_ptr<const std::string> bytes;
        std::unique_ptr<writer> beast;  // set: bytes as they are, else the text of a frame
    };

    bool write_some();
    void advance(std::size_t count);
    void wait();
    void fail(const error_code& reason);
    void compact();

    frame_writer_owner& owner_;
    std::vector<entry> queue_;
    std::size_t first_ = 0;    // the entries before it are written
    std::size_t written_ = 0;  // bytes of the first entry, its header included
    bool waiting_ = false;
};

}  // namespace airi::gateway
