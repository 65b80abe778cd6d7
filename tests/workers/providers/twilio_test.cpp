#include "workers/providers/sms/twilio.hpp"

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_web.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::test;
namespace twilio = airi::workers::providers::twilio;

namespace {

twilio::account account(std::string from = "+15005550006") {
    return {"https://twilio.example/", "AC123", secret("a token"), std::move(from)};
}

const twilio::message message{"+14155550123", "Hello & goodbye – 100%", "key-1"};

struct twilio_fixture {
    loop io;
    fake_web web;
    twilio::account used = account();
    web_page page{201, R"({"sid":"SM1","status":"queued"})"};

    twilio_fixture() {
        web.answer = [this](const http::request&) { return page; };
    }
    twilio::outcome send() { return io.run(twilio::client(web, used).send(message)); }
    std::string header(std::string_view name) const {
        for (const auto& [known, value] : web.asked.back().headers)
            if (known == name) return value;
        return {};
    }
};

}  // namespace

TEST_CASE("EZRI-41: a text message is Twilio's form, with basic authentication and its key") {
    twilio_fixture f;
    const auto out = f.send();
    CHECK(!out.error);
    CHECK(out.sid == "SM1");
    const auto& asked = f.web.asked.at(0);
    CHECK(asked.method == "POST");
    CHECK(asked.url == "https://twilio.example/2010-04-01/Accounts/AC123/Messages.json");
    CHECK(asked.body == "To=%2B14155550123&Body=Hello%20%26%20goodbye%20%E2%80%93%20100%25&From=%2B15005550006");
    CHECK(f.header("Content-Type") == "application/x-www-form-urlencoded");
    CHECK(f.header("Authorization") == "Basic QUMxMjM6YSB0b2tlbg==");
    CHECK(f.header("I-Twilio-Idempotency-Token") == "key-1");
    f.used = account("MG9");
    f.send();
    CHECK(f.web.asked.back().body.ends_with("&MessagingServiceSid=MG9"));
}

TEST_CASE("EZRI-41: a call says its words twice, as TwiML") {
    twilio_fixture f;
    f.page.body = R"({"sid":"CA1"})";
    twilio::message words{"+14155550123", "Ann & <Bo>", "key", "de"};
    CHECK(f.io.run(twilio::client(f.web, f.used).call(words)).sid == "CA1");
    CHECK(f.web.asked.at(0).url.ends_with("/Calls.json"));
    CHECK(f.web.asked.at(0).body.starts_with("To=%2B14155550123&From=%2B15005550006&Twiml=%3CResponse%3E"));
    CHECK(twilio::spoken("Ann & <Bo>", "de") ==
          "<Response><Pause length=\"1\"/><Say language=\"de\">Ann &amp; &lt;Bo&gt;</Say><Pause length=\"2\"/>"
          "<Say language=\"de\">Ann &amp; &lt;Bo&gt;</Say></Response>");
}

TEST_CASE("EZRI-41: each of Twilio's answers has its meaning") {
    const auto error_of = [](unsigned status, std::string_view body) { return twilio::read_created(status, "", body); };
    CHECK(error_of(400, R"({"code":21211,"message":"x","status":400})").error == twilio::errc::rejected);
    CHECK(error_of(400, R"({"code":21211})").code == 21211);
    CHECK(error_of(400, R"({"code":21610})").error == twilio::errc::unsubscribed);
    CHECK(error_of(404, "").error == failure::refused);
    CHECK(error_of(401, R"({"code":20003})").error == failure::misconfigured);
    CHECK(error_of(403, "").error == twilio::errc::unauthorized);
    CHECK(error_of(500, "<html>").error == twilio::errc::unknown);
    CHECK(error_of(503, "").error == failure::again);
    for (const auto* body : {"", "{", "[]", R"({"sid":5})"}) CHECK(error_of(201, body).error == twilio::errc::unknown);
    const auto busy = twilio::read_created(429, "17", R"({"code":20429})");
    CHECK(busy.error == twilio::errc::busy);
    CHECK(busy.retry_after == seconds{17});
    CHECK(twilio::read_created(429, "Wed, 21 Oct 2026 07:28:00 GMT", "").retry_after == seconds{0});
}

TEST_CASE("EZRI-41: a request that never left is told from one whose answer is missing") {
    twilio_fixture f;
    for (const auto never : {http::errc::unreachable, http::errc::connect_timeout, http::errc::tls_failed}) {
        f.page.failed = never;
        CHECK(f.send().error == twilio::errc::not_sent);
    }
    for (const auto perhaps : {http::errc::first_byte_timeout, http::errc::cut, http::errc::total_timeout}) {
        f.page.failed = perhaps;
        CHECK(f.send().error == twilio::errc::unknown);
    }
}

TEST_CASE("EZRI-41: an accepted message is found by its mark in the newest to that number") {
    twilio_fixture f;
    f.page = {200, R"({"messages":[{"sid":"SM3","body":"other"},{"sid":"SM2","body":"text, ref. AB12"},)"
                   R"({"sid":"SM1","body":"older AB12"},{"sid":null,"body":null}],"next_page_uri":null})"};
    const auto find = [&](std::string mark) {
        return f.io.run(twilio::client(f.web, f.used).find_message("+14155550123", std::move(mark)));
    };
    CHECK(find("AB12").value() == "SM2");
    CHECK(find("CD34").value() == std::nullopt);
    CHECK(f.web.asked.at(0).method == "GET");
    CHECK(f.web.asked.at(0).url ==
          "https://twilio.example/2010-04-01/Accounts/AC123/Messages.json?To=%2B14155550123&PageSize=100");
    f.page = {500, ""};
    CHECK(find("AB12").error() == twilio::errc::unknown);
    f.page = {200, R"({"messages":null})"};
    CHECK(find("AB12").has_error());
    f.page = {429, ""};
    CHECK(find("AB12").has_error());
    f.page.failed = http::errc::cut;
    CHECK(find("AB12").has_error());
}

TEST_CASE("Twilio's settings need each other, and a messaging service cannot call") {
    CHECK(twilio::mistake_of({}).empty());
    CHECK(twilio::mistake_of(account()).empty());
    CHECK_FALSE(twilio::account{}.configured());
    CHECK(account().can_call());
    CHECK_FALSE(account("MG9").can_call());
    CHECK(twilio::mistake_of(account("MG9")).empty());
    CHECK(contains(twilio::mistake_of(account("")), "TWILIO_FROM"));
    CHECK(contains(twilio::mistake_of(account("Ezri")), "TWILIO_FROM"));
    auto wrong = account();
    wrong.sid = "AC1/../";
    CHECK(contains(twilio::mistake_of(wrong), "TWILIO_ACCOUNT_SID"));
    wrong = account();
    wrong.base_url = "http://127.evil.com";
    CHECK_FALSE(twilio::mistake_of(wrong).empty());
    wrong.base_url = "http://twilio.example";
    CHECK(contains(twilio::mistake_of(wrong), "TWILIO_BASE_URL"));
}
