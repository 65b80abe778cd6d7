#include "workers/email/compose.hpp"

#include <set>

#include "platform/base/json.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "tests/support/cpp/sample_mail.hpp"
#include "workers/email/errors.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

const email::mailbox sender{"AIRI", "no-reply@airi.example"};
const event_id event = event_id::of(uuid{}, "mail");

result<email::mime_message> composed(const events::email_requested& in) {
    return email::compose(in, event, some_time, sender);
}

const std::vector<std::string> kinds{"verify_email", "account_suspended", "account_banned", "appeal_upheld",
    "appeal_reversed", "reset_password", "magic_link", "parental_consent", "password_changed", "new_login",
    "export_ready", "account_deletion", "api_key_created", "trusted_contact_invite", "trusted_contact_notice",
    "address_proved", "payment_receipt", "payment_failed", "payment_action", "trial_ending", "plan_changed",
    "withdrawal"};
// The contact's link is in the invitation: only a digest of it is stored.
const std::set<std::string> without_link{
    "trusted_contact_notice", "trial_ending", "plan_changed", "withdrawal", "appeal_upheld", "appeal_reversed"};

}  // namespace

TEST_CASE("every kind has its texts in both languages, with known variables only") {
    const std::set<std::string_view> known{"name", "link", "expires_at", "product", "child", "time", "device",
        "address", "erase_at", "key", "person", "amount", "number", "next_attempt", "trial_end", "plan", "until",
        "answer"};
    std::size_t texts = 0;
    for (const auto& file : email::text_files) {
        if (!file.name.ends_with(".txt")) continue;
        CAPTURE(std::string(file.name));
        ++texts;
        CHECK(std::find(kinds.begin(), kinds.end(), file.name.substr(0, file.name.find('.'))) != kinds.end());
        for (auto at = file.text.find("{{"); at != file.text.npos; at = file.text.find("{{", at + 2)) {
            const auto name = file.text.substr(at + 2, file.text.find("}}", at) - at - 2);
            CHECK_MESSAGE(known.contains(name), std::string(name));
        }
        CHECK(contains(file.text, "{{link}}") !=
              without_link.contains(std::string(file.name.substr(0, file.name.find('.')))));
    }
    CHECK(texts == kinds.size() * 2);
    for (const auto& kind : kinds) {
        auto in = wanted_mail(kind);
        in.variables.text = R"({"name":"Ada","person":"Grace","amount":"9.99 USD","number":"A-1","plan":"Pro",)"
                            R"("trial_end":"2026-01-02T03:04:05Z"})";
        const auto english = composed(in);
        in.locale = "de";
        const auto german = composed(in);
        REQUIRE(english);
        REQUIRE(german);
        CHECK(english->subject != german->subject);
        CHECK(contains(english->html, "<html lang=\"en\">"));
        CHECK(contains(german->html, "<html lang=\"de\">"));
        for (const auto& one : {*english, *german}) {
            CHECK(contains(one.text, in.link) != without_link.contains(kind));
            CHECK_FALSE(contains(one.subject + one.text + one.html, "{{"));
        }
    }
}

TEST_CASE("an e-mail greets by name, shows the link and its expiry") {
    const auto out = composed(wanted_mail());
    REQUIRE(out);
    CHECK(out->id == event);
    CHECK(out->to == "ada@example.com");
    CHECK(out->date == some_time);
    CHECK(out->subject == "Confirm your e-mail address");
    CHECK(out->text ==
          "Hello Ada \"L\" <b>,\n\nplease confirm that this is your e-mail address by opening this link:\n\n"
          "https://airi.example/verify?token=a-b_c&x=1\n\nThe link works until 2100-01-01 00:00 UTC.\n\n"
          "If you did not sign up for AIRI, ignore this mail.\n");
}

TEST_CASE("variables are escaped in HTML") {
    const auto out = composed(wanted_mail());
    REQUIRE(out);
    CHECK(contains(out->html, "<p>Hello Ada &quot;L&quot; &lt;b&gt;,</p>"));
    CHECK(contains(out->html,
        "<p><a "
        "href=\"https://airi.example/verify?token=a-b_c&amp;x=1\">https://airi.example/verify?token=a-b_c&amp;x=1</a></"
        "p>"));
    CHECK_FALSE(contains(out->html, "<b>"));
}

TEST_CASE("a variable is one short line and not expanded again") {
    auto in = wanted_mail();
    in.variables.text = R"({"name":" {{link}}\r\nBcc: x\u0000 ","link":"https://evil.example/","product":"Evil"})";
    const auto out = composed(in);
    REQUIRE(out);
    CHECK(contains(out->text, "Hello {{link}}  Bcc: x,\n"));
    CHECK_FALSE(contains(out->text, "evil"));
    CHECK(contains(out->text, "sign up for AIRI"));
    in.variables.text = "{\"name\":\"" + std::string(199, 'a') + "\xC3\xBC\"}";
    CHECK(contains(composed(in)->text, "Hello " + std::string(199, 'a') + ",\n"));
}

TEST_CASE("a name that looks like a link is left out of the e-mail") {
    for (const auto* name : {"see https://evil.example", "www.evil.example"}) {
        auto in = wanted_mail();
        in.variables.text = json::object().add("name", name).text();
        const auto out = composed(in);
        REQUIRE(out);
        CHECK(out->text.starts_with("please confirm"));
        CHECK_FALSE(contains(out->text + out->html, "evil"));
    }
}

TEST_CASE("a paragraph whose variable is missing is left out") {
    auto in = wanted_mail("new_login");
    in.variables.text = R"({"device":"Firefox","time":"2026-11-20T18:45:03.123456Z","address":null})";
    in.link = "";
    const auto out = composed(in);
    REQUIRE(out);
    CHECK(contains(out->text, "Device: Firefox\n\nTime: 2026-11-20 18:45 UTC\n"));
    CHECK_FALSE(contains(out->text, "Address"));
    CHECK_FALSE(contains(out->text, "Hello"));
    CHECK_FALSE(contains(out->text, "sessions here"));
    for (const auto* none : {"", "null", "{}"}) {
        in.variables.text = none;
        CHECK(composed(in).has_value());
    }
}

TEST_CASE("a language without texts gets the English ones") {
    const auto subject_in = [](std::string locale) {
        auto in = wanted_mail();
        in.locale = std::move(locale);
        return composed(in)->subject;
    };
    const auto german = subject_in("de");
    CHECK(subject_in("de-AT") == german);
    CHECK(subject_in("DE_de") == german);
    for (const auto* other : {"en-GB", "fr", "", "../../de", "zz-de"})
        CHECK(subject_in(other) == "Confirm your e-mail address");
}

TEST_CASE("an e-mail that cannot be sent is refused") {
    const auto fault = [](auto change) {
        auto in = wanted_mail();
        change(in);
        const auto out = composed(in);
        REQUIRE_FALSE(out);
        CHECK(out.error() == failure::refused);
        return out.error();
    };
    CHECK(fault([](auto& in) { in.to = "a@b\r\nBcc: c@d"; }) == email::errc::bad_address);
    for (const auto* kind : {"", "unknown", "layout", "verify_email.en", "../verify_email"})
        CHECK(fault([&](auto& in) { in.kind = kind; }) == email::errc::unknown_kind);
    for (const auto* link : {"", "javascript:alert(1)", "ftp://a/", "https://", "//a", "/a", "https://a b",
             "https://a/\"><b>", "https://a/\n", "https://user@a/", "https://\xC3\xA4/", "https://a/{x}"})
        CHECK(fault([&](auto& in) { in.link = link; }) == email::errc::bad_link);
    for (const auto* variables : {"[]", "1", "\"x\"", "{"})
        CHECK(fault([&](auto& in) { in.variables.text = variables; }) == email::errc::bad_variables);
}
