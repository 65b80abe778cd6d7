#include "workers/runtime/errors.hpp"

#include "platform/base/error_table.hpp"

namespace airi::workers {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::leased, "another worker holds the lease", failure::outage},
    {errc::unknown_generation, "no such generation", failure::refused},
    {errc::threw, "the handler threw", failure::broken},
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.workers", error_rows);
    return table.code(e);
}

}  // namespace airi::workers
