#include "gateway/auth/second_factor.hpp"

#include "platform/crypto/digest.hpp"
#include "platform/crypto/totp.hpp"
#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::test;

namespace {

constexpr std::string_view seed = "12345678901234567890";

// A user whose second factor is as Postgres has it.
struct factor_fixture : gateway_fixture {
    std::string stored = gateway::seal_seed(key, user, seed);
    gateway::request login = anonymous(verb::post, "/api/v1/auth/login");

    factor_fixture() {
        answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            if (asked.statement->name == "two_factor.seed")
                return row({stored.c_str(), wrapped ? wrapped->c_str() : nullptr});
            return postgres::rows{};
        };
    }
    json::document claim(const std::string& code) {
        auto parsed = json::document::parse(*io.run(gateway::claim_of_code(services, login, user, code)));
        return std::move(*parsed);
    }
};

// Of a step that is still the current one, or the previous one, when the code is checked.
std::string current_code() { return totp::code_of(seed, totp::step_of(now())); }

}  // namespace

TEST_CASE("AIRI-59: a code claims the step that it belongs to, with the seed that was read and its own hash") {
    factor_fixture h;
    CHECK_FALSE(contains(h.stored, digest::hex(seed)));
    const auto before = totp::step_of(now());
    const auto code = current_code();
    const auto claim = h.claim(code);
    CHECK(claim.root()["step"].integer().value() - before <= 1);
    CHECK(claim.root()["seed"].string() == h.stored);
    CHECK(claim.root()["recovery"].string() == digest::sha256_hex(code));
    CHECK(h.claim("12345").root()["step"].is_null());
}

TEST_CASE("a seed from before sealing counts, and one whose key is lost leaves the recovery codes") {
    factor_fixture h;
    h.stored = digest::hex(seed);
    h.wrapped.reset();
    CHECK(h.claim(current_code()).root()["step"].integer());
    h.stored = gateway::seal_seed(seal::key::fresh(), h.user, seed);
    const auto claim = h.claim("0011223344556677");
    CHECK_FALSE(claim.root()["step"].exists());
    CHECK(claim.root()["recovery"].string() == digest::sha256_hex("0011223344556677"));
}

TEST_CASE("a key of an unknown ENCRYPTION_KEY makes a code unanswerable, not wrong") {
    factor_fixture h;
    h.wrapped = seal::master(secret("another encryption key of 32 bytes, or more")).wrap(h.key, h.user);
    const auto claim = h.io.run(gateway::claim_of_code(h.services, h.login, h.user, current_code()));
    CHECK(claim.error() == seal::errc::unknown_master);
    const auto refused = h.io.run(gateway::check_second_factor(h.services, h.login, h.user, current_code()));
    CHECK(refused.value().status == 503);
}

TEST_CASE("a recovery code has 128 bits in groups, and is the same without them and in capitals") {
    factor_fixture h;
    const auto code = gateway::recovery_code::fresh();
    CHECK(code.shown.size() == 39);
    CHECK(gateway::recovery_code::fresh().shown != code.shown);
    auto typed = code.shown;
    for (char& c : typed) c = c == '-' ? ' ' : c >= 'a' ? static_cast<char>(c & ~0x20) : c;
    CHECK(h.claim(typed).root()["recovery"].string() == code.hash);
    CHECK(h.claim(code.shown).root()["recovery"].string() == code.hash);
}
