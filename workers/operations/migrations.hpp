// airi-ctl migrate: the program that ./airi up runs to bring the database up to date.
#pragma once

#include <optional>
#include <string>

#include "workers/operations/archive_commands.hpp"

namespace airi::workers::operations {

/// Lists what is to be applied, or applies it. The process becomes that program; returns, with the exit status 2, only
/// when there is none or DATABASE_URL is missing.
int run_migrations(const ctl_settings&, bool apply, const std::optional<std::string>& profile);

}  // namespace airi::workers::operations
