// An archive of topics: its manifests and the objects that they name, read and written whole. Used by what archives,
// reads and verifies them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "platform/crypto/keyring.hpp"
#include "platform/storage/storage.hpp"
#include "workers/archive/errors.hpp"
#include "workers/archive/manifest.hpp"
#include "workers/archive/settings.hpp"

namespace airi::workers::archive {

/// Blocks; for one thread. Errors beside those of the storage: damaged, no_key.
class files {
public:
    /// The settings have no mistakes and a URL.
    explicit files(const archive_settings&);
    files(std::unique_ptr<boost::asio::io_context>, std::unique_ptr<storage::store>, std::optional<seal::keyring>);

    struct stored_manifest {
        std::string text;
        archive::manifest manifest;  ///< with the objects of its edition, if it has one
    };
    /// None if the topic has no manifest of that number.
    result<std::optional<stored_manifest>> manifest_of(const std::string& topic, std::int64_t number);
    /// The number of the next manifest: the last one's is one less.
    result<std::int64_t> next_number(const std::string& topic);
    /// The topic's archive ends there; none: it has none.
    result<std::optional<stored_manifest>> last_manifest(const std::string& topic);
    /// The last manifest as the archive states it; none: the archive is older than such statements.
    result<std::optional<archive::last_manifest>> stated_last(const std::string& topic);
    /// Stores it as the topic's next, and states that it is the last one. Error: another_archiver, whose manifest has
    /// the number already.
    result<> put_manifest(const manifest&);

    /// Stores the compressed lines of an hour, sealed if the topic is, and fills in the entry's name, digest and size.
    /// Error: no_key for a topic that is sealed.
    result<> put_object(
        const std::string& topic, instant hour, std::int64_t number, std::string compressed, object_entry& entry);
    /// The object as it is stored, if it is what the entry says.
    result<std::string> get_object(const object_entry&);
    /// The lines in it.
    result<std::string> open_object(const std::string& topic, const object_entry&, std::string stored);
    /// Seals an object of the manifest under the current key; the entry of the new one, none if it is under that key
    /// already. Errors: damaged, no_key.
    result<std::optional<object_entry>> reseal_object(
        const std::string& topic, std::int64_t number, const object_entry&);
    /// Stores the edition of a manifest, or replaces it.
    result<> put_edition(const std::string& topic, std::int64_t number, const edition&);
    result<> remove(const std::string& name);
    /// Removes a sealed object that nothing names, unless the current key has sealed it. The number of removed ones.
    result<std::int64_t> remove_outdated(const storage::object&);
    bool can_open(const object_entry& one) const { return !one.sealed || keys_; }

    /// Calls `each` for the objects below the topic's folder, without its manifests. An error of it ends the calls.
    result<> each_object(const std::string& topic, const std::function<result<>(const storage::object&)>& each);

private:
    std::unique_ptr<boost::asio::io_context> io_;
    std::unique_ptr<storage::store> store_;
    std::optional<seal::keyring> keys_;
};

}  // namespace airi::workers::archive
