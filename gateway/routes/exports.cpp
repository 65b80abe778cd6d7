// Everything that is stored about the caller, as an archive: requested here, made by the exports worker, downloaded
// here.
#include <stdexcept>

#include "events/exports.hpp"
#include "gateway/auth/personal_data.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/outbox.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t chunk = 64 * 1024;

// Derived, so that an archive has one link however often it is requested; only the token's hash is stored.
std::string token_of(const services& services, std::string_view id) {
    return digest::base64url(digest::hmac_sha256(services.refresh_key, "export/" + std::string(id)));
}
std::string path_of(const std::string& token) { return "/api/v1/users/export/download?token=" + token; }

seconds until_midnight(instant now) {
    const auto midnight = std::chrono::floor<std::chrono::days>(now) + std::chrono::days{1};
    return std::chrono::duration_cast<seconds>(midnight - now);
}

// The export, the hash of its link's token and the event for the worker, in one transaction. While another export of
// the user's is under way, that one is the answer and nothing is stored.
awaitable<route_result> request_export(exchange& exchange) {
    auto& services = exchange.services;
    const auto& request = exchange.request;
    const auto id = export_id::fresh();
    const auto token = token_of(services, id.text());
    const events::export_requested event{
        id, exchange.caller->id, services.options.public_url + path_of(token), request.arrived};
    postgres::transaction create;
    create.caller = exchange.caller->id;
    create.statements.push_back(sql::bind("exports.request", {{"id", id}}));
    create.statements.push_back(sql::bind("exports.seal", {{"id", id}, {"hash", digest::sha256_hex(token)}}));
    create.statements.push_back(
        bind_event("exports.publish", {{"id", id}}, event, event_id::of(id.value, "requested"), request.trace()));
    const auto rows = co_await services.database.run(std::move(create));
    if (!rows) co_return problem_of(rows.error());
    const auto row = rows->front().text(0, 0);
    if (auto refused = refusal_of(row)) {
        refused->retry_after = until_midnight(request.arrived).count() + 1;
        co_return std::move(*refused);
    }
    wake_relay(services);
    co_return success(202, row);
}

awaitable<route_result> list_exports(exchange& exchange) {
    const auto rows =
        co_await postgres::run_one(exchange.services.database, exchange.caller->id, sql::bind("exports.list", {}));
    if (!rows) co_return problem_of(rows.error());
    json::array exports;
    for (std::size_t i = 0; i < rows->size(); ++i) {
        const auto [id, state, details, hash] =
            rows->read<std::string_view, std::string_view, std::string_view, std::string_view>(i);
        const auto token = token_of(exchange.services, id);
        const bool ready = state == "ready" && hash == digest::sha256_hex(token);
        json::object shown;
        const auto stored = json::document::parse(details);
        stored->root().members([&](std::string_view name, json::value value) { shown.add_raw(name, value.text()); });
        exports.add(shown.add("download", ready ? std::optional(path_of(token)) : std::nullopt));
    }
    co_return success(200, exports.text());
}

// The head of an archive, up to the end of the profile, with the birth date opened.
std::string open_head(const services& services, std::string head, json::value archive) {
    const auto parsed = json::document::parse(head + "}");
    if (!parsed) throw std::runtime_error("the head of an archive is not JSON");
    const auto stored = parsed->root()["profile"]["birth_date"].string();
    if (!stored) return head;
    const auto user = user_id::parse(archive["user_id"].string().value_or("")).value_or(user_id{});
    const auto key = services.master.unwrap(archive["key"].string().value_or(""), user);
    const auto opened = open_birth_date(key ? &*key : nullptr, user, *stored);
    const auto sealed = json::quoted(*stored);
    return head.replace(head.rfind(sealed), sealed.size(), opened ? json::quoted(*opened) : "null");
}

// An archive, part by part. When a part cannot be read the connection is cut, so that no client takes an
// incomplete archive for a whole one.
class archive final : public text_stream {
public:
    archive(services& services, std::string hash, json::document opened)
        : services_(services),
          hash_(std::move(hash)),
          opened_(std::move(opened)),
          parts_(opened_.root()["parts"].integer().value_or(0)) {}

    awaitable<std::string> next() override {
        while (offset_ == body_.size()) {
            if (part_ == parts_) co_return std::string{};
            const auto rows = co_await postgres::run_one(
                services_.database, std::nullopt, sql::bind("exports.part", {{"hash", hash_}, {"part", part_}}));
            if (!rows || rows->empty() || rows->is_null(0, 0))
                throw std::runtime_error("a part of an archive cannot be read");
            body_ = rows->text(0, 0);
            if (part_++ == 0) body_ = open_head(services_, body_, opened_.root());
            offset_ = 0;
        }
        auto out = body_.substr(offset_, chunk);
        offset_ += out.size();
        co_return out;
    }

private:
    services& services_;
    std::string hash_, body_;
    json::document opened_;
    std::int64_t parts_, part_ = 0;
    std::size_t offset_ = 0;
};

awaitable<route_result> download(exchange& exchange) {
    auto hash = digest::sha256_hex(exchange.query["token"]);
    const auto rows = co_await postgres::run_one(
        exchange.services.database, std::nullopt, sql::bind("exports.open", {{"hash", hash}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty() || rows->is_null(0, 0)) co_return problem{400, "LINK_INVALID", "the link is unknown or expired"};
    auto parsed = json::document::parse(rows->text(0, 0));
    const auto id = std::string(parsed->root()["id"].string().value_or(""));
    streamed out;
    out.head.headers.emplace_back("Content-Disposition", "attachment; filename=\"export-" + id + ".json\"");
    out.head.headers.emplace_back("Cache-Control", "no-store");
    out.body = std::make_unique<archive>(exchange.services, std::move(hash), std::move(*parsed));
    co_return answer(std::move(out));
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/users/export",
        .name = "exports.request",
        .access = access::session,
        .handler = request_export,
        .body_limit = small_body,
        .body = "Empty",
        .response = "Export",
        .status = 202,
        .other_statuses = "429",
        .summary = "Request an export of the caller's data; an email follows when it is ready"},
    route{.method = verb::get,
        .path = "/users/export",
        .name = "exports.list",
        .access = access::session,
        .handler = list_exports,
        .response = "Export[]",
        .summary = "List the caller's exports, with download URLs of those that are ready"},
    route{.method = verb::get,
        .path = "/users/export/download",
        .name = "exports.download",
        .access = access::anyone,
        .handler = download,
        .query = "ExportToken",
        .response_media = "application/json",
        .summary = "Download the archive with the link's token"},
};

}  // namespace

extern const std::span<const route> exports{rows};

}  // namespace airi::gateway::routes
