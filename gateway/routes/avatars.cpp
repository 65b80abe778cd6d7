// Users' avatars: the gallery, and the images they upload.
#include "gateway/files/image_header.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/outbox.hpp"
#include "platform/base/ascii.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t most_bytes = 512 * 1024;
constexpr std::uint32_t most_pixels = 2048;
constexpr std::string_view pictures = "image/png image/jpeg image/webp";

// In lower case, without parameters: as in `pictures`.
std::string media_type_of(const request& request) {
    const auto type = request.header("content-type");
    return lowered(type.substr(0, type.find_first_of("; ")));
}

awaitable<route_result> create(exchange& exchange) {
    if (auto refused = check_flag(exchange.services, "custom_avatars", exchange.caller.get()))
        co_return std::move(*refused);
    const auto type = media_type_of(exchange.request);
    const auto& bytes = exchange.request.body;
    const auto size = image_size_of(type, bytes);
    if (!size) co_return invalid("", "the body must be an image of the type in Content-Type");
    if (size->width == 0 || size->height == 0 || size->width > most_pixels || size->height > most_pixels)
        co_return invalid("", "the image must have at most 2048 by 2048 pixels");
    std::vector<sql::argument> arguments{{"id", uuid::v7()}, {"sha256", digest::sha256_hex(bytes)},
        {"media_type", type}, {"width", size->width}, {"height", size->height}, {"bytes", digest::base64(bytes)}};
    add_origin(arguments, event_id::fresh(), exchange.request.trace());
    const auto rows = co_await postgres::run_one(
        exchange.services.database, exchange.caller->id, sql::bind(sql::statement("avatars.create"), arguments));
    if (!rows) co_return problem_of(rows.error());
    wake_relay(exchange.services);
    const auto row = rows->text(0, 0);
    if (auto refused = refusal_of(row)) co_return std::move(*refused);
    co_return success(201, row);
}

// The bytes of an id never change once it is ready. They were uploaded by a user: browsers must run nothing in them.
awaitable<route_result> show(exchange& exchange) {
    const auto id = uuid::parse(exchange.path.front());
    if (!id) co_return not_found("picture");
    response out;
    const auto tag = "\"" + id->text() + "\"";
    out.headers = {{"Cache-Control", "public, max-age=31536000, immutable"},
        {"Content-Security-Policy", "default-src 'none'; sandbox"}, {"Cross-Origin-Resource-Policy", "cross-origin"},
        {"ETag", tag}};
    const auto rows =
        co_await postgres::run_one(exchange.services.database, std::nullopt, sql::bind("avatars.bytes", {{"id", *id}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("picture");
    out.content_type = rows->text(0, 0);
    if (exchange.request.header("if-none-match") == tag)
        out.status = 304;
    else
        out.body = digest::from_base64url(rows->text(0, 1)).value_or("");
    co_return answer(std::move(out));
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/avatars",
        .name = "avatars.list",
        .response = "Avatar[]",
        .summary = "List the caller's avatars and the gallery"},
    route{.method = verb::post,
        .path = "/avatars",
        .name = "avatars.create",
        .access = access::session,
        .needs = "file_uploads",
        .rate_group = "upload",
        .handler = create,
        .body_limit = most_bytes,
        .media_types = pictures,
        .response = "Avatar",
        .status = 201,
        .other_statuses = "402",
        .summary = "Upload an avatar, at most 512 KB and 2048 by 2048 pixels; avatar_processed tells when it is ready"},
    route{.method = verb::get,
        .path = "/avatars/{id}",
        .name = "avatars.show",
        .access = access::anyone,
        .rate_group = "avatars",
        .handler = show,
        .response_media = pictures,
        .other_statuses = "304",
        .summary = "Download an avatar that is ready; no authentication is required"},
    route{.method = verb::del,
        .path = "/avatars/{id}",
        .name = "avatars.delete",
        .access = access::session,
        .response = "Id",
        .summary = "Delete one of the caller's avatars"},
};

}  // namespace

extern const std::span<const route> avatars{rows};

}  // namespace airi::gateway::routes
