// A mail to a user, for the tests of the e-mail worker.
#pragma once

#include "events/email.hpp"
#include "tests/support/cpp/sample_events.hpp"

namespace airi::test {

inline events::email_requested wanted_mail(std::string kind = "verify_email") {
    return {requested().user, "ada@example.com", std::move(kind), "en", "https://airi.example/verify?token=a-b_c&x=1",
        {R"({"name":"Ada \"L\" <b>"})"}, instant{std::chrono::microseconds{4'102'444'800'000'000}}};
}

}  // namespace airi::test
