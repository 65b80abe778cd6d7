// The commands of airi-ctl about the archive. Used by its main.
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "platform/kafka/access.hpp"
#include "workers/archive/settings.hpp"
#include "workers/operations/replay.hpp"

namespace airi::workers::operations {

/// The settings of airi-ctl.
struct ctl_settings : kafka::access, archive::archive_settings {
    secret database_url, redis_url;
    std::string migrate_program = "deploy/migrate.sh", profile = "saas";

    static constexpr auto settings = std::tuple_cat(kafka::access::settings, archive_settings::place,
        std::tuple{
            setting{"DATABASE_URL", &ctl_settings::database_url,
                "Postgres, as a role that may act as airi_owner; for shadows the role airi_worker is enough."},
            setting{"REDIS_URL", &ctl_settings::redis_url, "Redis, which tells the gateways of changed accounts."},
            setting{"MIGRATE_PROGRAM", &ctl_settings::migrate_program, "The program of migrate status and apply."},
            setting{"AIRI_PROFILE", &ctl_settings::profile, "The product profile of the same."},
            setting{"ENCRYPTION_KEY", &archive_settings::encryption_key,
                "Opens the sealed objects of the archive, and seals new ones."},
            setting{"ENCRYPTION_KEY_PREVIOUS", &archive_settings::encryption_key_previous,
                "The one before it: opens objects of its time."},
        });

    std::vector<std::string> mistakes() const;
};

enum class archive_command { run, list, verify, reseal };

/// For one topic, or for all. Returns the exit status: 1 when an object is damaged or missing, a topic could not be
/// read or the storage fails; 2 without ARCHIVE_URL.
int run_archive_command(archive_command, const ctl_settings&, const std::optional<std::string>& topic);

/// Archives what the topic holds, and finds what keeps the archive from having every record that was published; empty:
/// nothing. Blocks.
result<std::string> complete_archive(const ctl_settings&, const std::string& topic);

/// Makes the replay read the archive. Empty, or the mistake.
std::string read_from_archive(replay_order&, const ctl_settings&);

}  // namespace airi::workers::operations
