#include "platform/text/phone_number.hpp"

#include <algorithm>
#include <iterator>

namespace airi::text {
namespace {

constexpr std::string_view separators = " \t\r\n\v\f()./-";
constexpr std::size_t fewest_digits = 7, most_digits = 15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<std::string> e164(std::string_view phone) {
    std::string out;
    std::ranges::copy_if(phone, std::back_inserter(out), [](char c) { return separators.find(c) == separators.npos; });
    if (out.starts_with("00")) out.replace(0, 2, "+");
    if (!out.starts_with('+')) return std::nullopt;
    const auto digits = std::string_view(out).substr(1);
    if (digits.size() < fewest_digits || digits.size() > most_digits) return std::nullopt;
    if (digits.front() == '0' || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
    return out;
}

}  // namespace airi::text
