#include "gateway/messaging/websocket_handler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <set>

#include "events/frames/codec.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/messaging/channel_access.hpp"
#include "gateway/messaging/client_frame.hpp"
#include "gateway/messaging/frame_allowance.hpp"
#include "gateway/messaging/generation_status.hpp"
#include "gateway/messaging/stream_follower.hpp"
#include "gateway/messaging/submit_message.hpp"
#include "gateway/realtime/hub.hpp"
#include "gateway/realtime/open_sockets.hpp"
#include "gateway/services/security_events.hpp"
#include "gateway/services/trace_start.hpp"

namespace airi::gateway {
namespace {

namespace asio = boost::asio;
namespace frames = events::frames;
using events::encode_frame;
using clock = std::chrono::steady_clock;

constexpr milliseconds silence{3'000};  // of a followed generation, before Postgres is asked
// The scopes and the end of an API key change without a broadcast, and so does what a role above user rests on.
constexpr milliseconds credential_check{15'000};
constexpr milliseconds longest_timer{3'600'000};

// The scope that a frame needs of an API key; every socket has `chat`.
template <class Frame>
constexpr std::string_view scope_of = "chat";
template <>
constexpr std::string_view scope_of<frames::subscribe> = "read";
template <>
constexpr std::string_view scope_of<frames::resume> = "read";
template <>
constexpr std::string_view scope_of<frames::message_cancel> = "write";

// The last messages that the client has: those that it sent, with their replies, and those that it was sent. A
// message_created comes on two channels.
class known_messages {
public:
    /// False when it was there.
    bool add(const message_id& id) {
        if (std::find(ids_.begin(), ids_.end(), id) != ids_.end()) return false;
        ids_.push_back(id);
        if (ids_.size() > most) ids_.pop_front();
        return true;
    }
    void remove(const message_id& id) { std::erase(ids_, id); }

private:
    static constexpr std::size_t most = 256;
    std::deque<message_id> ids_;
};

class chat_websocket final : public websocket_handler,
                             public channel_listener,
                             public session_bound,
                             public std::enable_shared_from_this<chat_websocket> {
public:
    chat_websocket(services& services, std::shared_ptr<const account> caller, std::optional<instant> token_end,
        request_trace trace, socket_places::place place)
        : services_(services),
          caller_(std::move(caller)),
          token_end_(token_end),
          trace_(std::move(trace)),
          place_(std::move(place)),
          silence_timer_(services.executor),
          credential_timer_(services.executor) {}

    void opened(websocket_sender& sender) override {
        sender_ = &sender;
        services_.sockets.add(caller_->session, caller_->id, this);
        asio::co_spawn(services_.executor, begin(shared_from_this()), asio::detached);
        watch_credential();
    }

    void closed() override {
        sender_ = nullptr;
        services_.sockets.remove(caller_->session, caller_->id, this);
        silence_timer_.cancel();
        credential_timer_.cancel();
        for (const auto& channel : channels_) services_.channels.leave(channel, this);
        channels_.clear();
    }

    void leaving(milliseconds after) override { send(encode_frame(frames::reconnect{after.count()})); }

    void session_ended() override {
        if (sender_) sender_->close(1008, "the session has ended");
    }

    awaitable<> received(std::string message) override {
        const auto self = shared_from_this();
        if (!allowance_.take()) co_return refuse({429, "RATE_LIMITED", "too many frames", "null", 1}, {});
        auto frame = read_client_frame(message);
        if (auto* fault = std::get_if<problem>(&frame.content)) co_return send(error_frame(*fault, frame.ref));
        if (!co_await session_lives()) co_return session_ended();
        const auto fault = co_await std::visit([&](auto& of_type) { return handle_in_scope(of_type, frame.ref); },
            std::get<frames::client_frame>(frame.content));
        if (fault) refuse(*fault, frame.ref);
    }

    void on_frame(std::string_view, const delivered_frame& delivered) override {
        if (!sender_) return;
        const auto& published = delivered.published;
        if (!may_hear(published)) return;
        using enum stream_follower::verdict;
        const auto verdict = published.of_generation ? follower_.receive(delivered)
                             : is_new(published)     ? send
                                                     : withhold;
        if (verdict == send) sender_->send(delivered.frame);
        if (verdict == behind)
            asio::co_spawn(services_.executor, catch_up(shared_from_this(), published.generation), asio::detached);
    }

private:
    using outcome = awaitable<std::optional<problem>>;

    // Receives the reply of a message sent here.
    class sent_message final : public reply_receiver {
    public:
        sent_message(chat_websocket& socket, const std::string& ref) : socket_(socket), ref_(ref) {}

        awaitable<> subscribe(const events::generation_ids& ids) override {
            ids_ = ids;
            socket_.known_messages_.add(ids.message);
            socket_.known_messages_.add(ids.reply);
            follows_ = socket_.follower_.follow(ids.generation);
            return join(socket_.shared_from_this(), events::channel_of(ids.conversation));
        }
        awaitable<> accepted(const accepted_message& message) override {
            socket_.send(accepted_frame(message, ref_));
            if (!follows_) co_return;
            const auto self = socket_.shared_from_this();
            if (message.repeated) co_return co_await catch_up(self, ids_.generation);
            auto begun = self->follower_.release_new(ids_.generation);
            self->release(std::move(begun.frames));
            if (begun.behind) co_await catch_up(self, ids_.generation);
        }
        void rejected() override {
            socket_.known_messages_.remove(ids_.message);
            socket_.known_messages_.remove(ids_.reply);
            if (follows_) socket_.follower_.unfollow(ids_.generation);
        }

    private:
        chat_websocket& socket_;
        const std::string& ref_;
        events::generation_ids ids_;
        bool follows_ = false;
    };

    void send(std::string frame) {
        if (sender_) sender_->send(std::make_shared<const std::string>(std::move(frame)));
    }
    void refuse(const problem& fault, const std::string& ref) {
        record_refusal(fault, {"websocket.frame", {}, trace_.request_id, caller_.get()});
        send(error_frame(fault, ref));
    }
    void release(std::vector<entry> frames) {
        for (auto& one : frames)
            if (sender_) sender_->send(std::move(one.frame));
    }

    // False when its credential allows the socket no longer what it was opened with. While Postgres is away the account
    // stays as it was.
    awaitable<bool> session_lives() {
        const auto known = co_await services_.accounts.find(caller_->id, caller_->session);
        if (!known) co_return now() < end_of_credential();
        if (!*known || !(*known)->refused.empty() || (*known)->scopes != caller_->scopes) co_return false;
        if (has_role() && (*known)->acting_role() != caller_->acting_role()) co_return false;
        caller_ = *known;
        co_return now() < end_of_credential();
    }

    // It may have subscribed to channels that are for its role.
    bool has_role() const { return caller_->acting_role() != "user"; }

    instant end_of_credential() const {
        return std::min(token_end_.value_or(instant::max()), caller_->expires.value_or(instant::max()));
    }

    void watch_credential() {
        const auto left = end_of_credential() - now();
        const auto wait =
            std::min<instant::duration>(left, caller_->by_key || has_role() ? credential_check : longest_timer);
        credential_timer_.expires_after(std::max<instant::duration>(wait, {}));
        credential_timer_.async_wait([self = shared_from_this()](const error_code& ec) {
            if (!ec) asio::co_spawn(self->services_.executor, check_credential(self), asio::detached);
        });
    }

    static awaitable<> check_credential(std::shared_ptr<chat_websocket> self) {
        const bool lives = co_await self->session_lives();
        if (!self->sender_) co_return;
        if (!lives) co_return self->session_ended();
        self->watch_credential();
    }

    // Without the scope `read` only the replies to what this socket sent.
    bool may_hear(const events::published& published) const {
        return !check_scope(*caller_, "read") || (published.of_generation && follower_.follows(published.generation));
    }

    // The session may have ended before this socket was registered to be closed with it.
    static awaitable<> begin(std::shared_ptr<chat_websocket> self) {
        if (!check_scope(*self->caller_, "read")) co_await join(self, events::channel_of(self->caller_->id));
        if (!co_await self->session_lives()) self->session_ended();
    }

    static awaitable<> join(std::shared_ptr<chat_websocket> self, std::string channel) {
        if (!self->sender_ || !self->channels_.insert(channel).second) co_return;
        co_await self->services_.channels.join(channel, self);
        if (!self->sender_) self->services_.channels.leave(channel, self.get());
    }

    // False for the message_created of a message that the client knows.
    bool is_new(const events::published& published) {
        return !published.created || known_messages_.add(*published.created);
    }

    static std::string accepted_frame(const accepted_message& message, const std::string& ref) {
        const auto& ids = message.ids;
        const frames::message_accepted accepted{.client_message_id = message.client_message_id,
            .conversation = ids.conversation,
            .message = ids.message,
            .reply = ids.reply,
            .generation = ids.generation};
        return encode_frame(accepted, ref);
    }

    template <class Frame>
    outcome handle_in_scope(Frame& in, const std::string& ref) {
        if (auto refused = check_scope(*caller_, scope_of<Frame>)) co_return refused;
        co_return co_await handle(in, ref);
    }

    outcome handle(frames::ping&, const std::string& ref) {
        send(encode_frame(frames::pong{}, ref));
        co_return std::nullopt;
    }

    outcome handle(frames::message_send& in, const std::string& ref) {
        message_order order;
        order.conversation = in.conversation;
        order.companion = in.companion;
        order.content = std::move(in.content);
        order.client_message_id = std::move(in.client_message_id);
        order.model = std::move(in.model);
        sent_message receiver(*this, ref);
        auto trace = trace_;
        auto span = start_message_span(services_, trace);
        const auto submitted = co_await submit_message(services_,
            {.sender = caller_, .order = std::move(order), .trace = std::move(trace), .arrived = now()}, receiver);
        const auto* refused = std::get_if<problem>(&submitted);
        if (refused) span.failed(refused->code);
        span.end();
        if (refused) co_return *refused;
        watch_silence();
        co_return std::nullopt;
    }

    outcome handle(frames::message_cancel& in, const std::string&) {
        const auto done = co_await cancel_generation(services_, caller_->id, in.generation);
        if (!done) co_return problem_of(done.error());
        co_return std::nullopt;
    }

    outcome handle(frames::subscribe& in, const std::string& ref) {
        const auto most = services_.catalogue.rows()->number("channels_per_client");
        if (std::ssize(channels_) >= most)
            co_return problem{
                429, "TOO_MANY_CHANNELS", fmt::format("a client may subscribe to at most {} channels", most)};
        if (auto fault = co_await check_channel(services_, caller_, in.channel)) co_return std::move(*fault);
        co_await join(shared_from_this(), in.channel);
        send(encode_frame(frames::subscribed{std::move(in.channel)}, ref));
        co_return std::nullopt;
    }

    outcome handle(frames::unsubscribe& in, const std::string& ref) {
        if (channels_.erase(in.channel) > 0) services_.channels.leave(in.channel, this);
        send(encode_frame(frames::unsubscribed{std::move(in.channel)}, ref));
        co_return std::nullopt;
    }

    outcome handle(frames::resume& in, const std::string& ref) {
        std::optional<events::position> seen;
        if (in.offset >= 0) seen = events::position{in.epoch, in.offset};
        const auto status = co_await status_of(services_, caller_->id, in.generation);
        if (!status) co_return problem_of(status.error());
        if (!*status) co_return not_found("generation");
        const auto start = follower_.resume(in.generation, seen);
        if (start.ended) {
            send_resumed(in.generation, true, ref);
            co_return std::nullopt;
        }
        co_await join(shared_from_this(), events::channel_of((*status)->ids.conversation));
        auto past = co_await read_stream(services_.redis, in.generation, start.seen);
        if (!follower_.follows(in.generation)) co_return std::nullopt;
        send_resumed(in.generation, past && past->recovered(), ref);
        if (past && past->is != replayed::kind::gone)
            release(follower_.release(in.generation, std::move(*past)));
        else
            release(follower_.release(**status));
        watch_silence();
        co_return std::nullopt;
    }

    void send_resumed(const generation_id& id, bool recovered, const std::string& ref) {
        send(encode_frame(frames::resumed{id, recovered}, ref));
    }

    outcome handle(frames::typing_start& in, const std::string&) {
        return publish_typing(in.conversation, encode_frame(frames::typing_started{in.conversation, caller_->id}));
    }

    outcome handle(frames::typing_stop& in, const std::string&) {
        return publish_typing(in.conversation, encode_frame(frames::typing_stopped{in.conversation, caller_->id}));
    }

    outcome publish_typing(conversation_id conversation, std::string frame) {
        const auto channel = events::channel_of(conversation);
        if (!channels_.contains(channel))
            if (auto fault = co_await check_channel(services_, caller_, channel)) co_return std::move(*fault);
        std::vector<std::string> words{"PUBLISH", channel, events::publish_payload(frame)};
        co_await services_.redis.command(std::move(words));
        co_return std::nullopt;
    }

    // The generation of a repeated message may have begun, or ended.
    static awaitable<> catch_up(std::shared_ptr<chat_websocket> self, generation_id id) {
        auto past = co_await read_stream(self->services_.redis, id, std::nullopt);
        if (!past || past->is == replayed::kind::gone) {
            const auto status = co_await status_of(self->services_, self->caller_->id, id);
            if (status && *status) co_return self->release(self->follower_.release(**status));
        }
        self->release(self->follower_.release(id, past ? std::move(*past) : replayed{}));
    }

    void watch_silence() {
        if (watching_ || follower_.empty() || !sender_) return;
        watching_ = true;
        silence_timer_.expires_after(silence);
        silence_timer_.async_wait([self = shared_from_this()](const error_code& ec) {
            self->watching_ = false;
            if (ec || !self->sender_) return;
            asio::co_spawn(self->services_.executor, ask_about_silent(self), asio::detached);
        });
    }

    static awaitable<> ask_about_silent(std::shared_ptr<chat_websocket> self) {
        for (const auto& id : self->follower_.silent(clock::now(), silence)) {
            const auto status = co_await status_of(self->services_, self->caller_->id, id);
            if (!self->sender_ || !status || !*status) continue;
            if (auto end = self->follower_.end(**status)) self->sender_->send(std::move(end->frame));
        }
        self->watch_silence();
    }

    services& services_;
    std::shared_ptr<const account> caller_;
    std::optional<instant> token_end_;
    request_trace trace_;
    socket_places::place place_;
    websocket_sender* sender_ = nullptr;
    std::set<std::string, std::less<>> channels_;
    stream_follower follower_;
    known_messages known_messages_;
    asio::steady_timer silence_timer_, credential_timer_;
    bool watching_ = false;
    frame_allowance allowance_;
};

}  // namespace

std::shared_ptr<websocket_handler> make_websocket_handler(services& services, std::shared_ptr<const account> caller,
    std::optional<instant> token_end, request_trace trace, socket_places::place place) {
    return std::make_shared<chat_websocket>(services, std::move(caller), token_end, std::move(trace), std::move(place));
}

}  // namespace airi::gateway
