// Which topics the archive seals: those whose events hold, in clear, what concerns a person beside ids and figures.
// Text that is sealed with a user's key stays as it is. A new topic gets a line here (a test names it).
#pragma once

#include <array>
#include <string_view>

namespace airi::workers::archive {

struct topic_rule {
    std::string_view topic;  ///< its retries and dead letters follow it
    bool sealed;
};

inline constexpr std::array topic_rules{
    topic_rule{"chat.requested.v1", false}, topic_rule{"chat.screened.v1", false},
    topic_rule{"chat.finished.v1", false},
    topic_rule{"moderation.decided.v1", true},  // the category of what a user wrote
    topic_rule{"usage.recorded.v1", false}, topic_rule{"email.requested.v1", true},             // addresses, names
    topic_rule{"export.requested.v1", true},                                                    // links
    topic_rule{"identity.requested.v1", false}, topic_rule{"notification.requested.v1", true},  // texts, names
    topic_rule{"crisis.detected.v1", true},                                                     // a user's health
    topic_rule{"avatar.uploaded.v1", false}, topic_rule{"webhook.received.v1", true},  // names, addresses, cards
    topic_rule{"payment.requested.v1", false}, topic_rule{"operation.requested.v1", false},
    topic_rule{"violation.recorded.v1", true},  // the category of what a user wrote
};

/// True for a topic without a rule, too.
bool is_sealed(std::string_view topic);

}  // namespace airi::workers::archive
