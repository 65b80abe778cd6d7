// Loads by what messages are judged, as it is in force. Used by the module of the moderation worker and its shadow.
#pragma once

#include <memory>
#include <string>

#include "platform/base/async.hpp"
#include "platform/postgres/postgres.hpp"
#include "workers/moderation/crisis.hpp"
#include "workers/moderation/thresholds.hpp"

namespace airi::workers::moderation {

/// The help lines, the rules of crises and their settings. A policy that cannot be read leaves the one in force.
awaitable<result<>> load_safety(postgres::database&, safety_data&);

/// `text`: the JSON that `rules` was made from.
awaitable<result<>> load_rules(postgres::database&, std::string& text, std::shared_ptr<const thresholds>& rules);

}  // namespace airi::workers::moderation
