#include "workers/email/errors.hpp"

#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::workers;

TEST_CASE("SMTP replies are classified as success, rejection, deferral or our own fault") {
    for (const long good : {220L, 250L, 354L}) CHECK_FALSE(email::smtp_outcome(good));
    for (const long later : {450L, 451L, 452L, 454L}) CHECK(email::smtp_outcome(later) == failure::again);
    for (const long never : {500L, 550L, 552L, 553L, 554L}) CHECK(email::smtp_outcome(never) == failure::refused);
    for (const long ours : {530L, 534L, 535L, 538L}) CHECK(email::smtp_outcome(ours) == email::errc::unauthorized);
    CHECK(email::smtp_outcome(421) == email::errc::away);
    CHECK(email::smtp_outcome(535) == failure::outage);
}

TEST_CASE("SES responses blame the message only where they say so") {
    CHECK_FALSE(email::ses_outcome(200, "{\"MessageId\":\"x\"}"));
    CHECK(email::ses_outcome(400, "x-amzn-ErrorType: MessageRejected") == email::errc::not_taken);
    CHECK(email::ses_outcome(404, "NotFoundException") == failure::refused);
    CHECK(email::ses_outcome(429, "") == email::errc::throttled);
    for (const auto* name : {"TooManyRequestsException", "ThrottlingException", "LimitExceededException",
             "SendingPausedException", "AccountSuspendedException"})
        CHECK(email::ses_outcome(400, std::string("x-amzn-ErrorType: ") + name) == failure::outage);
    CHECK(email::ses_outcome(403, "InvalidSignatureException") == email::errc::unauthorized);
    CHECK(email::ses_outcome(500, "") == email::errc::away);
    CHECK(email::ses_outcome(301, "") == failure::outage);
}
