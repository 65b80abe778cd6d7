#include "workers/crisis/contact_sender.hpp"

#include <set>

#include "events/email.hpp"
#include "platform/crypto/sealed_value.hpp"
#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/fake_web.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;
using crisis::contact_message;
using crisis::verdict;
namespace twilio = airi::workers::providers::twilio;

namespace {

const std::string row_id = "019a9f3d-88f2-7b04-8c3e-2a9d5b7e4f01";

const std::string invited_to = "https://ezri.example/crisis/contacts/confirm#token";
seal::key link_key() { return seal::key::of(secret("a link key of 32 bytes, or rather more"), "links"); }

const user_id ada = user_id::fresh();

seal::master master() { return seal::master(secret("an encryption key of 32 bytes, or rather more")); }

// Its number as it is; sealed() has it as the table has it.
contact_message notice() {
    return {row_id, "notice", "sms", 1, false, "+14155550123", "en", "Ada", "Ezri", "", row_id, ada, std::nullopt};
}
contact_message sealed(contact_message message) {
    const auto key = seal::key::fresh();
    const auto column = message.channel == "email" ? "trusted_contacts.email" : "trusted_contacts.phone";
    message.recipient = seal::seal_value(key, ada, column, message.recipient);
    message.wrapped_key = master().wrap(key, ada);
    return message;
}
contact_message invitation() {
    auto out = notice();
    out.kind = "invite";
    out.link = seal::seal(link_key(), invited_to, events::place_of_link(row_id));
    return out;
}

struct sender_fixture {
    loop io;
    fake_database database;
    fake_web web;
    twilio::client phone{web, {"https://twilio.example", "AC1", secret("t"), "+15005550006"}};
    seal::key links = link_key();
    seal::master users = master();
    crisis::contact_sender sender{database, &phone, users, links, io.on()};
    web_page created{201, R"({"sid":"SM1"})"}, listed{200, R"({"messages":[]})"};
    std::vector<contact_message> due;
    std::optional<std::string> next;

    sender_fixture() {
        web.answer = [this](const http::request& asked) { return asked.method == "POST" ? created : listed; };
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            const auto& name = asked.statement->name;
            if (name == "trusted_contacts.release_notices") return cell("0");
            if (name == "trusted_contacts.next_message") return cell(next);
            postgres::rows out;
            out.columns_ = 13;
            if (name == "trusted_contacts.claim_messages")
                for (const auto& m : std::exchange(due, {})) {
                    for (const auto& text :
                        {m.id, m.kind, m.channel, std::to_string(m.claim), std::string(m.maybe_sent ? "t" : "f"),
                            m.recipient, m.locale, m.person, m.product, m.link, m.event, m.user.text()})
                        out.cells_.emplace_back(text);
                    out.cells_.emplace_back(m.wrapped_key);
                }
            return out;
        };
    }
    int requests(std::string_view method) const {
        int out = 0;
        for (const auto& one : web.asked) out += one.method == method;
        return out;
    }
    // The statement that ends the claim.
    postgres::bound deliver(contact_message message) {
        database.committed.clear();
        web.asked.clear();
        io.run(sender.deliver(std::move(message)));
        REQUIRE(database.committed.size() == 1);
        return database.committed[0];
    }
};

}  // namespace

TEST_CASE("EZRI-41: each text is there in every language of the fixed replies, within two text messages") {
    const std::set<std::string_view> known{"person", "product", "link", "ref"};
    CHECK(crisis::text_files.size() == 18);
    for (const auto& file : crisis::text_files) {
        CAPTURE(std::string(file.name));
        for (auto at = file.text.find("{{"); at != file.text.npos; at = file.text.find("{{", at + 2))
            CHECK(known.contains(file.text.substr(at + 2, file.text.find("}}", at) - at - 2)));
    }
    for (const auto* language : {"en", "de", "es", "fr", "pt", "cs"})
        for (auto one : {notice(), invitation()}) {
            if (!one.link.empty()) one.link = invited_to;
            one.locale = language;
            const auto text = crisis::compose(one);
            CHECK(text.to == "+14155550123");
            CHECK(text.key == row_id);
            CHECK(text.language == language);
            CHECK(text.body.size() < 320);
            CHECK(contains(text.body, "Ada"));
            CHECK(contains(text.body, crisis::mark_of(one)));
            CHECK_FALSE(contains(text.body, "{{"));
            CHECK_FALSE(contains(text.body, "\n"));
        }
    CHECK(crisis::compose(notice()).body ==
          "Ada may need support. You agreed to be told: please get in touch with them now, and call the emergency "
          "services if they are in danger. Ezri, ref. 5B7E4F01");
}

TEST_CASE("EZRI-41: an attempt is repeated after a pause that grows, or never") {
    const auto judged = [](twilio::errc error, int claim, seconds retry_after = seconds{0}) {
        return crisis::judge({error, {}, 7, retry_after}, claim);
    };
    CHECK(crisis::judge({{}, "SM1"}, 3).then == verdict::what::sent);
    CHECK(crisis::judge({{}, "SM1"}, 3).sid == "SM1");
    CHECK(judged(twilio::errc::busy, 1).pause == seconds{1});
    CHECK(judged(twilio::errc::busy, 3).pause == seconds{4});
    CHECK(judged(twilio::errc::busy, 40).pause == seconds{60});
    CHECK(judged(twilio::errc::busy, 1, seconds{90}).pause == seconds{90});
    CHECK(judged(twilio::errc::busy, 1, seconds{9000}).pause == seconds{600});
    CHECK_FALSE(judged(twilio::errc::busy, 1).maybe_sent);
    CHECK_FALSE(judged(twilio::errc::not_sent, 1).maybe_sent);
    CHECK(judged(twilio::errc::unknown, 1).maybe_sent);
    CHECK(judged(twilio::errc::unknown, 1).pause == seconds{5});
    CHECK(judged(twilio::errc::unauthorized, 1).pause == seconds{60});
    CHECK(judged(twilio::errc::unauthorized, 1).then == verdict::what::again);
    CHECK(judged(twilio::errc::rejected, 1).then == verdict::what::failed);
    CHECK(judged(twilio::errc::rejected, 1).error == "Twilio rejected the request (7)");
    CHECK_FALSE(judged(twilio::errc::rejected, 1).stop);
    CHECK(judged(twilio::errc::unsubscribed, 1).stop);
    CHECK(judged(twilio::errc::unsubscribed, 1).then == verdict::what::failed);
}

TEST_CASE("EZRI-41: a claim ends with what Twilio said, and no log has a number or a text") {
    const captured_log log;
    sender_fixture f;
    auto end = f.deliver(sealed(notice()));
    CHECK(contains(f.web.asked.at(0).body, "To=%2B14155550123"));
    CHECK(end.statement->name == "trusted_contacts.message_sent");
    CHECK(parameter(end, "sid") == "SM1");
    CHECK(parameter(end, "claim") == "1");
    f.created = {429, R"({"code":20429})", {}, {{"Retry-After", "30"}}};
    end = f.deliver(notice());
    CHECK(end.statement->name == "trusted_contacts.message_again");
    CHECK(parameter(end, "pause") == "30");
    CHECK(parameter(end, "maybe_sent") == "false");
    f.created = {500, ""};
    end = f.deliver(notice());
    CHECK(parameter(end, "maybe_sent") == "true");
    f.created = {400, R"({"code":21610})"};
    end = f.deliver(notice());
    CHECK(end.statement->name == "trusted_contacts.message_failed");
    CHECK(parameter(end, "stop") == "true");
    for (const auto* secret : {"4155550123", "support", "Ada"}) CHECK_FALSE(contains(log.lines(), secret));
}

TEST_CASE("EZRI-41: what may have been sent is looked for, and sent only if it is not there") {
    sender_fixture f;
    auto message = notice();
    message.claim = 2;
    message.maybe_sent = true;
    auto end = f.deliver(message);
    CHECK(f.requests("GET") == 1);
    CHECK(f.requests("POST") == 1);
    CHECK(parameter(end, "sid") == "SM1");
    f.listed.body = R"({"messages":[{"sid":"SM0","body":"… ref. 5B7E4F01"}]})";
    end = f.deliver(message);
    CHECK(f.requests("POST") == 0);
    CHECK(parameter(end, "sid") == "SM0");
    f.listed = {500, ""};
    end = f.deliver(message);
    CHECK(f.requests("POST") == 0);
    CHECK(end.statement->name == "trusted_contacts.message_again");
    CHECK(parameter(end, "maybe_sent") == "true");
    message.channel = "call";
    end = f.deliver(message);
    CHECK(f.web.asked.empty());
    CHECK(end.statement->name == "trusted_contacts.message_failed");
    message.maybe_sent = false;
    f.deliver(message);
    CHECK(f.web.asked.at(0).url.ends_with("/Calls.json"));
}

TEST_CASE("EZRI-41: a look sends what is due and pauses until the next, without a busy loop") {
    sender_fixture f;
    f.due = {sealed(notice()), sealed(invitation())};
    CHECK(f.io.run(f.sender.look()).value() == milliseconds{2'000});
    CHECK(f.io.until([&] { return f.database.all("trusted_contacts.message_sent").size() == 2; }));
    CHECK(f.sender.in_flight() == 0);
    f.next = "700";
    CHECK(f.io.run(f.sender.look()).value() == milliseconds{700});
    f.next = "-50";
    CHECK(f.io.run(f.sender.look()).value() == milliseconds{20});
    f.next = "9000";
    CHECK(f.io.run(f.sender.look()).value() == milliseconds{2'000});
    f.database.answer = [](const postgres::bound&) -> result<postgres::rows> { return postgres::errc::unavailable; };
    CHECK(f.io.run(f.sender.look()).error() == failure::outage);
}

TEST_CASE("EZRI-41: a mail's address is opened with the user's key and sealed for the mail's event") {
    const captured_log log;
    sender_fixture f;
    auto mail = notice();
    mail.channel = "email";
    mail.recipient = "grace@example.com";
    mail.event = "019a9f3d-88f2-7b04-8c3e-2a9d5b7e4f02";
    for (const auto& message : {mail, sealed(mail)}) {
        const auto end = f.deliver(message);
        CHECK(end.statement->name == "trusted_contacts.message_mailed");
        CHECK(parameter(end, "claim") == "1");
        const auto to = std::string(parameter(end, "to"));
        CHECK(seal::open(f.links, to, events::place_of_recipient(mail.event)).value() == mail.recipient);
        CHECK_FALSE(contains(to, "@"));
    }
    CHECK(f.web.asked.empty());
    CHECK_FALSE(contains(log.lines(), "grace"));
}

TEST_CASE("EZRI-41: a recipient that no key opens fails; one under an unknown ENCRYPTION_KEY waits for it") {
    sender_fixture f;
    auto message = sealed(notice());
    message.wrapped_key = seal::master(secret("another key of 32 bytes, or rather more")).wrap(seal::key::fresh(), ada);
    auto end = f.deliver(message);
    CHECK(end.statement->name == "trusted_contacts.message_again");
    CHECK(parameter(end, "pause") == "60");
    CHECK(parameter(end, "maybe_sent") == "false");
    message.wrapped_key = master().wrap(seal::key::fresh(), ada);
    end = f.deliver(message);
    CHECK(end.statement->name == "trusted_contacts.message_failed");
    CHECK(parameter(end, "stop") == "false");
    message.wrapped_key.reset();
    CHECK(f.deliver(message).statement->name == "trusted_contacts.message_failed");
    CHECK(f.web.asked.empty());
}

TEST_CASE("EZRI-41: without Twilio mails alone are claimed") {
    sender_fixture f;
    crisis::contact_sender mails{f.database, nullptr, f.users, f.links, f.io.on()};
    CHECK(f.io.run(mails.look()).has_value());
    for (const auto* name : {"trusted_contacts.claim_messages", "trusted_contacts.next_message"})
        CHECK(parameter(f.database.all(name).at(0), "channels") == R"({"email"})");
    CHECK(f.database.all("trusted_contacts.release_notices").size() == 1);
}
