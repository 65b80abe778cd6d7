#include "platform/safety/location.hpp"

#include <array>
#include <utility>

namespace airi::safety {
namespace {

// ISO 3166-1 alpha-2, the officially assigned codes.
constexpr std::string_view codes =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR "
    "GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO "
    "JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR "
    "MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO "
    "RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV "
    "TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ";

// Calling codes (ITU-T E.164) of the countries with help lines or an emergency number. No code begins with another one.
constexpr std::array<std::pair<std::string_view, std::string_view>, 52> calling_codes{{{"27", "ZA"}, {"30", "GR"},
    {"31", "NL"}, {"32", "BE"}, {"33", "FR"}, {"34", "ES"}, {"351", "PT"}, {"352", "LU"}, {"353", "IE"}, {"354", "IS"},
    {"356", "MT"}, {"357", "CY"}, {"358", "FI"}, {"359", "BG"}, {"36", "HU"}, {"370", "LT"}, {"371", "LV"},
    {"372", "EE"}, {"377", "MC"}, {"378", "SM"}, {"380", "UA"}, {"381", "RS"}, {"385", "HR"}, {"386", "SI"},
    {"389", "MK"}, {"39", "IT"}, {"40", "RO"}, {"41", "CH"}, {"420", "CZ"}, {"421", "SK"}, {"423", "LI"}, {"43", "AT"},
    {"44", "GB"}, {"45", "DK"}, {"46", "SE"}, {"47", "NO"}, {"48", "PL"}, {"49", "DE"}, {"52", "MX"}, {"54", "AR"},
    {"55", "BR"}, {"61", "AU"}, {"63", "PH"}, {"64", "NZ"}, {"65", "SG"}, {"81", "JP"}, {"82", "KR"}, {"886", "TW"},
    {"90", "TR"}, {"91", "IN"}, {"972", "IL"}, {"995", "GE"}}};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

std::string country_code(std::string_view text) {
    if (text.size() != 2) return {};
    std::string code{upper(text[0]), upper(text[1]), ' '};
    const auto at = codes.find(code);
    if (at == codes.npos || at % 3 != 0) return {};
    code.pop_back();
    return code;
}

std::string_view country_of_phone(std::string_view e164) {
    if (!e164.starts_with('+')) return {};
    for (const auto& [prefix, country] : calling_codes)
        if (e164.substr(1).starts_with(prefix)) return country;
    return {};
}

location locate(const location_signals& known) {
    if (known.picked == "*") return {"*", "query"};
    const std::pair<std::string_view, std::string_view> signals[]{{known.picked, "query"}, {known.profile, "profile"},
        {country_of_phone(known.phone), "phone"}, {known.proxy, "proxy"}, {known.fallback, "default"}};
    for (const auto& [text, name] : signals)
        if (auto code = country_code(text); !code.empty()) return {std::move(code), name};
    return {"*", "default"};
}

}  // namespace airi::safety
