// Password hashes: argon2id for new ones; bcrypt is verified for users imported from another system. Each call takes
// 20 MB and tens of milliseconds, so the routes use a bounded pool.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "platform/base/async.hpp"
#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"

namespace airi::passwords {

/// Both are outages: too many calls are waiting already / there is not enough memory to hash.
enum class errc { overloaded = 1, no_memory };
error_code make_error_code(errc);

/// Blocks. The hash contains its parameters and is at most 127 ASCII characters long.
result<std::string> hash(const secret& password);
/// Blocks. False for a `hash` that is empty (no such user) or has an unknown format; that takes as long as a real
/// verification.
bool verify(const secret& password, const std::string& hash);
/// True for bcrypt and for argon2id with outdated parameters: hash the password again after a verified login.
bool needs_rehash(const std::string& hash);

/// Hashes and verifies on its own threads. May be called from any coroutine, which resumes on its own executor.
class pool {
public:
    /// At most `waiting` calls wait for a thread; further calls fail with `overloaded` at once.
    pool(std::size_t threads, std::size_t waiting);
    /// Waiting calls fail with `overloaded`; blocks until the running ones have finished.
    ~pool();

    awaitable<result<std::string>> hash(secret password);
    awaitable<result<bool>> verify(secret password, std::string hash);

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace airi::passwords

template <>
struct boost::system::is_error_code_enum<airi::passwords::errc> : std::true_type {};
