// The users' sample things.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/sample-things",
        .name = "sample_things.list",
        .query = "Page",
        .response = "SampleThing[]",
        .summary = "List the caller's sample things, newest first"},
    route{.method = verb::post,
        .path = "/sample-things",
        .name = "sample_things.create",
        .body_limit = small_body,
        .body = "SampleThingCreate",
        .response = "SampleThing",
        .status = 201,
        .summary = "Add to the caller's sample things"},
    route{.method = verb::get,
        .path = "/sample-things/{id}",
        .name = "sample_things.get",
        .response = "SampleThing",
        .summary = "Get one of the caller's sample things"},
    route{.method = verb::del,
        .path = "/sample-things/{id}",
        .name = "sample_things.delete",
        .response = "Id",
        .summary = "Delete one of the caller's sample things"},
};

}  // namespace

extern const std::span<const route> sample_things{rows};

}  // namespace airi::gateway::routes
