// The country whose help lines a person is shown. Never guessed from the language: Spanish is spoken in twenty.
#pragma once

#include <string>
#include <string_view>

namespace airi::safety {

/// The known facts about a person, each empty when it is unknown: the country that they picked, their profile's, a
/// telephone number in E.164, a trusted proxy's header, and the product's default.
struct location_signals {
    std::string_view picked, profile, phone, proxy, fallback;
};

struct location {
    std::string country;         ///< ISO 3166-1 alpha-2, or "*": unknown
    std::string_view chosen_by;  ///< query, profile, phone, proxy, default
};

/// The first that names a country, in the order of the members. "*" may be picked.
location locate(const location_signals&);

/// The code in capitals; empty for anything but a code of ISO 3166-1, such as "XX" or "T1" of a proxy.
std::string country_code(std::string_view text);
/// Empty for a prefix that countries share (+1), and for one that is not listed.
std::string_view country_of_phone(std::string_view e164);

}  // namespace airi::safety
