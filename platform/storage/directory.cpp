#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"
#include "platform/storage/storage.hpp"

namespace airi::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t page_size = 1'000;
constexpr std::chrono::hours part_lifetime{24};

class descriptor {
public:
    descriptor(const fs::path& file, int flags) : fd_(::open(file.c_str(), flags | O_CLOEXEC, 0600)) {}
    descriptor(const descriptor&) = delete;
    ~descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    explicit operator bool() const { return fd_ >= 0; }
    int get() const { return fd_; }

private:
    int fd_;
};

error_code error_of(int number) {
    switch (number) {
        case ENOENT: return errc::not_found;
        case EEXIST: return errc::exists;
        case ENOSPC:
        case EDQUOT:
        case EFBIG: return errc::full;
        case EACCES:
        case EPERM:
        case EROFS:
        case ENOTDIR: return errc::denied;
        default: return errc::unavailable;
    }
}

result<> failed(std::string_view verb, const std::string& name, int number) {
    auto out = error_of(number);
    if (out == errc::not_found && verb == "put") out = errc::denied;  // a folder could not be made
    if (out != errc::exists)
        log::error("storage.failed",
            {{"verb", verb}, {"object", name}, {"error", std::error_code(number, std::system_category()).message()}});
    return out;
}

// The number of the error; 0: all is on the disk.
int write(const fs::path& file, std::string_view bytes) {
    const descriptor to(file, O_WRONLY | O_CREAT | O_EXCL);
    if (!to) return errno;
    while (!bytes.empty()) {
        const auto count = ::write(to.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return ::fsync(to.get()) == 0 ? 0 : errno;
}

// A name in a folder survives the loss of power only when the folder is on the disk too.
int sync_folder(const fs::path& folder) {
    const descriptor of(folder, O_RDONLY | O_DIRECTORY);
    if (!of) return errno;
    return ::fsync(of.get()) == 0 ? 0 : errno;
}

class directory final : public store {
public:
    explicit directory(fs::path root) : root_(std::move(root)), parts_(root_ / ".parts") { remove_old_parts(); }

    awaitable<result<>> put(std::string name, std::string bytes) override {
        co_return write_object(name, bytes, [](const char* part, const char* whole) { return ::rename(part, whole); });
    }
    // A link, unlike a renamed file, replaces nothing.
    awaitable<result<>> put_new(std::string name, std::string bytes) override {
        co_return write_object(name, bytes, [](const char* part, const char* whole) { return ::link(part, whole); });
    }

    awaitable<result<std::string>> get(std::string name, std::size_t most) override {
        if (!is_object_name(name)) co_return errc::bad_name;
        const descriptor from(root_ / name, O_RDONLY);
        struct stat about{};
        if (!from || ::fstat(from.get(), &about) != 0) {
            if (errno == ENOENT) co_return errc::not_found;
            co_return failed("get", name, errno).error();
        }
        if (static_cast<std::size_t>(about.st_size) > most) co_return errc::too_large;
        std::string out(static_cast<std::size_t>(about.st_size), '\0');
        for (std::size_t done = 0; done < out.size();) {
            const auto count = ::read(from.get(), out.data() + done, out.size() - done);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) co_return failed("get", name, errno).error();
            if (count == 0) co_return errc::unavailable;  // it has become shorter
            done += static_cast<std::size_t>(count);
        }
        co_return out;
    }

    awaitable<result<page>> list(std::string prefix, std::string after) override {
        std::vector<object> found;
        const auto slash = prefix.rfind('/');
        const auto folder = slash == prefix.npos ? std::string() : prefix.substr(0, slash);
        if (!folder.empty() && !is_object_name(folder)) co_return errc::bad_name;
        std::error_code error;
        fs::recursive_directory_iterator at(root_ / folder, error), end;
        for (; !error && at != end; at.increment(error)) {
            const auto name = at->path().lexically_relative(root_).generic_string();
            std::error_code gone;
            if (at->is_directory(gone)) {
                if (!is_object_name(name)) at.disable_recursion_pending();
                continue;
            }
            if (!name.starts_with(prefix) || name <= after || !is_object_name(name)) continue;
            const auto size = at->file_size(gone);
            if (!gone) found.push_back({name, size});
        }
        if (error && error != std::errc::no_such_file_or_directory)
            co_return failed("list", prefix, error.value()).error();
        const auto count = std::min(found.size(), page_size);
        const auto middle = found.begin() + static_cast<std::ptrdiff_t>(count);
        std::ranges::partial_sort(found, middle, {}, &object::name);
        page out{{}, count == found.size()};
        found.resize(count);
        out.objects = std::move(found);
        co_return out;
    }

    awaitable<result<>> remove(std::string name) override {
        if (!is_object_name(name)) co_return errc::bad_name;
        if (::unlink((root_ / name).c_str()) != 0 && errno != ENOENT) co_return failed("remove", name, errno);
        co_return result<>{};
    }

private:
    // `place` gives the complete part its name and returns 0, or sets errno.
    template <class Place>
    result<> write_object(const std::string& name, const std::string& bytes, Place place) {
        if (!is_object_name(name)) return errc::bad_name;
        const auto whole = root_ / name, part = parts_ / uuid::v7(now()).text();
        std::error_code error;
        for (const auto& folder : {parts_, whole.parent_path()}) {
            fs::create_directories(folder, error);
            if (error) return failed("put", name, error.value());
        }
        auto number = write(part, bytes);
        if (number == 0 && place(part.c_str(), whole.c_str()) != 0) number = errno;
        ::unlink(part.c_str());
        for (auto folder = whole.parent_path(); number == 0; folder = folder.parent_path()) {
            number = sync_folder(folder);
            if (folder == root_) break;
        }
        return number == 0 ? result<>{} : failed("put", name, number);
    }

    // Files of writers that died long ago.
    void remove_old_parts() {
        std::error_code ignored;
        fs::create_directories(root_, ignored);
        for (fs::directory_iterator at(parts_, ignored), end; !ignored && at != end; at.increment(ignored)) {
            const auto written = at->last_write_time(ignored);
            if (!ignored && written + part_lifetime < fs::file_time_type::clock::now()) fs::remove(*at, ignored);
        }
    }

    const fs::path root_, parts_;
};

}  // namespace

std::unique_ptr<store> open_directory(const fs::path& root) {
    return std::make_unique<directory>(fs::absolute(root).lexically_normal());
}

}  // namespace airi::storage
