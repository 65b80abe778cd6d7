#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "platform/base/log.hpp"
#include "workers/email/errors.hpp"
#include "workers/email/transport.hpp"

namespace airi::workers::email {
namespace {

class file_transport final : public transport {
public:
    explicit file_transport(std::filesystem::path folder) : folder_(std::move(folder)) {}

    result<> deliver(const mime_message& message, std::stop_token) override {
        std::error_code failed;
        if (std::filesystem::create_directories(folder_, failed))
            std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, failed);
        const auto name = message.id.text();
        // Two workers may write the same message at the same time: each has a file of its own until it is complete.
        const auto complete = folder_ / (name + ".eml"), part = folder_ / ('.' + name + '.' + uuid::v7().text());
        if (write(part, render(message))) {
            std::filesystem::rename(part, complete, failed);
            if (!failed) return {};
        }
        std::filesystem::remove(part, failed);
        log::error("mail.not_written", {{"event_id", name}});
        return errc::not_written;
    }

private:
    // Messages hold sign-in links: no other user may read them.
    static bool write(const std::filesystem::path& file, std::string_view bytes) {
        const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (descriptor < 0) return false;
        while (!bytes.empty()) {
            const auto count = ::write(descriptor, bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) break;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return ::close(descriptor) == 0 && bytes.empty();
    }

    std::filesystem::path folder_;
};

}  // namespace

std::unique_ptr<transport> open_file_transport(std::filesystem::path folder) {
    return std::make_unique<file_transport>(std::move(folder));
}

}  // namespace airi::workers::email
