// The place of backups: objects sealed under BACKUP_KEY, each bound to its name, in a directory or a bucket. Used by
// airi-vault.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/crypto/keyring.hpp"
#include "platform/storage/storage.hpp"

namespace airi::backup {

/// `damaged`: an object is not what was stored, or a part of it is missing. `wrong_key`: the place was made with
/// another BACKUP_KEY.
enum class errc { damaged = 1, wrong_key };
error_code make_error_code(errc);

/// The most bytes of a part, before it is sealed.
inline constexpr std::size_t part_size = std::size_t{16} * 1024 * 1024;
/// The most bytes of an object: a segment of the write-ahead log that does not compress fits.
inline constexpr std::size_t most_of_object = part_size + 1024 * 1024;

struct stored_parts {
    std::int64_t parts = 0, size = 0;  ///< of what was stored, in bytes
    std::string sha256;                ///< of the hex digests of all parts, one behind the other
    std::string json() const;
    bool operator==(const stored_parts&) const = default;
};

/// Blocks; for one thread. Errors beside those of the storage: errc.
class vault {
public:
    vault(std::unique_ptr<boost::asio::io_context>, std::unique_ptr<storage::store>, seal::keyring);

    /// Claims a new place for the key. Error: wrong_key when the place has another one.
    result<> open();
    /// Replaces an object of that name. `bytes`: most_of_object at most.
    result<> put(const std::string& name, std::string_view bytes);
    result<std::string> get(const std::string& name);

    /// Returns the next bytes, at most so many; none: the end.
    using source = std::function<std::string(std::size_t most)>;
    /// Returns false when the bytes cannot be written.
    using sink = std::function<bool(std::string_view)>;
    /// Stores the bytes of `from` as <name>/000001, … and last <name>/end, without which there is nothing.
    result<stored_parts> put_parts(const std::string& name, const source& from);
    /// Error: damaged, also when less or more is there than was stored. The bytes before a fault have been written.
    result<stored_parts> get_parts(const std::string& name, const sink& to);

    result<std::vector<storage::object>> list(const std::string& prefix);
    result<> remove(const std::string& prefix);

private:
    std::unique_ptr<boost::asio::io_context> io_;
    std::unique_ptr<storage::store> store_;
    seal::keyring keys_;
};

}  // namespace airi::backup

template <>
struct boost::system::is_error_code_enum<airi::backup::errc> : std::true_type {};
