#include <algorithm>

#include "platform/base/error_table.hpp"
#include "platform/storage/storage.hpp"

namespace airi::storage {
namespace {

constexpr std::size_t longest_name = 512;

constexpr error_row<errc> error_rows[] = {
    {errc::not_found, "no such object", failure::missing},
    {errc::exists, "the object exists", failure::refused},
    {errc::full, "the storage is full", failure::outage},
    {errc::denied, "the storage denies the request: credentials, rights or bucket", failure::misconfigured},
    {errc::unavailable, "the storage is unavailable", failure::outage},
    {errc::bad_name, "not an object's name", failure::broken},
    {errc::too_large, "the object is too large", failure::refused},
};

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.storage", error_rows);
    return table.code(e);
}

bool is_object_name(std::string_view name) {
    if (name.empty() || name.size() > longest_name) return false;
    for (std::size_t begin = 0; begin <= name.size();) {
        const auto end = std::min(name.find('/', begin), name.size());
        const auto segment = name.substr(begin, end - begin);
        if (segment.empty() || segment.front() == '.' || !std::ranges::all_of(segment, is_plain)) return false;
        begin = end + 1;
    }
    return true;
}

}  // namespace airi::storage
