// Templates of conversations.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/conversation-templates",
        .name = "templates.list",
        .response = "Template[]",
        .summary = "List the shared templates and the caller's own"},
    route{.method = verb::post,
        .path = "/conversation-templates",
        .name = "templates.create",
        .body_limit = text_body,
        .body = "TemplateCreate",
        .response = "Template",
        .status = 201,
        .other_statuses = "404",
        .summary = "Create a template"},
    route{.method = verb::del,
        .path = "/conversation-templates/{id}",
        .name = "templates.delete",
        .response = "Id",
        .summary = "Delete a template"},
};

}  // namespace

extern const std::span<const route> templates{rows};

}  // namespace airi::gateway::routes
