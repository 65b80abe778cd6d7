#include "workers/archive/errors.hpp"

#include "platform/base/error_table.hpp"

namespace airi::workers::archive {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::damaged, "the archive is damaged", failure::broken},
    {errc::no_key, "an object of the archive is sealed under an ENCRYPTION_KEY that was not given", failure::refused},
    {errc::another_archiver, "another archiver writes this topic", failure::again},
    {errc::other_topic, "the topic holds less than the archive has of it", failure::misconfigured},
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.archive", error_rows);
    return table.code(e);
}

}  // namespace airi::workers::archive
