// Shares the providers' health with the other workers over the table provider_health, and probes providers that nobody
// has called for a while. In the background: a reply waits for none of it. Used by the modules of the workers that call
// models.
#pragma once

#include <string>

#include "platform/postgres/postgres.hpp"
#include "workers/providers/health.hpp"
#include "workers/providers/provider.hpp"
#include "workers/providers/rules.hpp"

namespace airi::workers::providers {

class health_monitor {
public:
    /// `instance` names this worker in the table; empty: it only reads. All else must outlive the monitor.
    health_monitor(
        postgres::database&, const provider_list&, health_table&, const provider_rules&, std::string instance);

    /// Stores this worker's view, reads those of the others, then probes what is due. To be called every few seconds.
    awaitable<result<>> refresh();

private:
    postgres::bound save(moment now) const;
    awaitable<> probe(chat_provider&);

    postgres::database& database_;
    const provider_list& providers_;
    health_table& health_;
    const provider_rules& rules_;
    std::string instance_;
    moment began_;
};

}  // namespace airi::workers::providers
