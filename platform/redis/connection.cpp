#include "platform/redis/connection.hpp"

#include <hiredis/async.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <random>
#include <stdexcept>

#include "platform/base/log.hpp"
#include "platform/base/result.hpp"
#include "platform/redis/adapter.hpp"

namespace airi::redis {
namespace {

constexpr milliseconds first_backoff{50};
constexpr milliseconds last_backoff{2000};

// Many processes lose the same server at once; they must not come back at once.
milliseconds jittered(milliseconds pause) {
    thread_local std::minstd_rand random{std::random_device{}()};
    return pause * 3 / 4 + milliseconds(random() % static_cast<unsigned>(pause.count() / 4 + 1));
}

address checked(const secret& url) {
    auto to = parse_url(url);
    if (!to) throw std::invalid_argument("the Redis URL is not redis://[[user]:password@]host[:port][/db]");
    return std::move(*to);
}

}  // namespace

connection::connection(executor on, const secret& url)
    : on_(std::move(on)), to_(checked(url)), resolver_(on_), tick_timer_(on_), rest_timer_(on_) {}

void connection::start() {
    run_tick();
    resolve();
}

void connection::close() {
    if (closed_) return;
    const auto keep = shared_from_this();
    closed_ = true;
    up_ = false;
    resolver_.cancel();
    tick_timer_.cancel();
    rest_timer_.cancel();
    if (context_) redisAsyncFree(context_);
}

bool connection::send(callback* done, void* data, std::span<const std::string_view> words) {
    if (!context_) return false;
    thread_local std::vector<const char*> starts;
    thread_local std::vector<std::size_t> lengths;
    starts.clear();
    lengths.clear();
    for (auto word : words) {
        starts.push_back(word.data() ? word.data() : "");
        lengths.push_back(word.size());
    }
    return redisAsyncCommandArgv(context_, done, data, static_cast<int>(words.size()), starts.data(), lengths.data()) ==
           REDIS_OK;
}

void connection::drop(std::string_view reason) {
    if (!context_) return;
    log::warn("redis.dropped", {{"host", to_.host}, {"reason", reason}});
    up_ = false;
    redisAsyncFree(context_);
}

// hiredis would resolve with a blocking call; it is given numeric addresses only.
void connection::resolve() {
    if (closed_) return;
    next_host_ = 0;
    error_code not_numeric;
    boost::asio::ip::make_address(to_.host, not_numeric);
    if (!not_numeric) {
        hosts_ = {to_.host};
        return connect_next();
    }
    resolver_.async_resolve(to_.host, std::to_string(to_.port),
        [me = shared_from_this()](error_code ec, boost::asio::ip::tcp::resolver::results_type found) {
            if (me->closed_) return;
            me->hosts_.clear();
            for (const auto& one : found) me->hosts_.push_back(one.endpoint().address().to_string());
            if (ec) log::warn("redis.not_resolved", {{"host", me->to_.host}, {"reason", ec.message()}});
            me->connect_next();
        });
}

void connection::connect_next() {
    while (next_host_ < hosts_.size()) {
        auto* made = redisAsyncConnect(hosts_[next_host_++].c_str(), to_.port);
        if (made && made->err == 0) {
            context_ = made;
            opened_ = ticks_;
            const int on = 1;
            setsockopt(made->c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            attach(made, on_, [me = shared_from_this()] {
                me->context_ = nullptr;
                me->up_ = false;
                boost::asio::post(me->on_, [me] { me->gone(); });
            });
            return shake_hands();
        }
        if (made) redisAsyncFree(made);
    }
    rest();
}

// PING goes last: a server that is still loading its data accepts connections and answers with an error until
// then.
void connection::shake_hands() {
    const auto say = [this](std::initializer_list<std::string_view> words) {
        ++handshakes_;
        send([](redisAsyncContext*, void* reply, void* me) { static_cast<connection*>(me)->shaken(reply); }, this,
            std::span(words.begin(), words.size()));
    };
    handshakes_ = 0;
    const auto& password = to_.password.reveal();
    if (!to_.user.empty())
        say({"AUTH", to_.user, password});
    else if (!password.empty())
        say({"AUTH", password});
    if (to_.database != 0) say({"SELECT", std::to_string(to_.database)});
    say({"PING"});
}

void connection::shaken(void* reply) {
    if (!reply || closed_) return;
    const auto& said = *static_cast<const redisReply*>(reply);
    if (said.type == REDIS_REPLY_ERROR) {
        const std::string_view text(said.str, static_cast<std::size_t>(said.len));
        return drop(text.substr(0, text.find(' ')));
    }
    if (--handshakes_ != 0) return;
    up_ = true;
    backoff_ = milliseconds{0};
    log::info("redis.connected", {{"host", to_.host}, {"port", to_.port}});
    ready();
}

// Never inside a callback of hiredis: what the hooks do may touch the next context at once.
void connection::gone() {
    if (closed_) return;
    if (handshakes_ != 0) return connect_next();
    log::warn("redis.lost", {{"host", to_.host}, {"port", to_.port}});
    dropped();
    if (!closed_) rest();
}

void connection::rest() {
    if (backoff_ == first_backoff) log::warn("redis.unreachable", {{"host", to_.host}, {"port", to_.port}});
    backoff_ = std::clamp(backoff_ * 2, first_backoff, last_backoff);
    rest_timer_.expires_after(jittered(backoff_));
    rest_timer_.async_wait([me = shared_from_this()](error_code ec) {
        if (!ec) me->resolve();
    });
}

void connection::run_tick() {
    tick_timer_.expires_after(tick_length);
    tick_timer_.async_wait([me = shared_from_this()](error_code ec) {
        if (ec || me->closed_) return;
        ++me->ticks_;
        if (me->up_)
            me->tick();
        else if (me->context_ && me->ticks_ - me->opened_ > batch_linger)
            me->drop("no answer to the greeting");
        if (!me->closed_) me->run_tick();
    });
}

}  // namespace airi::redis
