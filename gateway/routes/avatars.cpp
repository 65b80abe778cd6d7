// Pictures of users: the gallery, and those they bring themselves.
#include "gateway/files/image_header.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t most_bytes = 512 * 1024;
constexpr std::uint32_t most_pixels = 2048;
constexpr std::string_view pictures = "image/png image/jpeg image/webp";

// Of the words of `pictures`; whatever its case and parameters.
std::string media_type_of(const request& request) {
    std::string type(request.header("content-type"));
    type.resize(std::min(type.size(), type.find_first_of("; ")));
    for (char& c : type)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 'a' - 'A');
    return type;
}

awaitable<route_result> create(exchange& exchange) {
    const auto type = media_type_of(exchange.request);
    const auto size = image_size_of(type, exchange.request.body);
    if (!size) co_return invalid("", "the body is no picture of the type it says");
    if (size->width == 0 || size->height == 0 || size->width > most_pixels || size->height > most_pixels)
        co_return invalid("", "a picture has at most 2048 by 2048 pixels");
    postgres::transaction make;
    make.caller = exchange.caller->id;
    make.statements.push_back(sql::bind("avatars.create",
        {{"id", uuid::v7()}, {"sha256", digest::sha256_hex(exchange.request.body)}, {"media_type", type},
            {"width", size->width}, {"height", size->height}, {"bytes", digest::base64(exchange.request.body)}}));
    const auto rows = co_await exchange.services.database.run(std::move(make));
    if (!rows) co_return problem_of(rows.error());
    const auto row = rows->front().text(0, 0);
    if (auto refused = refusal_of(row)) co_return std::move(*refused);
    co_return success(201, row);
}

// An id names the same bytes for ever. They are somebody's: nothing in them may do anything.
awaitable<route_result> show(exchange& exchange) {
    const auto id = uuid::parse(exchange.path.front());
    if (!id) co_return not_found("picture");
    response out;
    const auto tag = "\"" + id->text() + "\"";
    out.headers = {{"Cache-Control", "public, max-age=31536000, immutable"},
        {"Content-Security-Policy", "default-src 'none'; sandbox"}, {"Cross-Origin-Resource-Policy", "cross-origin"},
        {"ETag", tag}};
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("avatars.bytes", {{"id", *id}}));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    if (rows->front().empty()) co_return not_found("picture");
    out.content_type = rows->front().text(0, 0);
    if (exchange.request.header("if-none-match") == tag)
        out.status = 304;
    else
        out.body = digest::from_base64url(rows->front().text(0, 1)).value_or("");
    co_return answer(std::move(out));
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/avatars",
        .name = "avatars.list",
        .answers = "Avatar[]",
        .about = "The caller's own pictures and the gallery"},
    route{.method = verb::post,
        .path = "/avatars",
        .name = "avatars.create",
        .who = access::session,
        .run = create,
        .body_limit = most_bytes,
        .takes = pictures,
        .answers = "Avatar",
        .status = 201,
        .also = "402",
        .about = "A picture of one's own, at most 512 KB and 2048 by 2048 pixels"},
    route{.method = verb::get,
        .path = "/avatars/{id}",
        .name = "avatars.show",
        .who = access::anyone,
        .group = "avatars",
        .run = show,
        .media = pictures,
        .also = "304",
        .about = "A picture, for whoever knows its id"},
    route{.method = verb::del,
        .path = "/avatars/{id}",
        .name = "avatars.delete",
        .who = access::session,
        .answers = "Id",
        .about = "Delete one of the caller's own"},
};

}  // namespace

const std::span<const route> avatars{rows};

}  // namespace airi::gateway::routes
