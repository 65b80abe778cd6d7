#include "gateway/messaging/websocket_handler.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <set>

#include "gateway/messaging/client_frame.hpp"
#include "gateway/messaging/generation_status.hpp"
#include "gateway/realtime/attached_generation.hpp"
#include "gateway/realtime/hub.hpp"
#include "gateway/realtime/open_sockets.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

constexpr std::size_t most_channels = 100, most_ended = 64, most_overheard = 256;
constexpr milliseconds silence{3'000};  // of a generation we follow, before Postgres is asked
constexpr double frames_a_second = 50, frames_burst = 200;

using text = std::shared_ptr<const std::string>;
text shared(std::string frame) { return std::make_shared<const std::string>(std::move(frame)); }

class peer final : public websocket_handler,
                   public channel_listener,
                   public session_bound,
                   public std::enable_shared_from_this<peer> {
public:
    peer(services& services, std::shared_ptr<const account> who, request_trace trace)
        : services_(services), who_(std::move(who)), trace_(std::move(trace)), timer_(services.executor) {}

    void opened(websocket_sender& out) override {
        out_ = &out;
        services_.sockets.add(who_->session, who_->id, this);
        asio::co_spawn(services_.executor, begin(shared_from_this()), asio::detached);
    }

    void closed() override {
        out_ = nullptr;
        services_.sockets.remove(who_->session, who_->id, this);
        timer_.cancel();
        for (const auto& channel : channels_) services_.channels.leave(channel, this);
        channels_.clear();
    }

    void session_ended() override {
        if (out_) out_->close(1008, "the session has ended");
    }

    awaitable<> received(std::string message) override {
        const auto self = shared_from_this();
        if (!within_rate())
            co_return send(shared(error_frame({429, "RATE_LIMITED", "too many frames", "null", 1}, {})));
        auto frame = read_client_frame(message);
        if (auto* wrong = std::get_if<problem>(&frame.is)) co_return send(shared(error_frame(*wrong, frame.ref)));
        const auto live = co_await services_.accounts.of(who_->id, who_->session);
        if (live && (!*live || !(*live)->refused.empty())) co_return session_ended();
        if (live) who_ = *live;
        auto wrong = co_await std::visit(
            [&](auto& of_type) { return act(of_type, frame.ref); }, std::get<client_frame>(frame.is));
        if (wrong) send(shared(error_frame(*wrong, frame.ref)));
    }

    void hear(std::string_view, const delivered_frame& one) override {
        if (!out_) return;
        if (one.what.of_generation) {
            const auto found = followed_.find(one.what.generation);
            if (found != followed_.end()) return follow_on(found, one);
            // The end was told from Postgres, and then Redis had it too.
            if (std::find(ended_.begin(), ended_.end(), one.what.generation) != ended_.end()) return;
            if (!overhear(one.what)) return;
        } else if (!own_echo_.empty() && one.frame->find(own_echo_) != std::string::npos) {
            return;
        }
        send(one.frame);
    }

private:
    // A generation this client sent or resumed: its order is kept from the first frame on, and silence is looked into.
    struct following {
        events::generation_ids ids;
        attached_generation order;
        clock::time_point heard_at = clock::now();
    };
    // A generation it did not ask for: the last frame passed on.
    struct overheard {
        events::position at;
        bool ended = false;
    };
    using followed_at = std::map<generation_id, following>::iterator;

    void send(text frame) {
        if (out_) out_->send(std::move(frame));
    }

    static awaitable<> begin(std::shared_ptr<peer> self) {
        co_await join(self, events::channel_of(self->who_->id));
        // The session may have ended before this socket was among those that its end closes.
        const auto live = co_await self->services_.accounts.of(self->who_->id, self->who_->session);
        if (live && (!*live || !(*live)->refused.empty())) self->session_ended();
    }

    static awaitable<> join(std::shared_ptr<peer> self, std::string channel) {
        if (!self->out_ || !self->channels_.insert(channel).second) co_return;
        co_await self->services_.channels.join(channel, self);
        if (!self->out_) self->services_.channels.leave(channel, self.get());
    }

    // Ended, and told: what still comes of it is a repetition.
    void over(followed_at at) {
        remember_end(at->first);
        followed_.erase(at);
    }

    void remember_end(const generation_id& id) {
        ended_.push_back(id);
        if (ended_.size() > most_ended) ended_.pop_front();
    }

    // A generation of a channel that this client has not asked for, or not yet: it is told of from a frame on that
    // needs none before it. Deltas out of the middle would stand before the ones that a resumption brings.
    bool overhear(const events::published& what) {
        const auto known = overheard_.find(what.generation);
        if (known != overheard_.end() ? what.at <= known->second.at : what.type == events::frame_type::delta)
            return false;
        if (overheard_.size() >= most_overheard) overheard_.clear();
        const bool ended = events::is_end(what.type);
        overheard_.insert_or_assign(what.generation, overheard{what.at, ended});
        if (ended) remember_end(what.generation);
        return true;
    }

    void follow_on(followed_at at, const delivered_frame& one) {
        at->second.heard_at = clock::now();
        if (!at->second.order.hear(one)) return;
        send(one.frame);
        if (events::is_end(one.what.type)) over(at);
    }

    void release(followed_at at, replayed history) {
        for (auto& one : at->second.order.release(std::move(history))) send(std::move(one.frame));
        if (at->second.order.ended()) over(at);
    }

    awaitable<std::optional<problem>> act(client_ping&, const std::string& ref) {
        send(shared(server_frame("pong", "{}", ref)));
        co_return std::nullopt;
    }

    awaitable<std::optional<problem>> act(client_send& in, const std::string& ref) {
        auto prepared = co_await prepare_message(services_, who_, std::move(in.order), trace_, now());
        if (auto* wrong = std::get_if<problem>(&prepared)) co_return std::move(*wrong);
        const auto& message = std::get<prepared_message>(prepared);
        const auto& ids = message.ids;
        own_echo_ = ids.message.text();
        // One that is followed here already goes on where it is.
        const bool begins = followed_.try_emplace(ids.generation, following{ids, attached_generation{}}).second;
        overheard_.erase(ids.generation);
        co_await join(shared_from_this(), events::channel_of(ids.conversation));
        if (auto wrong = co_await publish_message(services_, who_, message)) {
            if (begins) followed_.erase(ids.generation);
            co_return std::move(*wrong);
        }
        json::object accepted;
        accepted.add("client_message_id", message.client_message_id)
            .add("conversation_id", ids.conversation.text())
            .add("message_id", ids.message.text())
            .add("reply_id", ids.reply.text())
            .add("generation_id", ids.generation.text());
        send(shared(server_frame("message_accepted", accepted.text(), ref)));
        if (begins && message.repeated) {
            co_await catch_up(ids.generation);
        } else if (const auto at = followed_.find(ids.generation); begins && at != followed_.end()) {
            release(at, {replayed::kind::recovered, {}, {}});
        }
        watch_silence();
        co_return std::nullopt;
    }

    awaitable<std::optional<problem>> act(client_cancel& in, const std::string&) {
        const auto done = co_await cancel_generation(services_, who_->id, in.generation);
        if (!done) co_return problem_of(done.error());
        co_return std::nullopt;
    }

    awaitable<std::optional<problem>> act(client_channel& in, const std::string& ref) {
        if (!in.join) {
            if (channels_.erase(in.name) > 0) services_.channels.leave(in.name, this);
        } else {
            if (channels_.size() >= most_channels)
                co_return problem{429, "TOO_MANY_CHANNELS", "at most 100 channels a client"};
            if (auto wrong = co_await may_join(in.name)) co_return std::move(*wrong);
            co_await join(shared_from_this(), in.name);
        }
        const auto data = json::object().add("channel", in.name).text();
        send(shared(server_frame(in.join ? "subscribed" : "unsubscribed", data, ref)));
        co_return std::nullopt;
    }

    awaitable<std::optional<problem>> act(client_resume& in, const std::string& ref) {
        const auto status = co_await status_of(services_, who_->id, in.generation);
        if (!status) co_return problem_of(status.error());
        if (!*status) co_return not_found("generation");
        const auto ids = (*status)->ids;
        std::erase(ended_, in.generation);
        if (const auto past = overheard_.extract(in.generation)) {
            // It has been told of while the wish was on its way: the client goes on from what was sent here.
            if (past.mapped().ended) co_return resumed(in.generation, true, ref);
            in.seen = past.mapped().at;
        }
        followed_.insert_or_assign(in.generation, following{ids, attached_generation{in.seen}});
        co_await join(shared_from_this(), events::channel_of(ids.conversation));
        auto past = co_await read_stream(services_.redis, in.generation, in.seen);
        const auto at = followed_.find(in.generation);
        if (at == followed_.end()) co_return std::nullopt;
        resumed(in.generation, past && past->recovered(), ref);
        if (past && past->is != replayed::kind::gone) {
            release(at, std::move(*past));
        } else {
            tell_from_postgres(at, **status);
        }
        watch_silence();
        co_return std::nullopt;
    }

    std::nullopt_t resumed(const generation_id& id, bool recovered, const std::string& ref) {
        const auto told = json::object().add("generation_id", id.text()).add("recovered", recovered).text();
        send(shared(server_frame("resumed", told, ref)));
        return std::nullopt;
    }

    awaitable<std::optional<problem>> act(client_typing& in, const std::string&) {
        const auto channel = events::channel_of(in.conversation);
        if (!channels_.contains(channel))
            if (auto wrong = co_await may_join(channel)) co_return std::move(*wrong);
        const auto data =
            json::object().add("conversation_id", in.conversation.text()).add("user_id", who_->id.text()).text();
        std::vector<std::string> words{"PUBLISH", channel,
            events::publish_payload(server_frame(in.started ? "typing_start" : "typing_stop", data))};
        co_await services_.redis.command(std::move(words));
        co_return std::nullopt;
    }

    awaitable<std::optional<problem>> may_join(std::string name) {
        if (name == events::channel_of(who_->id)) co_return std::nullopt;
        if ((name == "admin" || name == "crisis") && who_->role != "user") co_return std::nullopt;
        constexpr std::string_view prefix = "conversation:";
        const auto id = name.starts_with(prefix) ? conversation_id::parse(std::string_view(name).substr(prefix.size()))
                                                 : std::nullopt;
        if (!id) co_return not_found("channel");
        postgres::transaction ask;
        ask.caller = who_->id;
        ask.statements.push_back(sql::bind("conversations.owned", {{"id", *id}}));
        const auto rows = co_await services_.database.run(std::move(ask));
        if (!rows) co_return problem_of(rows.error());
        if (rows->front().empty()) co_return not_found("channel");
        co_return std::nullopt;
    }

    // A repeated message: what its generation came to so far.
    awaitable<> catch_up(generation_id id) {
        auto past = co_await read_stream(services_.redis, id, std::nullopt);
        const auto status = past && past->is != replayed::kind::gone
                                ? result<std::optional<generation_status>>(std::nullopt)
                                : co_await status_of(services_, who_->id, id);
        const auto at = followed_.find(id);
        if (at == followed_.end()) co_return;
        if (status && *status) co_return tell_from_postgres(at, **status);
        release(at, past ? std::move(*past) : replayed{});
    }

    // What Postgres knows, in place of a stream that is gone: the end, or the text as of the last heartbeat. That may
    // be older than the stream's next frame; so deltas are left out until one comes that stands alone.
    void tell_from_postgres(followed_at at, const generation_status& is) {
        if (is.end) {
            send(shared(events::frame(is.end->type, is.ids, is.at, is.end->more)));
            over(at);
            return;
        }
        if (!is.checkpoint.empty()) send(shared(snapshot_frame(is.ids, is.at, is.checkpoint)));
        release(at, replayed{});
    }

    void watch_silence() {
        if (watching_ || followed_.empty() || !out_) return;
        watching_ = true;
        timer_.expires_after(silence);
        timer_.async_wait([self = shared_from_this()](const error_code& ec) {
            self->watching_ = false;
            if (ec || !self->out_) return;
            asio::co_spawn(self->services_.executor, look_into_silence(self), asio::detached);
        });
    }

    static awaitable<> look_into_silence(std::shared_ptr<peer> self) {
        std::vector<generation_id> silent;
        for (const auto& [id, one] : self->followed_)
            if (clock::now() - one.heard_at >= silence) silent.push_back(id);
        for (const auto& id : silent) {
            const auto status = co_await status_of(self->services_, self->who_->id, id);
            const auto at = self->followed_.find(id);
            if (!self->out_ || at == self->followed_.end() || !status || !*status || !(*status)->end) continue;
            const auto& is = **status;
            const auto frame = shared(events::frame(is.end->type, is.ids, is.at, is.end->more));
            self->over(at);
            self->send(frame);
        }
        self->watch_silence();
    }

    bool within_rate() {
        const auto at = clock::now();
        allowance_ = std::min(
            frames_burst, allowance_ + frames_a_second * std::chrono::duration<double>(at - counted_at_).count());
        counted_at_ = at;
        if (allowance_ < 1) return false;
        allowance_ -= 1;
        return true;
    }

    services& services_;
    std::shared_ptr<const account> who_;
    request_trace trace_;
    websocket_sender* out_ = nullptr;
    std::set<std::string, std::less<>> channels_;
    std::map<generation_id, following> followed_;
    std::map<generation_id, overheard> overheard_;
    std::deque<generation_id> ended_;  // the last ones
    std::string own_echo_;             // of the last message sent here: its message_created is for the other devices
    asio::steady_timer timer_;
    bool watching_ = false;
    double allowance_ = frames_burst;
    clock::time_point counted_at_ = clock::now();
};

}  // namespace

std::shared_ptr<websocket_handler> make_peer(
    services& services, std::shared_ptr<const account> who, request_trace trace) {
    return std::make_shared<peer>(services, std::move(who), std::move(trace));
}

}  // namespace airi::gateway
