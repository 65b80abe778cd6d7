#include "platform/crypto/passwords.hpp"

#include <crypt.h>
#include <sodium.h>
#include <sys/resource.h>

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <cstring>

#include "platform/base/error_table.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::passwords {
namespace {

constexpr unsigned long long passes = 2;
constexpr std::size_t memory = 19'922'944;
constexpr int max_bcrypt_cost = 14;  // each step doubles the time; a higher cost is an attack or a mistake

// The hash of a discarded random password with the current parameters: verifying against it makes a login with an
// unknown user take as long as one with a known user.
const std::string dummy_hash =
    "$argon2id$v=19$m=19456,t=2,p=1$/DNmmciXQ9Wqba5MpjsRFg$i9ZaEvijgdtjdUmTKTm5vw0LVNkdFO/dlqJJJ+GqasU";

constexpr error_row<errc> error_rows[] = {
    {errc::overloaded, "too many passwords are being checked", failure::outage},
    {errc::no_memory, "no memory to hash a password", failure::outage},
};

bool is_bcrypt(std::string_view hash) {
    if (hash.size() != 60 || (!hash.starts_with("$2a$") && !hash.starts_with("$2b$"))) return false;
    const char tens = hash[4], ones = hash[5];
    return tens >= '0' && tens <= '9' && ones >= '0' && ones <= '9' && hash[6] == '$' &&
           (tens - '0') * 10 + (ones - '0') <= max_bcrypt_cost;
}

// bcrypt would silently truncate the password at a NUL.
bool verify_bcrypt(const std::string& password, const std::string& hash) {
    if (password.find('\0') != password.npos) return false;
    const auto scratch = std::make_unique<crypt_data>();
    std::memset(scratch.get(), 0, sizeof(crypt_data));
    const char* computed = crypt_r(password.c_str(), hash.c_str(), scratch.get());
    const bool matches = computed && digest::equal(computed, hash);
    sodium_memzero(scratch.get(), sizeof(crypt_data));
    return matches;
}

bool verify_argon2(const std::string& password, const std::string& hash) {
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.passwords", error_rows);
    return table.code(e);
}

result<std::string> hash(const secret& password) {
    char out[crypto_pwhash_STRBYTES];
    const auto& text = password.reveal();
    if (sodium_init() < 0 || crypto_pwhash_str(out, text.data(), text.size(), passes, memory) != 0)
        return errc::no_memory;
    return std::string(out);
}

bool verify(const secret& password, const std::string& hash) {
    if (sodium_init() < 0) return false;
    if (hash.starts_with("$argon2id$") && hash.size() < crypto_pwhash_STRBYTES)
        return verify_argon2(password.reveal(), hash);
    if (is_bcrypt(hash)) return verify_bcrypt(password.reveal(), hash);
    verify_argon2(password.reveal(), dummy_hash);
    return false;
}

bool needs_rehash(const std::string& hash) {
    return hash.size() >= crypto_pwhash_STRBYTES || crypto_pwhash_str_needs_rehash(hash.c_str(), passes, memory) != 0;
}

// Many simultaneous logins use many seconds of processor time, and streamed replies must not wait for them. On Linux
// setpriority applies to the calling thread only (setpriority(2), "C library/kernel differences").
void lower_thread_priority() {
    thread_local const int done = setpriority(PRIO_PROCESS, 0, 10);
    static_cast<void>(done);
}

struct pool::state {
    state(std::size_t count, std::size_t limit) : threads(count), capacity(count + limit) {}

    // Runs `work` on a thread of the pool; `overloaded` when the pool is full or shut down before that.
    template <class T, class Work>
    static awaitable<result<T>> run(std::shared_ptr<state> self, Work work) {
        return from_callback<result<T>>([self, work = std::move(work)](auto then) {
            if (self->in_use.fetch_add(1) >= self->capacity) {
                self->in_use.fetch_sub(1);
                return then(result<T>(errc::overloaded));
            }
            boost::asio::post(self->threads, [self = self.get(), work, then] {
                lower_thread_priority();
                result<T> outcome = errc::overloaded;
                if (!self->ending) outcome = work();
                self->in_use.fetch_sub(1);
                then(std::move(outcome));
            });
        });
    }

    boost::asio::thread_pool threads;
    const std::size_t capacity;
    std::atomic<std::size_t> in_use{0};
    std::atomic<bool> ending{false};
};

pool::pool(std::size_t threads, std::size_t waiting) : state_(std::make_shared<state>(threads, waiting)) {}

pool::~pool() {
    state_->ending = true;
    state_->threads.join();
}

awaitable<result<std::string>> pool::hash(secret password) {
    return state::run<std::string>(state_, [password = std::move(password)] { return passwords::hash(password); });
}

awaitable<result<bool>> pool::verify(secret password, std::string hash) {
    return state::run<bool>(state_, [password = std::move(password), hash = std::move(hash)] {
        return result<bool>(passwords::verify(password, hash));
    });
}

}  // namespace airi::passwords
