#include "platform/http/client.hpp"

#include "platform/base/error_table.hpp"

namespace airi::http {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::bad_url, "not a valid URL or header", failure::broken},
    {errc::unreachable, "server unreachable", failure::again},
    {errc::tls_failed, "TLS handshake failed", failure::again},
    {errc::connect_timeout, "connecting took too long", failure::again},
    {errc::first_byte_timeout, "no answer in time", failure::again},
    {errc::gap_timeout, "the answer stalled", failure::again},
    {errc::total_timeout, "the exchange took too long", failure::again},
    {errc::cut, "connection lost before the answer's end", failure::again},
    {errc::malformed, "malformed answer", failure::again},
    {errc::too_large, "answer too large", failure::again},
    {errc::cancelled, "cancelled", failure::again},
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.http", error_rows);
    return table.code(e);
}

}  // namespace airi::http
