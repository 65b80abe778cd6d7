// The ledger of erasures, outside the database: an entry for each account before it is erased, so that a restore of an
// older backup can erase it again. Entries are only ever added. Read by airi-vault.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "platform/base/secret.hpp"
#include "platform/base/settings.hpp"
#include "platform/postgres/postgres.hpp"
#include "platform/storage/place.hpp"

namespace airi::workers::scheduler {

struct ledger_settings {
    std::string url, endpoint, region = "us-east-1", access_key;
    secret secret_key;

    static constexpr auto settings = std::tuple{
        setting{"ERASURE_LEDGER_URL", &ledger_settings::url,
            "The place where erased accounts are recorded, for restores: file:///directory or s3://bucket/prefix, "
            "apart from the database and from the backups; empty: nowhere."},
        setting{"ERASURE_LEDGER_S3_ENDPOINT", &ledger_settings::endpoint,
            "The S3 server; empty: Amazon's of the region. https, or http to this machine."},
        setting{"ERASURE_LEDGER_S3_REGION", &ledger_settings::region, "Its region."},
        setting{"ERASURE_LEDGER_S3_ACCESS_KEY", &ledger_settings::access_key, "The key's name there."},
        setting{"ERASURE_LEDGER_S3_SECRET_KEY", &ledger_settings::secret_key, "The key."},
    };

    storage::s3_access access() const { return {endpoint, region, access_key, secret_key}; }
    std::vector<std::string> mistakes() const { return storage::place_mistakes("ERASURE_LEDGER", url, access()); }
};

/// Records the accounts that are due to be erased. One that could not be recorded is not erased, and is tried again.
awaitable<> record_erasures(postgres::database&, storage::store&);

}  // namespace airi::workers::scheduler
