#include "gateway/crisis/help_lines.hpp"

#include "sql/statements.hpp"

namespace airi::gateway {

awaitable<help_lines> find_help_lines(
    services& services, const request& request, std::string_view picked, const std::optional<user_id>& caller) {
    const auto rows = services.catalogue.rows();
    const auto& header = services.options.country_header;
    safety::location_signals known;
    known.fallback = rows->text("crisis_default_country");
    known.picked = picked;
    if (request.from_proxy && !header.empty()) known.proxy = request.header(header);
    std::string profile;
    if (picked.empty() && caller) {
        const auto found =
            co_await postgres::run_one(services.database, *caller, sql::bind("crisis.country_of_caller", {}));
        if (found && !found->empty()) profile = found->text(0, 0);
    }
    known.profile = profile;
    const auto now = request.arrived;
    auto place = safety::locate(known);
    auto lines = sql::crisis::to_json(sql::crisis::for_country(rows->crisis, place.country, now), now);
    co_return help_lines{std::move(place), std::move(lines)};
}

}  // namespace airi::gateway
