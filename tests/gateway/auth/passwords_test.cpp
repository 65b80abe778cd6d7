// The rules for passwords, and the one place where they are set and checked.
#include "gateway/auth/passwords.hpp"

#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/source_tree.hpp"

using namespace airi;
using namespace airi::test;

namespace {

using house = gateway_fixture;

const gateway::password_owner jane{"jane.doe77@example.org", "J\u00E4nne D\u00F6e"};

// Why a password of hers is refused; empty when it is accepted.
std::string refusal(std::string given, const gateway::password_owner& owner = jane) {
    const auto got = gateway::accept_password(secret(std::move(given)), owner, "AIRI", "/password");
    const auto* refused = std::get_if<gateway::problem>(&got);
    if (!refused) return {};
    CHECK(refused->status == 422);
    CHECK(contains(refused->details, R"("pointer":"/password")"));
    return refused->message;
}

std::string repeated(std::string_view text, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
}

// The statements' answers for an account with this hash.
void has_account(house& h, std::string hash, const char* locked = "0") {
    h.answer = [&h, hash, locked](const postgres::bound& asked) -> result<postgres::rows> {
        if (asked.statement->name != "auth.attempt") return postgres::rows{};
        const auto id = h.user.text();
        return house::row({hash.empty() ? nullptr : id.c_str(), hash.empty() ? nullptr : hash.c_str(), "active", "user",
            "ann@example.org", "f", "network 192.0.2.0/24", locked});
    };
}

std::string check(house& h, std::string given, std::optional<user_id> caller = std::nullopt) {
    const auto request = house::anonymous(verb::post, "/api/v1/auth/login");
    const auto got =
        h.io.run(gateway::check_password(h.services, request, {caller, "ann@example.org"}, secret(std::move(given))));
    const auto* refused = std::get_if<gateway::problem>(&got);
    return refused ? refused->code : "right";
}

std::string outcomes(const house& h) {
    std::string out;
    for (const auto& one : h.database.all("auth.end_attempt")) out += parameter(one, "outcome") + " ";
    return out;
}

}  // namespace

TEST_CASE("a password has 8 to 128 characters, of whatever kind") {
    CHECK(contains(refusal("s7hort!"), "at least 8"));
    CHECK(contains(refusal(repeated("\u00E9", 7)), "at least 8"));
    CHECK(contains(refusal(repeated("e\u0301", 7)), "at least 8"));  // decomposed
    CHECK(refusal(repeated("\u00E9\u00E8", 4)).empty());
    CHECK(refusal(repeated("e\u0301f", 64)).empty());
    CHECK(contains(refusal(repeated("xy", 64) + "z"), "at most 128"));
    CHECK(contains(refusal("tab\tulator"), "control characters"));
    for (const auto* good :
        {"nine lives", "        a", "brusselssproutsatnoon", "\u6B63\u78BA\u306A\u99AC\u96FB\u6C60\u91DD\u9ED2"})
        CHECK_MESSAGE(refusal(good).empty(), good);
}

TEST_CASE("the most common passwords are refused in any case") {
    for (const auto* common : {"password", "PassWord", "12345678", "qwertyuiop", "11111111", "iloveyou!", "1qaz2wsx",
             "\uFF50\uFF41ssword", "trustno1", "sunshine1"})
        CHECK_MESSAGE(contains(refusal(common), "most common"), common);
    CHECK(refusal("password of mine").empty());
}

TEST_CASE("a password is not made of the address, the name or the product") {
    for (const auto* own : {"jane.doe77@example.org", "JANE.DOE77", "janedoe-2026", "JaneDoe!!!", "77janedoe",
             "janedoe77janedoe77", "Janne Doe 1", "airi-airi", "AIRI2026", "airi_airi_airi!", "(airi).42"})
        CHECK_MESSAGE(contains(refusal(own), "must not be made of"), own);
    CHECK(contains(refusal("Janne2026"), "must not be made of"));
    for (const auto* other : {"jane loves cheese", "doejane.77.x", "airily done", "my airi 2026"})
        CHECK_MESSAGE(refusal(other).empty(), other);
    // A short name is in many a password; an empty one in all.
    CHECK(refusal("Xy84620174", {"xy@example.org", "Xy"}).empty());
    CHECK(contains(refusal("xyxyxyxy", {"xy@example.org", ""}), "must not be made of"));
    CHECK(contains(refusal("58402716", {"58402716@example.org", ""}), "must not be made of"));
    CHECK(refusal("long enough", {}).empty());
}

TEST_CASE("passwords are hashed and verified in one place") {
    for (const auto& file : files_below({"gateway", "workers", "platform"}, {".cpp", ".hpp"})) {
        const bool is_the_place = file.path == "gateway/auth/passwords.cpp";
        for (const std::string_view call : {"hashing.verify(", "hashing.hash(", "accept_password("}) {
            if (call.starts_with("accept") && file.path.starts_with("gateway/auth/password_rules.")) continue;
            CHECK_MESSAGE(contains(file.text, call) == is_the_place,
                file.path << (is_the_place ? " has no " : " calls ") << call << ": see gateway/auth/passwords.hpp");
        }
    }
}

TEST_CASE("a password is checked in the form in which it is stored, and as hashes from before have it") {
    house h;
    has_account(h, *passwords::hash(secret("p\u00E4ssig und lang")));
    CHECK(check(h, "p\u00E4ssig und lang") == "right");
    CHECK(check(h, "pa\u0308ssig\u00A0und lang") == "right");
    CHECK(check(h, "passig und lang") == "WRONG_CREDENTIALS");
    has_account(h, *passwords::hash(secret("pa\u0308ssig")));
    CHECK(check(h, "pa\u0308ssig") == "right");
    CHECK(check(h, "p\u00E4ssig") == "WRONG_CREDENTIALS");
    has_account(h, *passwords::hash(secret("tab\tulator")));
    CHECK(check(h, "tab\tulator") == "right");
}

TEST_CASE("every wrong password is counted, whether or not the user is signed in") {
    house h;
    has_account(h, *passwords::hash(secret("a long password")));
    CHECK(check(h, "another one") == "WRONG_CREDENTIALS");
    CHECK(check(h, "another one", h.user) == "WRONG_PASSWORD");
    CHECK(outcomes(h) == "wrong_password wrong_password ");
    has_account(h, "");
    CHECK(check(h, "another one") == "WRONG_CREDENTIALS");
    has_account(h, *passwords::hash(secret("a long password")), "42");
    CHECK(check(h, "a long password") == "ACCOUNT_LOCKED");
    CHECK(check(h, "a long password", h.user) == "ACCOUNT_LOCKED");
    CHECK(outcomes(h) == "wrong_password wrong_password wrong_password ");
}
