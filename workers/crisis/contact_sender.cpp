#include "workers/crisis/contact_sender.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "events/email.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/sealed_value.hpp"
#include "sql/statements.hpp"
#include "workers/runtime/texts.hpp"

namespace airi::workers::crisis {
namespace {

namespace twilio = providers::twilio;

constexpr int most_in_flight = 16;
constexpr int most_notices = 20;
// Longer than the two requests of an attempt may take.
constexpr seconds lease{30};
// Invitations by text message are stored by the gateway, which wakes nobody here.
constexpr milliseconds shortest_pause{20}, longest_pause{2'000}, pause_while_full{200};

bool is_call(const contact_message& message) { return message.channel == "call"; }
bool is_mail(const contact_message& message) { return message.channel == "email"; }

std::vector<contact_message> read(const postgres::rows& rows) {
    std::vector<contact_message> out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto [id, kind, channel, claim, maybe_sent, recipient, locale, person, product, link, event, user, key] =
            rows.read<std::string, std::string, std::string, int, bool, std::string, std::string, std::string,
                std::string, std::string, std::string, user_id, std::optional<std::string>>(i);
        out.push_back({std::move(id), std::move(kind), std::move(channel), claim, maybe_sent, std::move(recipient),
            std::move(locale), std::move(person), std::move(product), std::move(link), std::move(event), user,
            std::move(key)});
    }
    return out;
}

postgres::bound conclusion(const contact_message& message, const verdict& verdict) {
    switch (verdict.then) {
        case verdict::what::sent:
            return sql::bind(
                "trusted_contacts.message_sent", {{"id", message.id}, {"claim", message.claim}, {"sid", verdict.sid}});
        case verdict::what::mailed:
            return sql::bind(
                "trusted_contacts.message_mailed", {{"id", message.id}, {"claim", message.claim}, {"to", verdict.to}});
        case verdict::what::failed:
            return sql::bind("trusted_contacts.message_failed",
                {{"id", message.id}, {"claim", message.claim}, {"error", verdict.error}, {"stop", verdict.stop}});
        case verdict::what::again: break;
    }
    return sql::bind("trusted_contacts.message_again",
        {{"id", message.id}, {"claim", message.claim}, {"pause", verdict.pause.count()},
            {"maybe_sent", verdict.maybe_sent}, {"error", verdict.error}});
}

}  // namespace

std::string mark_of(const contact_message& message) {
    if (message.kind == "invite") return message.link;
    auto out = message.id.substr(message.id.size() - std::min<std::size_t>(8, message.id.size()));
    for (char& c : out) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}

twilio::message compose(const contact_message& message) {
    const auto found = find_text(text_files, is_call(message) ? "call" : message.kind, message.locale);
    auto variables =
        read_variables(json::object().add("person", message.person).add("product", message.product).text());
    variables->insert_or_assign("link", message.link);
    variables->insert_or_assign("ref", mark_of(message));
    auto text = std::string(found->text);
    while (text.ends_with('\n')) text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return {message.recipient, filled_text(text, *variables).value_or(""), message.id, found->language};
}

verdict judge(const twilio::outcome& outcome, int claim) {
    verdict out;
    if (!outcome.error) {
        out.then = verdict::what::sent;
        out.sid = outcome.sid;
        return out;
    }
    out.error = outcome.error.message() + (outcome.code ? " (" + std::to_string(outcome.code) + ")" : "");
    out.stop = outcome.error == twilio::errc::unsubscribed;
    if (outcome.error == failure::refused) {
        out.then = verdict::what::failed;
        return out;
    }
    out.maybe_sent = outcome.error == twilio::errc::unknown;
    // Twilio lists a message some seconds after it has accepted it.
    const seconds first{out.maybe_sent ? 5 : 1}, longest{60};
    out.pause = std::min(longest, first * (1 << std::clamp(claim - 1, 0, 6)));
    if (outcome.error == failure::misconfigured) out.pause = longest;
    out.pause = std::max(out.pause, std::min(outcome.retry_after, seconds{600}));
    return out;
}

contact_sender::contact_sender(postgres::database& database, const twilio::client* phone, const seal::master& master,
    const seal::key& links, executor executor)
    : database_(database), phone_(phone), master_(master), links_(links), executor_(std::move(executor)) {}

awaitable<result<milliseconds>> contact_sender::look() {
    const int room = most_in_flight - in_flight_;
    std::vector<std::string> channels;
    if (room > 0)
        channels = phone_ ? std::vector<std::string>{"email", "sms", "call"} : std::vector<std::string>{"email"};
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("trusted_contacts.release_notices", {{"limit", most_notices}}));
    if (room > 0)
        ask.statements.push_back(sql::bind(
            "trusted_contacts.claim_messages", {{"channels", channels}, {"limit", room}, {"lease", lease.count()}}));
    ask.statements.push_back(sql::bind("trusted_contacts.next_message", {{"channels", channels}}));
    const auto rows = co_await database_.run(std::move(ask));
    if (!rows) co_return rows.error();
    if (const auto released = rows->front().integer(0, 0); released > 0)
        log::info("crisis.notices_due", {{"notices", released}});
    if (room > 0)
        for (auto& message : read(rows->at(1)))
            boost::asio::co_spawn(executor_, deliver_counted(std::move(message)), boost::asio::detached);
    const auto& next = rows->back();
    auto pause = next.is_null(0, 0) ? longest_pause : milliseconds{next.integer(0, 0)};
    if (room == 0) pause = std::min(pause, pause_while_full);
    co_return std::clamp(pause, shortest_pause, longest_pause);
}

awaitable<> contact_sender::deliver_counted(contact_message message) {
    ++in_flight_;
    co_await deliver(std::move(message));
    --in_flight_;
}

// A repeated request would be a second message: what may have been sent is looked for first.
awaitable<twilio::outcome> contact_sender::attempt(const contact_message& message) {
    const auto composed = compose(message);
    if (is_call(message)) co_return co_await phone_->call(composed);
    if (message.maybe_sent) {
        const auto found = co_await phone_->find_message(message.recipient, mark_of(message));
        if (!found) co_return twilio::outcome{twilio::errc::unknown};
        if (*found) co_return twilio::outcome{{}, **found};
    }
    co_return co_await phone_->send(composed);
}

result<> contact_sender::open_recipient(contact_message& message) const {
    const auto key = message.wrapped_key ? master_.unwrap(*message.wrapped_key, message.user)
                                         : result<seal::key>(seal::errc::broken);
    if (!key && key.error() == seal::errc::unknown_master) return key.error();
    const auto column = is_mail(message) ? "trusted_contacts.email" : "trusted_contacts.phone";
    auto opened = seal::open_value(key ? &*key : nullptr, message.user, column, message.recipient);
    if (!opened) return make_error_code(seal::errc::broken);
    message.recipient = std::move(*opened);
    return {};
}

bool contact_sender::open_link(contact_message& message) const {
    if (message.link.empty()) return true;
    auto link = seal::open(links_, message.link, events::place_of_link(message.id));
    if (link) message.link = std::move(*link);
    return link.has_value();
}

awaitable<verdict> contact_sender::verdict_on(contact_message& message) {
    // Nothing tells one call from another, so it is not repeated; a text message goes beside it.
    if (message.maybe_sent && is_call(message))
        co_return verdict{.then = verdict::what::failed, .error = "whether it was called is unknown"};
    if (const auto opened = open_recipient(message); !opened) {
        if (opened.error() == failure::outage)
            co_return verdict{
                .pause = seconds{60}, .maybe_sent = message.maybe_sent, .error = opened.error().message()};
        co_return verdict{.then = verdict::what::failed, .error = "the user's key does not open the recipient"};
    }
    // The mail and the end of this claim are one statement; its link stays sealed.
    if (is_mail(message))
        co_return verdict{.then = verdict::what::mailed,
            .to = seal::seal(links_, message.recipient, events::place_of_recipient(message.event))};
    if (!open_link(message))
        co_return verdict{.then = verdict::what::failed, .error = "this LINK_KEY does not open the link"};
    co_return judge(co_await attempt(message), message.claim);
}

awaitable<> contact_sender::deliver(contact_message message) {
    const auto verdict = co_await verdict_on(message);
    using what = crisis::verdict::what;
    const bool good = verdict.then == what::sent || verdict.then == what::mailed;
    log::write(good ? log::level::info : log::level::warn, "contact.message",
        {{"message_id", message.id}, {"kind", message.kind}, {"channel", message.channel}, {"claim", message.claim},
            {"sid", verdict.sid}, {"error", verdict.error}});
    const auto stored = co_await postgres::run_one(database_, std::nullopt, conclusion(message, verdict));
    // The claim ends by itself, and the next one finds the message.
    if (!stored)
        log::warn("contact.message_not_recorded", {{"message_id", message.id}, {"error", stored.error().message()}});
}

}  // namespace airi::workers::crisis
