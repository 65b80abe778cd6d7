// The settings of airi-vault.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "platform/base/secret.hpp"
#include "platform/base/settings.hpp"
#include "platform/storage/place.hpp"

namespace airi::backup {

struct vault_settings {
    std::string url;
    std::string endpoint, region = "us-east-1", access_key;
    secret secret_key;
    secret key, key_previous, encryption_key;
    std::string ledger_url, ledger_endpoint, ledger_region = "us-east-1", ledger_access_key;
    secret ledger_secret_key;

    static constexpr auto settings = std::tuple{
        setting{"BACKUP_URL", &vault_settings::url,
            "The place of backups: file:///directory or s3://bucket/prefix, for one database.", {.required = true}},
        setting{"BACKUP_S3_ENDPOINT", &vault_settings::endpoint,
            "The S3 server; empty: Amazon's of the region. https, or http to this machine."},
        setting{"BACKUP_S3_REGION", &vault_settings::region, "Its region."},
        setting{"BACKUP_S3_ACCESS_KEY", &vault_settings::access_key, "The key's name there."},
        setting{"BACKUP_S3_SECRET_KEY", &vault_settings::secret_key, "The key."},
        setting{"BACKUP_KEY", &vault_settings::key, "Encrypts the backups; at least 32 bytes. Keep it elsewhere.",
            {.required = true}},
        setting{"BACKUP_KEY_PREVIOUS", &vault_settings::key_previous, "The one before it: opens backups of its time."},
        setting{"ENCRYPTION_KEY", &vault_settings::encryption_key,
            "Its mark is stored with each backup, and compared before a restore; never the key."},
        setting{"ERASURE_LEDGER_URL", &vault_settings::ledger_url,
            "The ledger of erasures, which the scheduler writes: read after a restore."},
        setting{
            "ERASURE_LEDGER_S3_ENDPOINT", &vault_settings::ledger_endpoint, "Its S3 server, as BACKUP_S3_ENDPOINT."},
        setting{"ERASURE_LEDGER_S3_REGION", &vault_settings::ledger_region, "Its region."},
        setting{"ERASURE_LEDGER_S3_ACCESS_KEY", &vault_settings::ledger_access_key, "The key's name there."},
        setting{"ERASURE_LEDGER_S3_SECRET_KEY", &vault_settings::ledger_secret_key, "The key."},
    };

    std::vector<std::string> mistakes() const;
    storage::s3_access access() const { return {endpoint, region, access_key, secret_key}; }
    storage::s3_access ledger_access() const {
        return {ledger_endpoint, ledger_region, ledger_access_key, ledger_secret_key};
    }
};

}  // namespace airi::backup
