#include "workers/email/mime_message.hpp"

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

email::mime_message sample_message() {
    return {event_id::parse("019a9f3d-88f2-5b04-8c3e-2a9d5b7e4f01").value(), {"airi", "no-reply@airi.example"},
        "ada@example.com", some_time, "Hello", "One = two\n", "<p>x</p>\n"};
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find("\r\n", at);
        REQUIRE(end != std::string::npos);
        out.push_back(text.substr(at, end - at));
        at = end + 2;
    }
    return out;
}

// The lines of a header field, unfolded; empty when it is not there.
std::string header(const std::string& text, const std::string& name) {
    std::string out;
    for (const auto& line : lines_of(text)) {
        if (line.empty()) break;
        if (line.starts_with(name + ": "))
            out = line.substr(name.size() + 2);
        else if (!out.empty() && line.starts_with(' '))
            out += line;
        else if (!out.empty())
            break;
    }
    return out;
}

}  // namespace

TEST_CASE("a message's headers come from the event, the sender and the address") {
    const auto text = email::render(sample_message());
    CHECK(header(text, "From") == "\"airi\" <no-reply@airi.example>");
    CHECK(header(text, "To") == "ada@example.com");
    CHECK(header(text, "Subject") == "Hello");
    CHECK(header(text, "Date") == "Mon, 21 Sep 2026 14:13:20 +0000");
    CHECK(header(text, "Message-ID") == "<019a9f3d-88f2-5b04-8c3e-2a9d5b7e4f01@airi.example>");
    CHECK(header(text, "X-Airi-Event") == "019a9f3d-88f2-5b04-8c3e-2a9d5b7e4f01");
    CHECK(header(text, "Auto-Submitted") == "auto-generated");
    CHECK(text.find("Content-Type: text/plain; charset=utf-8") < text.find("Content-Type: text/html; charset=utf-8"));
    CHECK(text.ends_with("--airi-019a9f3d-88f2-5b04-8c3e-2a9d5b7e4f01--\r\n"));
}

TEST_CASE("the same message gives the same bytes") {
    CHECK(email::render(sample_message()) == email::render(sample_message()));
}

TEST_CASE("a message is rendered as short lines of ASCII, and none of its text becomes a header") {
    auto hostile = sample_message();
    hostile.from.name = "b\"\\\xC3\xA4\r\nBcc: x@example.com";
    hostile.subject = "a\r\nBcc: everybody@example.com\r\n\r\nbody \xF0\x9F\x98\x80 " + std::string(500, 'x');
    hostile.text =
        ".\r\n.\nFrom here\n--airi-019a9f3d-88f2-5b04-8c3e-2a9d5b7e4f01--\n" + std::string(3000, 'y') + " \n\xC3\xBC\t";
    const auto text = email::render(hostile);
    CHECK(header(text, "Bcc") == "");
    bool body = false;
    for (const auto& line : lines_of(text)) {
        CHECK(line.size() <= 76 + (line.starts_with("Message-ID") || line.starts_with("Content-Type") ? 40 : 0));
        CHECK(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }));
        body = body || line.empty();
    }
    CHECK(body);
    const auto subject = header(text, "Subject");
    CHECK(subject.starts_with("=?utf-8?q?a=0D=0ABcc=3A_everybody=40example=2Ecom=0D=0A"));
    CHECK(contains(subject, "=F0=9F=98=80"));  // not cut in two
}

TEST_CASE("quoted-printable keeps plain characters and escapes the others") {
    auto one = sample_message();
    one.text = "a=b \nf\xC3\xBCr\n";
    CHECK(contains(email::render(one), "\r\n\r\na=3Db=20\r\nf=C3=BCr\r\n\r\n--airi-"));
    one.text = std::string(80, 'a');
    CHECK(contains(email::render(one), std::string(75, 'a') + "=\r\naaaaa\r\n"));
}

TEST_CASE("an address is plain ASCII with a local part and a domain") {
    for (const auto* good : {"a@b", "ada@example.com", "a.b+c_d-e'f@mail.example.co", "x@1.2"})
        CHECK(email::is_address(good));
    for (const auto& bad : std::vector<std::string>{"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b c", "a@b\r\nBcc: c@d",
             "<a@b>", "a@b>", "a,b@c", "\"a\"@b", "a@.b", "a@b.", "a@b..c", ".a@b", "a..b@c", "a@-b", "a@b-",
             "\xC3\xA4@b", "a@\xC3\xA4", "a@[1.2.3.4]", std::string(65, 'a') + "@b", "a@" + std::string(254, 'b')})
        CHECK_FALSE(email::is_address(bad));
}

TEST_CASE("a mailbox is an address, with or without a name") {
    const auto named = email::parse_mailbox("The \xC3\x84iri Team <a@b.example>");
    REQUIRE(named);
    CHECK(named->name == "The \xC3\x84iri Team");
    CHECK(named->address == "a@b.example");
    CHECK(named->domain() == "b.example");
    CHECK(email::parse_mailbox("\"Quoted\" <a@b>")->name == "Quoted");
    CHECK(email::parse_mailbox("a@b")->name == "");
    for (const auto* bad : {"", "a", "x <a>", "x <a@b", "x <a@b> y", "x\ny <a@b>"})
        CHECK_FALSE(email::parse_mailbox(bad));
}
