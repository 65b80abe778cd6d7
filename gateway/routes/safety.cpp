// What everybody may know of crisis safety: how often people were referred to help, and when they are told that they
// talk with an AI. The protocol itself is the page at /safety.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::array table{
    route{.method = verb::get,
        .path = "/safety/referrals",
        .also = "=/safety/referrals",
        .name = "safety.referrals",
        .access = access::anyone,
        .query = "ReferralsQuery",
        .response = "Referrals",
        .summary = "Get the numbers of referrals to help in a calendar year (UTC), by country; counted once a day"},
    route{.method = verb::get,
        .path = "/safety/notices",
        .name = "safety.notices",
        .access = access::anyone,
        .query = "NoticesQuery",
        .response = "AiNotice[]",
        .summary = "List when people are told that they talk with an AI, by the law of their place"},
};

}  // namespace

extern const std::span<const route> safety{table};

}  // namespace airi::gateway::routes
