#include "workers/mail/errors.hpp"

#include "tests/support/print.hpp"

using namespace airi;
using namespace airi::workers;

TEST_CASE("an SMTP reply is a success, a refusal for ever, one for now, or about ourselves") {
    for (const long good : {220L, 250L, 354L}) CHECK_FALSE(mail::smtp_outcome(good));
    for (const long later : {450L, 451L, 452L, 454L}) CHECK(mail::smtp_outcome(later) == failure::again);
    for (const long never : {500L, 550L, 552L, 553L, 554L}) CHECK(mail::smtp_outcome(never) == failure::refused);
    for (const long ours : {530L, 534L, 535L, 538L}) CHECK(mail::smtp_outcome(ours) == mail::errc::unauthorized);
    CHECK(mail::smtp_outcome(421) == mail::errc::away);
    CHECK(mail::smtp_outcome(535) == failure::outage);
}

TEST_CASE("SES's answer is about the mail only where it says so") {
    CHECK_FALSE(mail::ses_outcome(200, "{\"MessageId\":\"x\"}"));
    CHECK(mail::ses_outcome(400, "x-amzn-ErrorType: MessageRejected") == mail::errc::not_taken);
    CHECK(mail::ses_outcome(404, "NotFoundException") == failure::refused);
    CHECK(mail::ses_outcome(429, "") == mail::errc::throttled);
    for (const auto* name : {"TooManyRequestsException", "ThrottlingException", "LimitExceededException",
             "SendingPausedException", "AccountSuspendedException"})
        CHECK(mail::ses_outcome(400, std::string("x-amzn-ErrorType: ") + name) == failure::outage);
    CHECK(mail::ses_outcome(403, "InvalidSignatureException") == mail::errc::unauthorized);
    CHECK(mail::ses_outcome(500, "") == mail::errc::away);
    CHECK(mail::ses_outcome(301, "") == failure::outage);
}
