// What is due to trusted contacts: notices become messages when their time has come, and messages are claimed, their
// sealed recipients opened, and sent to phones or requested as mails. Any number of senders may run. Used by the crisis
// worker's module.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "platform/base/embedded.hpp"
#include "platform/crypto/seal.hpp"
#include "platform/postgres/postgres.hpp"
#include "workers/providers/sms/twilio.hpp"

namespace airi::workers::crisis {

/// texts/<kind>.<language>.txt: invite and notice as text messages, call as it is spoken. {{person}} is the user.
extern const std::span<const embedded_file> text_files;

/// A claimed message.
struct contact_message {
    std::string id;
    std::string kind;     ///< invite, notice
    std::string channel;  ///< sms, call, email
    int claim = 0;        ///< the number of this claim, from 1
    bool maybe_sent = false;
    std::string recipient;  ///< a number or address; sealed as it comes from the table
    std::string locale, person, product;
    std::string link;   ///< of an invitation; sealed as it comes from the table
    std::string event;  ///< of a mail
    user_id user;
    std::optional<std::string> wrapped_key;  ///< the user's, with which the recipient is sealed
};

/// By which a sent message is found again: it is part of the text of a notice, and an invitation has its link.
std::string mark_of(const contact_message&);
/// In the language of the user, else English.
providers::twilio::message compose(const contact_message&);

/// What follows from an attempt.
struct verdict {
    enum class what { sent, mailed, again, failed };
    what then = what::again;
    seconds pause{0};         ///< before the next attempt
    bool maybe_sent = false;  ///< the next attempt must find out first
    bool stop = false;        ///< the contact wants no messages
    std::string sid{}, error{};
    std::string to{};  ///< of a mail: the address, sealed for its event
};
verdict judge(const providers::twilio::outcome&, int claim);

class contact_sender {
public:
    /// `phone` may be none: then only mails are sent. The ports must outlive it.
    contact_sender(postgres::database&, const providers::twilio::client* phone, const seal::master&,
        const seal::key& links, executor);

    /// Turns due notices into messages and begins to send those that are due, without waiting for their ends. Returns
    /// the pause until the next look.
    awaitable<result<milliseconds>> look();
    /// Messages whose sending has begun and not ended.
    int in_flight() const { return in_flight_; }

    /// The whole way of one claimed message. At most once for a call; for a text message at most once as far as Twilio
    /// lists what it has accepted.
    awaitable<> deliver(contact_message);

private:
    awaitable<providers::twilio::outcome> attempt(const contact_message&);
    awaitable<> deliver_counted(contact_message);
    awaitable<verdict> verdict_on(contact_message&);
    result<> open_recipient(contact_message&) const;
    bool open_link(contact_message&) const;

    postgres::database& database_;
    const providers::twilio::client* phone_;
    const seal::master& master_;
    const seal::key& links_;
    executor executor_;
    int in_flight_ = 0;
};

}  // namespace airi::workers::crisis
