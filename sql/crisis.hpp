// Help lines by country: which of them to show, and in which order. The gateway's catalogue holds them in memory, so
// that they are there while Postgres is away.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::sql::crisis {

/// Minutes of the local day. `closes` before `opens` is on the next day; 0 to 1440 is always.
struct opening {
    std::int64_t opens = 0, closes = 1440;
    std::int64_t days = 0b1111111;  ///< on which it opens; bit 0: Monday
    std::int64_t offset = 0;        ///< of the local time, minutes east of UTC
};
bool is_open(const opening&, instant);

struct resource {
    std::string country;             ///< ISO 3166-1 alpha-2; "*": everywhere
    std::string kind;                ///< as in the table crisis_resources
    std::optional<opening> hours;    ///< none: unknown
    std::optional<instant> expires;  ///< from then on the number is to be checked again
    std::string json;                ///< CrisisResource of schemas/api/crisis.json, without `open`
};
/// The rows of the statement crisis.resources.
std::vector<resource> read(const postgres::rows&);

/// The lines for a person in the country ("*" where it is unknown), best first: open ones, then those that may be open,
/// then shut ones, then expired ones; in each group in the order of `all`. A country without an emergency
/// number gets the advice that is there for everywhere.
std::vector<const resource*> for_country(const std::vector<resource>& all, std::string_view country, instant);
/// A JSON array of CrisisResource.
std::string to_json(const std::vector<const resource*>&, instant);
/// The countries with a line of their own, in the order of `all`, each once.
std::vector<std::string_view> countries(const std::vector<resource>& all);

}  // namespace airi::sql::crisis
