#include "platform/crypto/sealed_value.hpp"

namespace airi::seal {
namespace {

constexpr std::string_view mark = "sealed:";

std::string place_of(user_id whose, std::string_view column) { return std::string(column) + "/" + whose.text(); }

}  // namespace

std::string seal_value(const key& with, user_id whose, std::string_view column, std::string_view text) {
    return std::string(mark) + std::string(column) + ":" + seal(with, text, place_of(whose, column));
}

result<std::string> open_value(const key* with, user_id whose, std::string_view column, std::string_view stored) {
    if (!stored.starts_with(mark)) return std::string(stored);
    if (!with) return errc::unknown_master;
    stored.remove_prefix(mark.size());
    if (!stored.starts_with(column) || !stored.substr(column.size()).starts_with(':')) return errc::broken;
    return open(*with, stored.substr(column.size() + 1), place_of(whose, column));
}

}  // namespace airi::seal
