// Everything that is stored about the caller, as an archive: requested here, made by the exports worker, downloaded
// here.
#include <stdexcept>

#include "events/exports.hpp"
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/personal_data.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/outbox.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t chunk = 64 * 1024;

std::string path_of(std::string_view id) { return "/api/v1/users/export/" + std::string(id); }

seconds until_midnight(instant now) {
    const auto midnight = std::chrono::floor<std::chrono::days>(now) + std::chrono::days{1};
    return std::chrono::duration_cast<seconds>(midnight - now);
}

// The export and the event for the worker, in one transaction. While another export of the user's is under way, that
// one is the answer and nothing is stored. The mail's link leads to the account and opens nothing.
awaitable<route_result> request_export(exchange& exchange) {
    auto& services = exchange.services;
    const auto& request = exchange.request;
    const auto id = export_id::fresh();
    const events::export_requested event{
        id, exchange.caller->id, mail_link(services.options.public_url + "/", "/account"), request.arrived};
    postgres::transaction create;
    create.caller = exchange.caller->id;
    create.statements.push_back(sql::bind("exports.request", {{"id", id}}));
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
        const auto [id, state, details] = rows->read<std::string_view, std::string_view, std::string_view>(i);
        json::object shown;
        const auto stored = json::document::parse(details);
        stored->root().members([&](std::string_view name, json::value value) { shown.add_raw(name, value.text()); });
        exports.add(shown.add("download", state == "ready" ? std::optional(path_of(id)) : std::nullopt));
    }
    co_return success(200, exports.text());
}

// One download, by this session, within some minutes.
awaitable<route_result> open_archive(exchange& exchange) {
    const auto& caller = *exchange.caller;
    const auto id = export_id::parse(exchange.path.front());
    if (!id) co_return not_found("export");
    const auto rows = co_await postgres::run_one(
        exchange.services.database, caller.id, sql::bind("exports.open", {{"id", *id}, {"session", caller.session}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty() || rows->is_null(0, 0)) co_return not_found("export");
    co_return success(
        200, json::object().add("download", path_of(id->text())).add("expires_at", rows->text(0, 0)).text());
}

// An archive, part by part. When a part cannot be read the connection is cut, so that no client takes an
// incomplete archive for a whole one.
class archive final : public text_stream {
public:
    archive(services& services, std::shared_ptr<const account> owner, export_id id, std::int64_t parts)
        : services_(services), owner_(std::move(owner)), id_(id), parts_(parts) {}

    awaitable<std::string> next() override {
        while (offset_ == body_.size()) {
            if (part_ == parts_) co_return std::string{};
            const auto rows = co_await postgres::run_one(
                services_.database, owner_->id, sql::bind("exports.part", {{"id", id_}, {"part", part_}}));
            if (!rows || rows->empty() || rows->is_null(0, 0))
                throw std::runtime_error("a part of an archive cannot be read");
            body_ = rows->text(0, 0);
            if (part_++ == 0) body_ = open_archive_head(std::move(body_), owner_->key.get(), owner_->id);
            offset_ = 0;
        }
        auto out = body_.substr(offset_, chunk);
        offset_ += out.size();
        co_return out;
    }

private:
    services& services_;
    std::shared_ptr<const account> owner_;
    export_id id_;
    std::string body_;
    std::int64_t parts_, part_ = 0;
    std::size_t offset_ = 0;
};

awaitable<route_result> download(exchange& exchange) {
    const auto& caller = *exchange.caller;
    const auto id = export_id::parse(exchange.path.front());
    if (!id) co_return not_found("export");
    const auto rows = co_await postgres::run_one(
        exchange.services.database, caller.id, sql::bind("exports.take", {{"id", *id}, {"session", caller.session}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("export");
    if (rows->is_null(0, 0))
        co_return problem{409, "DOWNLOAD_NOT_OPEN",
            "request the download first; each request opens one download, for five minutes and this session"};
    streamed out;
    out.head.headers.emplace_back("Content-Disposition", "attachment; filename=\"export-" + id->text() + ".json\"");
    out.head.headers.emplace_back("Cache-Control", "no-store");
    out.body = std::make_unique<archive>(exchange.services, exchange.caller, *id, rows->integer(0, 0));
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
        .summary = "List the caller's exports, with the download paths of those that are ready"},
    route{.method = verb::post,
        .path = "/users/export/{id}/download",
        .name = "exports.open",
        .access = access::session,
        .handler = open_archive,
        .body_limit = small_body,
        .body = "Empty",
        .response = "ExportDownload",
        .summary = "Open a finished export for one download by this session, within five minutes"},
    route{.method = verb::get,
        .path = "/users/export/{id}",
        .name = "exports.download",
        .access = access::session,
        .handler = download,
        .response_media = "application/json",
        .other_statuses = "409",
        .summary = "Download the archive that this session has opened, once"},
};

}  // namespace

extern const std::span<const route> exports{rows};

}  // namespace airi::gateway::routes
