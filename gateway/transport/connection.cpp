#include "gateway/transport/connection.hpp"

#include <array>
#include <ctime>
#include <utility>

namespace airi::gateway {
namespace {

// RFC 9110 5.6.7, without the process's locale.
std::string http_date(std::time_t when) {
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm at{};
    gmtime_r(&when, &at);
    const auto two = [](int n) {
        return std::string{static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)};
    };
    return std::string(days[static_cast<std::size_t>(at.tm_wday)]) + ", " + two(at.tm_mday) + " " +
           months[static_cast<std::size_t>(at.tm_mon)] + " " + std::to_string(at.tm_year + 1900) + " " +
           two(at.tm_hour) + ":" + two(at.tm_min) + ":" + two(at.tm_sec) + " GMT";
}

}  // namespace

session_host::session_host(application& serves, server_options with)
    : app(serves), options(std::move(with)), proxies(options.trusted_proxies) {
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

void session_host::depart_later(const executor& on, std::shared_ptr<departing> who) {
    if (const auto due = departures_.lock()) return due->push_back(std::move(who));
    auto due = std::make_shared<std::vector<std::shared_ptr<departing>>>(1, std::move(who));
    departures_ = due;
    boost::asio::post(on, [due = std::move(due)]() mutable {
        const auto all = std::move(*due);
        due.reset();
        for (const auto& one : all) one->depart();
    });
}

std::string client_behind(const std::string& peer, const address_list& proxies, const request& in) {
    error_code ec;
    if (!proxies.contains(boost::asio::ip::make_address(peer, ec)) || ec) return peer;
    std::string_view given;
    for (const auto& [name, value] : in.headers)
        if (name == "x-forwarded-for") given = value;
    given = given.substr(given.find_last_of(", \t") + 1);
    const auto client = boost::asio::ip::make_address(given, ec);
    return ec ? peer : plain_address(client).to_string();
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
