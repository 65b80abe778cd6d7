#include "bench/client/link.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace airi::bench {
namespace {

sockaddr_in address_of(const std::string& host, unsigned short port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    if (inet_pton(AF_INET, host.c_str(), &out.sin_addr) != 1) throw std::invalid_argument("no IPv4 address: " + host);
    return out;
}

const sockaddr* generic(const sockaddr_in& source) { return reinterpret_cast<const sockaddr*>(&source); }

}  // namespace

endpoint endpoint::parse(std::string_view text) {
    if (const auto scheme = text.find("://"); scheme != text.npos) text.remove_prefix(scheme + 3);
    text = text.substr(0, text.find('/'));
    const auto colon = text.rfind(':');
    endpoint out;
    if (colon == text.npos) throw std::invalid_argument("host:port is required");
    const auto port = text.substr(colon + 1);
    if (std::from_chars(port.data(), port.data() + port.size(), out.port).ec != std::errc{})
        throw std::invalid_argument("no port in " + std::string(text));
    if (colon > 0) out.host = text.substr(0, colon);
    return out;
}

void link::connect(const endpoint& target, const std::string& source) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) throw std::runtime_error(std::string("socket: ") + std::strerror(errno));
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (!source.empty()) {
        ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        const auto source_address = address_of(source, 0);
        ::bind(fd_, generic(source_address), sizeof source_address);
    }
    const auto address = address_of(target.host, target.port);
    watching_write_ = true;
    reactor_.add(fd_, *this, true);
    if (::connect(fd_, generic(address), sizeof address) < 0 && errno != EINPROGRESS) {
        close();
        ended();
    }
}

void link::send(std::string_view bytes) {
    if (fd_ < 0) return;
    if (unsent_.empty() && connected_) {
        const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    if (bytes.empty()) return;
    unsent_ += bytes;
    if (!watching_write_) reactor_.change(fd_, *this, watching_write_ = true);
}

void link::close() {
    if (fd_ < 0) return;
    reactor_.remove(fd_);
    ::close(fd_);
    fd_ = -1;
    connected_ = false;
    rest_.clear();
    unsent_.clear();
}

void link::writable() {
    if (!connected_) {
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            close();
            return ended();
        }
        connected_ = true;
        opened();
    }
    if (fd_ < 0) return;
    if (!unsent_.empty()) {
        const auto count = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
        if (count > 0) unsent_.erase(0, static_cast<std::size_t>(count));
    }
    if (unsent_.empty()) reactor_.change(fd_, *this, watching_write_ = false);
}

void link::readable() {
    // Shared by all connections, so that an idle one stores only bytes that were not parsed yet.
    static thread_local std::vector<char> room(256 * 1024);
    if (fd_ < 0) return;
    if (rest_.size() + 64 * 1024 > room.size()) room.resize(2 * room.size() + rest_.size());
    std::memcpy(room.data(), rest_.data(), rest_.size());
    const auto count = ::recv(fd_, room.data() + rest_.size(), room.size() - rest_.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        close();
        return ended();
    }
    const std::string_view all(room.data(), rest_.size() + static_cast<std::size_t>(count));
    const auto used = received(all);
    if (fd_ < 0) return;
    rest_.assign(all.substr(used));
}

}  // namespace airi::bench
