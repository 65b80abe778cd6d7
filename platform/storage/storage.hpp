// Named objects of bytes in a directory or in an S3 bucket, behind one port. Used by the archive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"

namespace airi::storage {

/// `not_found`: no such object. `exists`: put_new() found one of that name. `full`: no space, or a quota is used up.
/// `denied`: credentials, a right or the bucket is missing. `unavailable`: nobody answers, or not as S3 does.
/// `bad_name`: see is_object_name(). `too_large`: get() found more than its bound.
enum class errc { not_found = 1, exists, full, denied, unavailable, bad_name, too_large };
error_code make_error_code(errc);

/// Segments of letters, digits and ._- joined by "/", none of which begins with a point; 512 bytes at most. So no name
/// leaves the directory, and each is the same text in a URL.
bool is_object_name(std::string_view name);

struct object {
    std::string name;
    std::uint64_t size = 0;
    bool operator==(const object&) const = default;
};
struct page {
    std::vector<object> objects;  ///< in the order of their names' bytes
    bool complete = true;         ///< nothing follows
};

/// One executor. An object is there as a whole or not at all, whatever dies meanwhile; a later get() finds it.
class store {
public:
    virtual ~store() = default;
    /// Replaces an object of that name.
    virtual awaitable<result<>> put(std::string name, std::string bytes) = 0;
    /// Error: exists. Of several at the same time one succeeds.
    virtual awaitable<result<>> put_new(std::string name, std::string bytes) = 0;
    virtual awaitable<result<std::string>> get(std::string name, std::size_t most) = 0;
    /// A page of those whose name begins with `prefix` and comes after `after`: 1,000 at most. Other files that are
    /// there, whose names are no object's, are left out.
    virtual awaitable<result<page>> list(std::string prefix, std::string after) = 0;
    /// Without an error if there is none.
    virtual awaitable<result<>> remove(std::string name) = 0;
};

/// Creates the directory if it is missing. An object is a file that only this user reads, named as the object; what is
/// being written stands in `.parts`. The calls block.
std::unique_ptr<store> open_directory(const std::filesystem::path& root);

struct s3_options {
    std::string endpoint;  ///< https://s3.eu-central-1.amazonaws.com; http only to this machine
    std::string region = "us-east-1";
    std::string bucket;
    std::string prefix;  ///< of every name, without "/" at its end; may be empty
    std::string access_key;
    secret secret_key;
};
/// The bucket is in the path, as every S3 server accepts it. A request is signed with its body (SigV4) and repeated
/// three times while the server is away.
std::unique_ptr<store> open_s3(executor, s3_options);

}  // namespace airi::storage

template <>
struct boost::system::is_error_code_enum<airi::storage::errc> : std::true_type {};
