#include "workers/operations/migrations.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace airi::workers::operations {

int run_migrations(const ctl_settings& settings, bool apply, const std::optional<std::string>& profile) {
    if (settings.database_url.empty()) {
        fmt::print(stderr, "airi-ctl: DATABASE_URL is not set\n");
        return 2;
    }
    const auto& program = settings.migrate_program;
    const auto which = profile.value_or(settings.profile);
    std::fflush(stdout);
    // The URL is in the environment: a command line is readable by every user of the machine.
    if (apply)
        execl(program.c_str(), program.c_str(), "-", which.c_str(), nullptr);
    else
        execl(program.c_str(), program.c_str(), "--status", "-", which.c_str(), nullptr);
    fmt::print(stderr, "airi-ctl: {} does not run: it is MIGRATE_PROGRAM\n", program);
    return 2;
}

}  // namespace airi::workers::operations
