#include "workers/email/send_pool.hpp"

#include <boost/asio/thread_pool.hpp>

#include "platform/base/log.hpp"
#include "workers/runtime/errors.hpp"

namespace airi::workers::email {
namespace {

class threaded_send_pool final : public send_pool {
public:
    threaded_send_pool(std::unique_ptr<transport> transport, std::size_t threads)
        : transport_(std::move(transport)), threads_(threads) {}

    ~threaded_send_pool() override {
        stop_.request_stop();
        threads_.stop();
        threads_.join();
    }

    awaitable<result<>> send(mime_message message) override {
        return from_callback<result<>>([this, message = std::move(message)](auto resume) mutable {
            boost::asio::post(threads_,
                [this, message = std::move(message), resume = std::move(resume)] { resume(deliver(message)); });
        });
    }

private:
    result<> deliver(const mime_message& message) {
        try {
            return transport_->deliver(message, stop_.get_token());
        } catch (const std::exception& e) {
            log::error("mail.transport_threw", {{"event_id", message.id.text()}, {"what", e.what()}});
            return workers::errc::threw;
        }
    }

    std::unique_ptr<transport> transport_;
    std::stop_source stop_;
    boost::asio::thread_pool threads_;
};

}  // namespace

std::unique_ptr<send_pool> open_send_pool(std::unique_ptr<transport> transport, std::size_t threads) {
    return std::make_unique<threaded_send_pool>(std::move(transport), threads);
}

}  // namespace airi::workers::email
