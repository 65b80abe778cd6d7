#include "tests/support/cpp/raw_client.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace airi::tests {
namespace {

// The kernel never restarts a call with a time limit after a signal, such as a fuzzer's alarm.
ssize_t uninterrupted(const auto& call) {
    for (;;)
        if (const ssize_t count = call(); count >= 0 || errno != EINTR) return count;
}

}  // namespace

raw_client::raw_client(unsigned short port, int receive_bytes) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) throw std::runtime_error("no socket");
    const timeval limit{.tv_sec = batch_linger.count(), .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (receive_bytes > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_port = htons(port);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // An interrupted connect continues, and is called again until it is established.
    while (::connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0 && errno != EISCONN) {
        if (errno == EINTR || errno == EALREADY) continue;
        ::close(fd_);
        throw std::runtime_error("cannot connect");
    }
}

raw_client::raw_client(raw_client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), read_(std::move(other.read_)) {}

raw_client::~raw_client() { close(); }

void raw_client::close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void raw_client::half_close() { ::shutdown(fd_, SHUT_WR); }

void raw_client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = uninterrupted([&] { return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
        if (count < 0) throw std::runtime_error("the server does not take it");
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

bool raw_client::send_now(std::string_view bytes) {
    const auto count =
        uninterrupted([&] { return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT); });
    return count >= 0 || errno == EAGAIN;
}

std::string raw_client::read_some() {
    if (!read_.empty()) return std::exchange(read_, {});
    std::string bytes(64 * 1024, '\0');
    const auto count = uninterrupted([&] { return ::recv(fd_, bytes.data(), bytes.size(), 0); });
    if (count < 0 && errno == ECONNRESET) return {};
    if (count < 0) throw std::runtime_error("nothing came in time");
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
}

std::string raw_client::read_exactly(std::size_t wanted) {
    auto bytes = std::exchange(read_, {});
    while (bytes.size() < wanted) {
        auto more = read_some();
        if (more.empty()) throw std::runtime_error("the stream has ended");
        bytes += more;
    }
    read_ = bytes.substr(wanted);
    bytes.resize(wanted);
    return bytes;
}

std::string raw_client::read_until(std::string_view mark) {
    auto bytes = std::exchange(read_, {});
    for (;;) {
        if (const auto at = bytes.find(mark); at != bytes.npos) {
            read_ = bytes.substr(at + mark.size());
            bytes.resize(at + mark.size());
            return bytes;
        }
        auto more = read_some();
        if (more.empty()) throw std::runtime_error("the stream has ended: " + bytes);
        bytes += more;
    }
}

raw_reply raw_client::read_reply(bool has_body) {
    const auto head = read_until("\r\n\r\n");
    raw_reply out;
    out.status = static_cast<unsigned>(std::stoi(head.substr(head.find(' ') + 1)));
    for (auto at = head.find("\r\n") + 2; head.compare(at, 2, "\r\n") != 0;) {
        const auto end = head.find("\r\n", at), colon = head.find(':', at);
        auto name = head.substr(at, colon - at);
        for (char& c : name)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        out.headers[name] = head.substr(colon + 2, end - colon - 2);
        at = end + 2;
    }
    if (const auto length = out.headers.find("content-length"); has_body && length != out.headers.end())
        out.body = read_exactly(std::stoul(length->second));
    return out;
}

std::string raw_client::read_all() {
    std::string bytes;
    for (;;) {
        auto more = read_some();
        if (more.empty()) return bytes;
        bytes += more;
    }
}

raw_reply ask(unsigned short port, std::string_view request) {
    raw_client client(port);
    client.send(request);
    return client.read_reply();
}

}  // namespace airi::tests
