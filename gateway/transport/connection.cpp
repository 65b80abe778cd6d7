#include "gateway/transport/connection.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace airi::gateway {
namespace {

// RFC 9110 5.6.7. fmt uses the classic locale, not the process's.
std::string http_date(std::time_t when) { return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(when)); }

}  // namespace

session_host::session_host(application& application, server_options given)
    : app(application), options(std::move(given)), proxies(options.trusted_proxies) {
    tick(steady::now());
}

void session_host::tick(steady::time_point now) {
    if (const auto second = unix_seconds(airi::now()); second != date_second_) {
        date_second_ = second;
        date = http_date(static_cast<std::time_t>(second));
    }
    // Backwards: a connection that removes itself is replaced by one that was already visited.
    for (auto i = connections.size(); i-- > 0;) connections[i]->tick(now);
}

milliseconds session_host::leave_after() {
    const auto now = steady::now();
    const auto from = std::max(leaving->first, now);
    const auto width = std::chrono::floor<milliseconds>(std::max(leaving->last - from, steady::duration{0}));
    const milliseconds within(std::uniform_int_distribution<milliseconds::rep>(0, width.count())(dice_));
    return std::chrono::floor<milliseconds>(from - now) + within;
}

// A client that asks for much and reads nothing costs memory; many of them must not cost all of it.
bool session_host::is_slow(std::size_t queued_for_one) const {
    const auto& limits = options.limits;
    if (queued_for_one > limits.queue_bytes) return true;
    const auto queued = counters.queued_bytes.load(std::memory_order_relaxed);
    return queued > limits.queued_in_all && queued_for_one > limits.queued_in_all / connections.size();
}

void session_host::defer_write(const executor& executor, std::shared_ptr<deferred_writer> writer) {
    if (const auto due = deferred_.lock()) return due->push_back(std::move(writer));
    auto due = std::make_shared<std::vector<std::shared_ptr<deferred_writer>>>(1, std::move(writer));
    deferred_ = due;
    boost::asio::post(executor, [due = std::move(due)]() mutable {
        const auto writers = std::move(*due);
        due.reset();
        for (const auto& each : writers) each->write_deferred();
    });
}

bool is_proxy(const std::string& peer, const address_list& proxies) {
    if (proxies.empty()) return false;
    error_code ec;
    const auto address = boost::asio::ip::make_address(peer, ec);
    return !ec && proxies.contains(address);
}

std::string client_behind(const std::string& proxy, const request& request) {
    error_code ec;
    std::string_view given;
    for (const auto& [name, value] : request.headers)
        if (name == "x-forwarded-for") given = value;
    given = given.substr(given.find_last_of(", \t") + 1);
    const auto client = boost::asio::ip::make_address(given, ec);
    return ec ? proxy : plain_address(client).to_string();
}

connection::connection(std::shared_ptr<session_host> host, connection_limits::permit place)
    : host_(std::move(host)), permit_(std::move(place)), index_(host_->connections.size()) {
    host_->connections.push_back(this);
    add(host_->counters.connections_open);
}

connection::~connection() {
    auto& all = host_->connections;
    all[index_] = all.back();
    all[index_]->index_ = index_;
    all.pop_back();
    subtract(host_->counters.connections_open);
}

}  // namespace airi::gateway
