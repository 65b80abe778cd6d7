// Companions: the gallery's and the caller's own.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/companions",
        .name = "companions.list",
        .response = "Companion[]",
        .summary = "List the gallery's companions and the caller's own"},
    route{.method = verb::post,
        .path = "/companions",
        .name = "companions.create",
        .body_limit = text_body,
        .body = "CompanionCreate",
        .response = "Companion",
        .status = 201,
        .other_statuses = "402",
        .summary = "Create a companion"},
    route{.method = verb::get,
        .path = "/companions/{id}",
        .name = "companions.get",
        .response = "Companion",
        .summary = "Get a companion"},
    route{.method = verb::patch,
        .path = "/companions/{id}",
        .name = "companions.update",
        .body_limit = text_body,
        .body = "CompanionUpdate",
        .response = "Companion",
        .summary = "Update one of the caller's companions"},
    route{.method = verb::del,
        .path = "/companions/{id}",
        .name = "companions.delete",
        .response = "Id",
        .summary = "Delete one of the caller's companions"},
};

}  // namespace

extern const std::span<const route> companions{rows};

}  // namespace airi::gateway::routes
