#include "gateway/transport/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/transport/connection.hpp"
#include "gateway/transport/http_session.hpp"
#include "gateway/transport/listener.hpp"
#include "platform/base/log.hpp"

namespace airi::gateway {
namespace asio = boost::asio;
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr milliseconds hastened_limit{1'000};

std::shared_ptr<connection_limits> limits_of(const server_options& options) {
    return options.shared_limits ? options.shared_limits
                                 : std::make_shared<connection_limits>(options.per_address, options.connections);
}

template <class Call>
void each_of(session_host& host, Call call) {
    for (auto i = host.connections.size(); i-- > 0;) call(*host.connections[i]);
}

}  // namespace

struct server::state {
    state(const executor& executor, application& app, server_options options)
        : host(std::make_shared<session_host>(app, std::move(options))),
          acceptor(std::make_shared<listener>(executor, host, limits_of(host->options), serve_http)),
          clock(executor) {}

    static awaitable<> tick(std::shared_ptr<state> self);

    std::shared_ptr<session_host> host;
    std::shared_ptr<listener> acceptor;
    asio::steady_timer clock;
    bool ticking = true;
    bool hastened = false;
};

awaitable<> server::state::tick(std::shared_ptr<state> self) {
    while (self->ticking) {
        self->clock.expires_after(self->host->options.limits.tick);
        co_await self->clock.async_wait(quietly);
        try {
            self->host->tick(steady::now());
        } catch (const std::exception& e) {
            log::error("gateway.fault", {{"what", e.what()}});
        }
    }
}

server::server(const executor& executor, application& app, server_options options)
    : state_(std::make_shared<state>(executor, app, std::move(options))) {}

server::~server() {
    state_->acceptor->stop();
    state_->ticking = false;
    state_->clock.cancel();
    each_of(*state_->host, [](connection& each) { each.abort(); });
}

void server::start() {
    state_->acceptor->start();
    asio::co_spawn(state_->clock.get_executor(), state::tick(state_), asio::detached);
}

unsigned short server::port() const { return state_->acceptor->port(); }

const session_counters& server::counters() const { return state_->host->counters; }

awaitable<> server::drain(milliseconds limit) {
    // The server may be destroyed while this waits.
    const auto self = state_;
    auto& host = *self->host;
    const auto begin = steady::now();
    const auto first = host.proxies.empty() ? begin : begin + limit / 4;
    host.leaving = departure{first, first + limit / 2};
    each_of(host, [](connection& each) { each.leave(); });

    asio::steady_timer pause(self->clock.get_executor());
    const auto wait_until = [&](steady::time_point when) {
        pause.expires_at(std::min(when, steady::now() + milliseconds(20)));
        return pause.async_wait(quietly);
    };
    while (!self->hastened && steady::now() < first) co_await wait_until(first);
    self->acceptor->stop();
    host.tick(steady::now());
    const auto is_waiting = [&](steady::time_point end) { return !host.connections.empty() && steady::now() < end; };
    for (const auto end = begin + limit * 7 / 8; !self->hastened && is_waiting(end);) co_await wait_until(end);
    each_of(host, [](connection& each) { each.finish(1012); });
    const auto end = self->hastened ? std::min(begin + limit, steady::now() + hastened_limit) : begin + limit;
    while (is_waiting(end)) co_await wait_until(end);
    each_of(host, [](connection& each) { each.abort(); });
}

void server::hasten() { state_->hastened = true; }

void server::stop() {
    state_->acceptor->stop();
    state_->host->leaving = departure{steady::now(), steady::now()};
    each_of(*state_->host, [](connection& each) { each.finish(1001); });
}

}  // namespace airi::gateway
