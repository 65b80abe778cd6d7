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
constexpr int dearest_bcrypt = 14;  // each step doubles the time; beyond this a hash is an attack or a mistake

// The hash of a forgotten random password with today's parameters. Who is unknown costs as much as who is
// known.
const std::string nobody =
    "$argon2id$v=19$m=19456,t=2,p=1$/DNmmciXQ9Wqba5MpjsRFg$i9ZaEvijgdtjdUmTKTm5vw0LVNkdFO/dlqJJJ+GqasU";

constexpr error_row<errc> error_rows[] = {
    {errc::overloaded, "too many passwords are being checked", failure::outage},
    {errc::no_memory, "no memory to hash a password", failure::outage},
};

bool is_bcrypt(std::string_view hash) {
    if (hash.size() != 60 || (!hash.starts_with("$2a$") && !hash.starts_with("$2b$"))) return false;
    const char tens = hash[4], ones = hash[5];
    return tens >= '0' && tens <= '9' && ones >= '0' && ones <= '9' && hash[6] == '$' &&
           (tens - '0') * 10 + (ones - '0') <= dearest_bcrypt;
}

// bcrypt would silently end the password at a NUL.
bool verify_bcrypt(const std::string& password, const std::string& hash) {
    if (password.find('\0') != password.npos) return false;
    const auto room = std::make_unique<crypt_data>();
    std::memset(room.get(), 0, sizeof(crypt_data));
    const char* made = crypt_r(password.c_str(), hash.c_str(), room.get());
    const bool right = made && digest::equal(made, hash);
    sodium_memzero(room.get(), sizeof(crypt_data));
    return right;
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
    verify_argon2(password.reveal(), nobody);
    return false;
}

bool needs_rehash(const std::string& hash) {
    return hash.size() >= crypto_pwhash_STRBYTES || crypto_pwhash_str_needs_rehash(hash.c_str(), passes, memory) != 0;
}

// Many logins at once are many seconds of processor time: whoever streams a reply goes first. On Linux a priority is a
// thread's own (setpriority(2), "C library/kernel differences").
void go_behind_others() {
    thread_local const int done = setpriority(PRIO_PROCESS, 0, 10);
    static_cast<void>(done);
}

struct pool::state {
    state(std::size_t count, std::size_t limit) : threads(count), room(count + limit) {}

    // `work` runs on a thread of the pool, unless the pool is full or ends first.
    template <class T, class Work>
    static awaitable<result<T>> run(std::shared_ptr<state> of, Work work) {
        return from_callback<result<T>>([of, work = std::move(work)](auto then) {
            if (of->taken.fetch_add(1) >= of->room) {
                of->taken.fetch_sub(1);
                return then(result<T>(errc::overloaded));
            }
            boost::asio::post(of->threads, [of = of.get(), work, then] {
                go_behind_others();
                result<T> got = errc::overloaded;
                if (!of->ending) got = work();
                of->taken.fetch_sub(1);
                then(std::move(got));
            });
        });
    }

    boost::asio::thread_pool threads;
    const std::size_t room;
    std::atomic<std::size_t> taken{0};
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
