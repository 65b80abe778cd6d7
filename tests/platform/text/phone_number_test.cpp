#include "platform/text/phone_number.hpp"

#include <doctest/doctest.h>

using airi::text::e164;

TEST_CASE("EZRI-40: a phone number is read as people write it, and needs its country code") {
    for (const auto* one : {"+49 171 555 0123", "0049 (171) 555-01.23", "+49/171/5550123", "+491715550123"}) {
        CAPTURE(one);
        CHECK(e164(one) == "+491715550123");
    }
    CHECK(e164("+1234567") == "+1234567");
    CHECK(e164("+123456789012345") == "+123456789012345");
    for (const auto* one : {"", "+", "0171 5550123", "+0171555012", "000171555012", "+123456", "+1234567890123456",
             "call me maybe", "+1415555o123", "1+4155550123", "++4155550123",
             "+1415\xc2\xa0"
             "5550123"}) {
        CAPTURE(one);
        CHECK_FALSE(e164(one));
    }
}
