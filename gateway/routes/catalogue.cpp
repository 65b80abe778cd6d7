// Data anybody may read: plans, public settings; and the companions a caller may choose from.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

awaitable<handled> settings(exchange& of) { co_return success(200, of.use.known.rows()->settings); }

constexpr std::array rows{
    route{.method = verb::get, .path = "/plans", .who = access::anyone, .rows = {"catalogue.plans"}},
    route{.method = verb::get, .path = "/settings", .who = access::anyone, .run = settings},
    route{.method = verb::get, .path = "/companions", .rows = {"companions.list"}},
};

}  // namespace

const std::span<const route> catalogue{rows};

}  // namespace airi::gateway::routes
