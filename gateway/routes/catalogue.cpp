// Data anybody may read: plans, public settings; and companions, the gallery's and the caller's own.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

awaitable<route_result> settings(exchange& exchange) {
    co_return success(200, exchange.services.catalogue.rows()->settings);
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/plans",
        .name = "catalogue.plans",
        .who = access::anyone,
        .answers = "Plan[]",
        .about = "What can be subscribed to"},
    route{.method = verb::get,
        .path = "/settings",
        .name = "catalogue.settings",
        .who = access::anyone,
        .run = settings,
        .answers = "Settings",
        .about = "The public settings"},
    route{.method = verb::get,
        .path = "/companions",
        .name = "companions.list",
        .answers = "Companion[]",
        .about = "The gallery and the caller's own"},
    route{.method = verb::post,
        .path = "/companions",
        .name = "companions.create",
        .body_limit = small_body,
        .body = "CompanionCreate",
        .answers = "Companion",
        .status = 201,
        .also = "402",
        .about = "A companion of one's own"},
    route{.method = verb::get,
        .path = "/companions/{id}",
        .name = "companions.get",
        .answers = "Companion",
        .about = "One"},
    route{.method = verb::patch,
        .path = "/companions/{id}",
        .name = "companions.update",
        .body_limit = small_body,
        .body = "CompanionUpdate",
        .answers = "Companion",
        .about = "Change one of the caller's own"},
    route{.method = verb::del,
        .path = "/companions/{id}",
        .name = "companions.delete",
        .answers = "Id",
        .about = "Delete one of the caller's own"},
};

}  // namespace

const std::span<const route> catalogue{rows};

}  // namespace airi::gateway::routes
