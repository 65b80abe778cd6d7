// The crisis worker: an alert in; the user is told that their trusted contacts will be told, and may cancel that. What
// is sent to the contacts, and when, is contact_sender.hpp. See docs/safety.md.
#pragma once

#include "events/crisis.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::crisis {

/// What the user is told of a planned notice.
struct planned_notice {
    event_id id;
    std::string send_at;   ///< RFC 3339
    std::string contacts;  ///< their names, separated by commas
    std::int64_t seconds = 0;
};

/// The notice to the user, of kind crisis_contacts_pending: the same however often the alert is delivered.
events::outgoing tell_user(const events::crisis_detected&, const planned_notice&, std::string_view traceparent);

/// At least once: the notice has an id derived from the alert's. Nothing for a severity below high, and where no
/// contact is to be told.
effects plan(const events::crisis_detected&, const record&);

worker declare();

}  // namespace airi::workers::crisis
