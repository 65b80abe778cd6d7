#include "platform/base/error_table.hpp"
#include "workers/providers/games/game.hpp"

namespace airi::workers::providers::games {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::unreachable, "the game server is unreachable", failure::outage},
    {errc::denied, "the game server denied the login", failure::misconfigured},
    {errc::lost, "the connection to the game server was lost", failure::again},
    {errc::malformed, "the game server does not speak its protocol", failure::again},
    {errc::too_long, "the game server's answer is too long", failure::again},
    {errc::timed_out, "the game server did not answer in time", failure::again},
    {errc::unsupported, "the game's version is not supported", failure::refused},
    {errc::refused, "the command may not be sent", failure::refused},
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.games", error_rows);
    return table.code(e);
}

}  // namespace airi::workers::providers::games
