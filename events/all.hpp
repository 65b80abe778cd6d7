// Every event: topics, schemas and tests are made from this list.
#pragma once

#include <tuple>

#include "events/chat.hpp"
#include "events/crisis.hpp"
#include "events/email.hpp"
#include "events/exports.hpp"
#include "events/files.hpp"
#include "events/gaming.hpp"
#include "events/moderation.hpp"
#include "events/notifications.hpp"
#include "events/oauth.hpp"
#include "events/operations.hpp"
#include "events/payments.hpp"
#include "events/usage.hpp"
#include "events/violations.hpp"

namespace airi::events {

using all = std::tuple<chat_requested, chat_screened, chat_finished, moderation_decided, usage_recorded,
    email_requested, export_requested, identity_requested, notification_requested, crisis_detected, avatar_uploaded,
    webhook_received, payment_requested, operation_requested, violation_recorded, gaming_requested, gaming_changed>;

/// The events that the gateway publishes itself; its other events go through the outbox. Kafka lets it write these
/// topics only.
using of_gateway = std::tuple<chat_requested, identity_requested, webhook_received, payment_requested>;

}  // namespace airi::events
