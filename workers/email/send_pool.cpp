#include "workers/email/send_pool.hpp"

#include <boost/asio/thread_pool.hpp>

#include "platform/base/log.hpp"
#include "workers/runtime/errors.hpp"

namespace airi::workers::email {
namespace {

class threaded_sender final : public sender {
public:
    threaded_sender(std::unique_ptr<transport> by, std::size_t threads) : by_(std::move(by)), threads_(threads) {}

    ~threaded_sender() override {
        leaving_.request_stop();
        threads_.stop();
        threads_.join();
    }

    awaitable<result<>> send(letter what) override {
        return from_callback<result<>>([this, what = std::move(what)](auto go_on) mutable {
            boost::asio::post(
                threads_, [this, what = std::move(what), go_on = std::move(go_on)] { go_on(deliver(what)); });
        });
    }

private:
    result<> deliver(const letter& what) {
        try {
            return by_->deliver(what, leaving_.get_token());
        } catch (const std::exception& e) {
            log::error("mail.transport_threw", {{"event_id", what.id.text()}, {"what", e.what()}});
            return workers::errc::threw;
        }
    }

    std::unique_ptr<transport> by_;
    std::stop_source leaving_;
    boost::asio::thread_pool threads_;
};

}  // namespace

std::unique_ptr<sender> open_sender(std::unique_ptr<transport> by, std::size_t threads) {
    return std::make_unique<threaded_sender>(std::move(by), threads);
}

}  // namespace airi::workers::email
