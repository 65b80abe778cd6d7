#include "platform/redis/adapter.hpp"

#include <hiredis/async.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>

namespace airi::redis {
namespace {

using descriptor = boost::asio::posix::stream_descriptor;

// Owned by itself while the context lives, then by the handlers still pending. hiredis owns and closes the socket.
class adapter : public std::enable_shared_from_this<adapter> {
public:
    adapter(redisAsyncContext* context, executor executor, std::function<void()> gone)
        : context_(context), socket_(executor, context->c.fd), gone_(std::move(gone)) {}

    void attach() {
        self_ = shared_from_this();
        auto& events = context_->ev;
        events.data = this;
        events.addRead = [](void* me) { static_cast<adapter*>(me)->want_read(); };
        events.delRead = [](void*) {};
        events.addWrite = [](void* me) { static_cast<adapter*>(me)->want_write(); };
        events.delWrite = [](void*) {};
        events.cleanup = [](void* me) { static_cast<adapter*>(me)->cleanup(); };
        // hiredis is connected at the first writability.
        want_write();
    }

private:
    void want_read() {
        if (reading_) return;
        reading_ = true;
        socket_.async_wait(descriptor::wait_read, [me = shared_from_this()](boost::system::error_code) {
            me->reading_ = false;
            if (me->context_) redisAsyncHandleRead(me->context_);
        });
    }

    // Waits only for a socket that is not connected yet or is full; otherwise one turn of the loop collects the writes.
    // Before the socket is connected hiredis must not write: it would take "no error so far" for "connected".
    void want_write() {
        if (writing_) return;
        writing_ = true;
        auto go = [me = shared_from_this()](boost::system::error_code = {}) {
            me->writing_ = false;
            if (!me->context_) return;
            me->blocked_ = true;
            redisAsyncHandleWrite(me->context_);
            me->blocked_ = false;
        };
        if (blocked_ || !(context_->c.flags & REDIS_CONNECTED))
            socket_.async_wait(descriptor::wait_write, std::move(go));
        else
            boost::asio::post(socket_.get_executor(), std::move(go));
    }

    void cleanup() {
        const auto keep = std::move(self_);
        context_ = nullptr;
        socket_.release();
        std::exchange(gone_, {})();
    }

    redisAsyncContext* context_;
    descriptor socket_;
    std::function<void()> gone_;
    std::shared_ptr<adapter> self_;
    bool reading_ = false;
    bool writing_ = false;
    bool blocked_ = false;
};

}  // namespace

void attach(redisAsyncContext* context, executor executor, std::function<void()> gone) {
    std::make_shared<adapter>(context, std::move(executor), std::move(gone))->attach();
}

}  // namespace airi::redis
