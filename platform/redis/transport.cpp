#include "platform/redis/transport.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>

namespace airi::redis {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

}  // namespace

std::shared_ptr<ssl::context> make_tls(const address& server) {
    if (!server.tls) return nullptr;
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    error_code ec;
    if (server.ca.empty())
        context->set_default_verify_paths(ec);
    else
        context->load_verify_file(server.ca, ec);
    if (ec) throw std::invalid_argument("the certificate authorities of the Redis URL cannot be read: " + ec.message());
    context->set_verify_mode(ssl::verify_peer);
    return context;
}

transport::transport(executor executor, std::shared_ptr<ssl::context> tls, std::string host, owner owner)
    : context_(std::move(tls)), host_(std::move(host)), owner_(std::move(owner)), socket_(executor) {
    if (context_) tls_.emplace(socket_, *context_);
}

void transport::open(const tcp::endpoint& to) {
    socket_.async_connect(to, [me = shared_from_this()](error_code ec) {
        if (!me->open_) return;
        if (ec) return me->end(ec);
        me->socket_.set_option(tcp::no_delay(true), ec);
        if (me->tls_)
            me->shake_hands();
        else
            me->start();
    });
}

void transport::shake_hands() {
    error_code not_numeric, ec;
    asio::ip::make_address(host_, not_numeric);
    if (not_numeric) SSL_set_tlsext_host_name(tls_->native_handle(), host_.c_str());
    tls_->set_verify_callback(ssl::host_name_verification(host_), ec);
    tls_->async_handshake(ssl::stream_base::client, [me = shared_from_this()](error_code failed) {
        if (!me->open_) return;
        if (failed) return me->end(failed);
        me->start();
    });
}

void transport::start() {
    owner_.connected();
    if (open_) read();
}

void transport::read() {
    with_stream([this](auto& stream) {
        stream.async_read_some(asio::buffer(arriving_), [me = shared_from_this()](error_code ec, std::size_t size) {
            if (!me->open_) return;
            if (ec) return me->end(ec);
            me->owner_.received({me->arriving_.data(), size});
            if (me->open_) me->read();
        });
    });
}

std::string& transport::outgoing() {
    if (!std::exchange(flushing_, true)) asio::post(socket_.get_executor(), [me = shared_from_this()] { me->flush(); });
    return waiting_;
}

void transport::flush() {
    if (!open_) return;
    if (waiting_.empty()) return void(flushing_ = false);
    leaving_.clear();
    leaving_.swap(waiting_);
    with_stream([this](auto& stream) {
        asio::async_write(stream, asio::buffer(leaving_), [me = shared_from_this()](error_code ec, std::size_t) {
            if (!me->open_) return;
            if (ec) return me->end(ec);
            me->flush();
        });
    });
}

void transport::end(const error_code& why) {
    const auto ended = std::move(owner_.ended);
    close();
    ended(why.message());
}

void transport::close() {
    if (!std::exchange(open_, false)) return;
    error_code ignored;
    socket_.close(ignored);
    // One of them may be running: it is destroyed once it has returned.
    asio::post(socket_.get_executor(), [gone = std::move(owner_)] {});
}

}  // namespace airi::redis
