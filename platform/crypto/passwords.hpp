// Password hashes: argon2id for all, bcrypt verified for users who came from elsewhere. Each call costs 20 MB
// and tens of milliseconds, so the routes go through a bounded pool.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "platform/base/async.hpp"
#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"

namespace airi::passwords {

/// Both are outages: too many are waiting already / the memory for one is not there.
enum class errc { overloaded = 1, no_memory };
error_code make_error_code(errc);

/// Blocks. The hash names its own parameters and is at most 127 characters of ASCII.
result<std::string> hash(const secret& password);
/// Blocks. A `hash` that is empty (no such user) or of no known kind is never right, and takes as long as a
/// real one.
bool verify(const secret& password, const std::string& hash);
/// True for bcrypt and for argon2id with other parameters than today's: hash anew after a verified login.
bool needs_rehash(const std::string& hash);

/// Runs them on threads of its own. May be called from any coroutine, which goes on in its own executor.
class pool {
public:
    /// At most `waiting` calls wait for a thread; the next ones end with `overloaded` at once.
    pool(std::size_t threads, std::size_t waiting);
    /// Calls still waiting end with `overloaded`; those under way are waited for.
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
