// The consequences of a message's safety check: what is stored with it, the fixed reply, the alert and the frames.
// Pure. The states and their meaning: docs/safety.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/chat.hpp"
#include "platform/crypto/keyring.hpp"
#include "platform/safety/gate.hpp"
#include "sql/crisis.hpp"
#include "sql/generations.hpp"
#include "workers/runtime/effects.hpp"

namespace airi::workers::moderation {

/// Settings and rows, reloaded. Each is replaced as a whole.
struct safety_data {
    std::shared_ptr<const safety::gate> gate = std::make_shared<const safety::gate>();
    std::shared_ptr<const std::vector<sql::crisis::resource>> resources =
        std::make_shared<const std::vector<sql::crisis::resource>>();
    std::string policy = "{}";  ///< the JSON that `gate` was made from
    std::string default_country = "*";
    bool stores_sentiment = false;  ///< message_sentiment
};

/// The state of a conversation as it is stored. Version 0: none is.
struct stored_state {
    std::int64_t version = 0;
    safety::conversation state;

    /// From conversations.safety; text that is no state counts as none, with its version.
    static stored_state parse(std::string_view json);
};

/// What is known of the person, for the words and the help lines.
struct person {
    std::string locale = "en";
    std::string country;  ///< of the profile; empty: unknown
};

/// The decision on a message that is not answered as any other. Stored with the message, so that a redelivery has the
/// same consequences; it holds no word of the message.
struct crisis_decision {
    safety::path way = safety::path::model;
    safety::state old_state = safety::state::normal, new_state = safety::state::normal;
    std::string category, severity;  ///< as in crisis_alerts
    std::string country = "*";       ///< whose help lines were chosen
    double score = 0;
    std::optional<alert_id> alert;

    /// True when the reply is a fixed one.
    bool answers() const { return way == safety::path::ask || way == safety::path::help; }
    std::string json() const;
    /// None for JSON null.
    static std::optional<crisis_decision> parse(std::string_view json);
};

/// None for a message that is answered as any other and changes no state.
std::optional<crisis_decision> decide(
    const events::chat_requested&, const safety::gate::checked&, const safety::conversation& before);

/// Everything that messages_screen stores for safety, as its JSON; none when there is nothing. A decision with a reply
/// gets its country here. `evidence` seals what the alert keeps of the message. `scores`: those of the provider that
/// are kept, a JSON object; empty: none. `held`: the message waits for a person.
std::optional<std::string> safety_record(const events::chat_requested&, const safety::gate::checked&,
    const stored_state& before, std::optional<crisis_decision>&, const safety_data&, const person&,
    const seal::keyring& evidence, const std::string& scores = {}, bool held = false);

/// Adds what follows a stored decision: frames for the person and the people who work on alerts, crisis.detected and,
/// after a fixed reply (`end`), the frames and events of its end.
void add_consequences(after_commit&, const events::chat_requested&, const crisis_decision&,
    const std::optional<sql::generations::end>& end, std::string_view traceparent);

/// The fixed reply: the text in the language of the message where its sign has one, else of the person's, and for
/// `help` the first lines to turn to. `resources`: a JSON array of CrisisResource.
std::string fixed_reply(safety::path, std::string_view language, std::string_view resources);

}  // namespace airi::workers::moderation
