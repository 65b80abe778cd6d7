// All that is known of the caller, to take away: asked for here, made by the privacy worker, fetched here.
#include <stdexcept>

#include "events/envelope.hpp"
#include "events/exports.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t piece = 64 * 1024;

// Derived, so that an archive has one link however often it is asked for; only its hash is stored.
std::string token_of(const services& services, std::string_view id) {
    return digest::base64url(digest::hmac_sha256(services.refresh_key, "export/" + std::string(id)));
}
std::string path_of(const std::string& token) { return "/api/v1/users/export/download?token=" + token; }

problem link_invalid() { return {400, "LINK_INVALID", "this link is too old, or is none of ours"}; }

// The one under way is asked for again rather than refused: whatever became of its event, there is one more.
awaitable<route_result> request_export(exchange& exchange) {
    postgres::transaction ask;
    ask.caller = exchange.caller->id;
    ask.statements.push_back(sql::bind("exports.request", {{"id", export_id::fresh()}}));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    const auto row = rows->front().text(0, 0);
    if (auto refused = refusal_of(row)) {
        const auto midnight = std::chrono::floor<std::chrono::days>(exchange.request.arrived) + std::chrono::days{1};
        refused->retry_after = std::chrono::duration_cast<seconds>(midnight - exchange.request.arrived).count() + 1;
        co_return std::move(*refused);
    }
    const auto parsed = json::document::parse(row);
    events::export_requested event;
    event.id = export_id::parse(parsed->root()["id"].string().value_or("")).value_or(export_id{});
    event.user = exchange.caller->id;
    event.requested_at = exchange.request.arrived;
    const auto token = token_of(exchange.services, event.id.text());
    event.link = exchange.services.options.public_url + path_of(token);
    postgres::transaction seal;
    seal.caller = exchange.caller->id;
    seal.statements.push_back(sql::bind("exports.seal", {{"id", event.id}, {"hash", digest::sha256_hex(token)}}));
    if (const auto sealed = co_await exchange.services.database.run(std::move(seal)); !sealed)
        co_return problem_of(sealed.error());
    std::vector<events::outgoing> out;
    out.push_back(
        events::envelope(event, {event_id::of(event.id.value, "requested"), "/airi/gateway", exchange.request.arrived,
                                    exchange.request.traceparent, exchange.request.id}));
    if (const auto sent = co_await exchange.services.publisher.publish(std::move(out)); !sent)
        co_return problem_of(sent.error());
    co_return success(202, row);
}

awaitable<route_result> list_exports(exchange& exchange) {
    postgres::transaction ask;
    ask.caller = exchange.caller->id;
    ask.statements.push_back(sql::bind("exports.list", {}));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    std::string list;
    const auto& all = rows->front();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto token = token_of(exchange.services, all.text(i, 0));
        std::string one(all.text(i, 2));
        const bool good = all.text(i, 1) == "ready" && all.text(i, 3) == digest::sha256_hex(token);
        one.pop_back();
        list +=
            (list.empty() ? "" : ",") + one + ",\"download\":" + (good ? json::quoted(path_of(token)) : "null") + "}";
    }
    co_return success(200, "[" + list + "]");
}

// An archive, part by part. When a part cannot be had the connection breaks, so that nobody takes a half for the whole.
class archive final : public text_stream {
public:
    archive(services& services, std::string hash, std::int64_t parts)
        : services_(services), hash_(std::move(hash)), parts_(parts) {}

    awaitable<std::string> next() override {
        while (at_ == body_.size()) {
            if (part_ == parts_) co_return std::string{};
            postgres::transaction ask;
            ask.statements.push_back(sql::bind("exports.part", {{"hash", hash_}, {"part", part_++}}));
            const auto rows = co_await services_.database.run(std::move(ask));
            if (!rows || rows->front().empty() || rows->front().is_null(0, 0))
                throw std::runtime_error("a part of an archive cannot be read");
            body_ = rows->front().text(0, 0);
            at_ = 0;
        }
        auto out = body_.substr(at_, piece);
        at_ += out.size();
        co_return out;
    }

private:
    services& services_;
    std::string hash_, body_;
    std::int64_t parts_, part_ = 0;
    std::size_t at_ = 0;
};

awaitable<route_result> download(exchange& exchange) {
    auto hash = digest::sha256_hex(exchange.query["token"]);
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("exports.open", {{"hash", hash}}));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    if (rows->front().empty() || rows->front().is_null(0, 0)) co_return link_invalid();
    const auto parsed = json::document::parse(rows->front().text(0, 0));
    streamed out;
    out.head.headers.emplace_back("Content-Disposition",
        "attachment; filename=\"export-" + std::string(parsed->root()["id"].string().value_or("")) + ".json\"");
    out.head.headers.emplace_back("Cache-Control", "no-store");
    out.body =
        std::make_unique<archive>(exchange.services, std::move(hash), parsed->root()["parts"].integer().value_or(0));
    co_return answer(std::move(out));
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/users/export",
        .name = "exports.request",
        .who = access::session,
        .run = request_export,
        .body_limit = small_body,
        .answers = "Export",
        .status = 202,
        .also = "429",
        .about = "Ask for all that is known of the caller; a mail tells when it is ready"},
    route{.method = verb::get,
        .path = "/users/export",
        .name = "exports.list",
        .who = access::session,
        .run = list_exports,
        .answers = "Export[]",
        .about = "The caller's exports, and where those are that are ready"},
    route{.method = verb::get,
        .path = "/users/export/download",
        .name = "exports.download",
        .who = access::anyone,
        .run = download,
        .query = "ExportToken",
        .media = "application/json",
        .about = "The archive, by the link's token"},
};

}  // namespace

const std::span<const route> exports{rows};

}  // namespace airi::gateway::routes
