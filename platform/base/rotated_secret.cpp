#include "platform/base/rotated_secret.hpp"

#include <sys/stat.h>

#include <chrono>
#include <mutex>
#include <optional>

#include "platform/base/file_text.hpp"
#include "platform/base/log.hpp"
#include "platform/base/split.hpp"

namespace airi {
namespace {

using steady = std::chrono::steady_clock;

// A mounted secret is replaced by another file of that name.
struct version {
    ino_t file = 0;
    timespec changed{};
    bool operator==(const version& other) const {
        return file == other.file && changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
    }
};

std::optional<version> version_of(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return std::nullopt;
    return version{found.st_ino, found.st_mtim};
}

}  // namespace

struct rotated_secret::state {
    std::mutex lock;
    secret value;
    std::string name, path;
    std::optional<version> read;
    seconds look_every{0};
    steady::time_point looked = steady::now();

    void look() {
        looked = steady::now();
        const auto present = version_of(path);
        if (present && present == read) return;
        const auto text = file_text(path);
        if (!present || !text || stripped(*text).empty()) {
            log::warn("secret.unreadable", {{"setting", name}});
            return;
        }
        read = present;
        if (stripped(*text) == value.reveal()) return;
        value = secret(std::string(stripped(*text)));
        log::info("secret.changed", {{"setting", name}});
    }
};

rotated_secret::rotated_secret(const secret& value) : state_(std::make_shared<state>()) {
    state_->value = secret(std::string(stripped(value.reveal())));
}

void rotated_secret::follow(std::string name, std::string path, seconds look_every) {
    const std::scoped_lock held(state_->lock);
    state_->read = version_of(path);
    state_->look_every = look_every;
    state_->name = std::move(name);
    state_->path = std::move(path);
}

secret rotated_secret::current() const {
    if (!state_) return {};
    const std::scoped_lock held(state_->lock);
    if (!state_->path.empty() && steady::now() - state_->looked >= state_->look_every) state_->look();
    return state_->value;
}

}  // namespace airi
