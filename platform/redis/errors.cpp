#include "platform/redis/errors.hpp"

#include "platform/base/error_table.hpp"

namespace airi::redis {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::unavailable, "Redis is not available", failure::outage},
    {errc::timed_out, "Redis did not answer in time", failure::outage},
    {errc::misconfigured, "Redis denies the command, or is no single server", failure::misconfigured},
    {errc::refused, "Redis refused the command", failure::broken},
};

// `beginning`: whole words, of which the first is the code.
struct meaning {
    std::string_view beginning;
    errc is;
};
constexpr meaning meanings[] = {
    // The server's state, which passes: no memory or disk, a replica, loading, a failover, a script that runs for long.
    {"BUSY", errc::unavailable},
    {"CLUSTERDOWN", errc::unavailable},
    {"INPROG", errc::unavailable},
    {"IOERR", errc::unavailable},
    {"LOADING", errc::unavailable},
    {"MASTERDOWN", errc::unavailable},
    {"MISCONF", errc::unavailable},
    {"NOGOODSLAVE", errc::unavailable},
    {"NOMASTERLINK", errc::unavailable},
    {"NOREPLICAS", errc::unavailable},
    {"OOM", errc::unavailable},
    {"READONLY", errc::unavailable},
    {"TRYAGAIN", errc::unavailable},
    {"UNBLOCKED", errc::unavailable},

    // An operator has to act: rights, protected mode, a cluster in place of a single server.
    {"ASK", errc::misconfigured},
    {"CROSSSLOT", errc::misconfigured},
    {"DENIED", errc::misconfigured},
    {"ERR The user executing the script", errc::misconfigured},  // NOPERM inside a script
    {"MOVED", errc::misconfigured},
    {"NOAUTH", errc::misconfigured},
    {"NOPERM", errc::misconfigured},
    {"NOPROTO", errc::misconfigured},
    {"WRONGPASS", errc::misconfigured},

    // The command or its key.
    {"BUSYGROUP", errc::refused},
    {"BUSYKEY", errc::refused},
    {"ERR", errc::refused},
    {"EXECABORT", errc::refused},
    {"INVALIDOBJ", errc::refused},
    {"NOGROUP", errc::refused},
    {"NOSCRIPT", errc::refused},  // once the script was sent with the command
    {"NOTBUSY", errc::refused},
    {"UNKILLABLE", errc::refused},
    {"WRONGTYPE", errc::refused},
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.redis", error_rows);
    return table.code(e);
}

std::optional<errc> meaning_of(std::string_view reply) {
    for (const auto& [beginning, is] : meanings)
        if (reply.starts_with(beginning) && (reply.size() == beginning.size() || reply[beginning.size()] == ' '))
            return is;
    return std::nullopt;
}

}  // namespace airi::redis
