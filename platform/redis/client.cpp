#include <hiredis/hiredis.h>

#include <array>

#include "platform/base/log.hpp"
#include "platform/redis/connection.hpp"
#include "platform/redis/errors.hpp"
#include "platform/redis/redis.hpp"

namespace airi::redis {
namespace {

using argument_list = std::span<const std::string_view>;

struct answer {
    error_code error;
    reply value;
    bool unknown_script = false;
};

// A command that waits for its answer. Answers come in order, so the age of the oldest shows whether the server still
// answers.
struct waiting {
    waiting* next = nullptr;
    std::uint64_t since = 0;
    std::string verb;

    virtual ~waiting() = default;
    virtual void finish(answer) = 0;
};

template <class Handler>
struct suspended final : waiting {
    explicit suspended(Handler h) : resume(std::move(h)), work(boost::asio::get_associated_executor(resume)) {}

    // Never inline: the coroutine may close the client while the connection still reads.
    void finish(answer got) override {
        auto executor = work.get_executor();
        boost::asio::post(
            executor, [then = std::move(resume), got = std::move(got)]() mutable { then(std::move(got)); });
    }

    Handler resume;
    boost::asio::executor_work_guard<executor> work;
};

struct probe final : waiting {
    void finish(answer) override {}
};

reply copied(const redisReply& received) {
    reply out;
    switch (received.type) {
        case REDIS_REPLY_INTEGER:
            out.is = reply::kind::integer;
            out.number = received.integer;
            break;
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
        case REDIS_REPLY_ERROR:
            out.is = reply::kind::text;
            out.text.assign(received.str, static_cast<std::size_t>(received.len));
            break;
        case REDIS_REPLY_ARRAY:
            out.is = reply::kind::list;
            out.list.reserve(received.elements);
            for (std::size_t i = 0; i < received.elements; ++i) out.list.push_back(copied(*received.element[i]));
            break;
        default: break;
    }
    return out;
}

answer understood(const redisReply& got, std::string_view verb) {
    if (got.type != REDIS_REPLY_ERROR) return {{}, copied(got)};
    const std::string_view text(got.str, static_cast<std::size_t>(got.len));
    const auto code = text.substr(0, text.find(' '));
    if (code == "NOSCRIPT") return {errc::refused, {}, true};
    // The text of a script's error comes from Redis and the script; that of a command may quote its
    // arguments.
    log::write_repeated(log::level::warn, "redis.refused", std::string(verb) + ' ' + std::string(code),
        {{"command", verb}, {"reason", verb.starts_with("EVAL") ? text.substr(0, 300) : code}});
    return {meaning_of(text).value_or(errc::refused), {}};
}

class commands final : public connection {
public:
    using connection::connection;

    void ask(std::unique_ptr<waiting> call, argument_list command) {
        call->since = ticks();
        call->verb = command[0];
        if (!is_up() || !send(command)) return call->finish({errc::unavailable, {}});
        auto* added = call.release();
        (oldest_ ? newest_->next : oldest_) = added;
        newest_ = added;
        last_sent_ = ticks();
    }

    std::chrono::steady_clock::time_point connected_since{};

private:
    std::unique_ptr<waiting> take_oldest() {
        std::unique_ptr<waiting> call(oldest_);
        oldest_ = call->next;
        return call;
    }

    void received(const redisReply& reply) override {
        if (!oldest_) return drop("a reply to nothing");
        const auto call = take_oldest();
        call->finish(understood(reply, call->verb));
    }

    void abandoned() override {
        while (oldest_) {
            const auto call = take_oldest();
            call->finish({ticks() - call->since > answer_timeout() ? errc::timed_out : errc::unavailable, {}});
        }
    }

    void ready() override {
        last_sent_ = ticks();
        connected_since = std::chrono::steady_clock::now();
    }
    void dropped() override {}

    void tick() override {
        if (oldest_ && ticks() - oldest_->since > answer_timeout()) return drop("no answer in time");
        if (oldest_ || ticks() - last_sent_ < idle()) return;
        static constexpr std::array<std::string_view, 1> ping{"PING"};
        ask(std::make_unique<probe>(), ping);
    }

    waiting* oldest_ = nullptr;
    waiting* newest_ = nullptr;
    std::uint64_t last_sent_ = 0;
};

auto ask(std::shared_ptr<commands> target, argument_list command) {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(answer)>(
        [](auto handler, std::shared_ptr<commands> owner, argument_list arguments) {
            owner->ask(std::make_unique<suspended<decltype(handler)>>(std::move(handler)), arguments);
        },
        boost::asio::use_awaitable, std::move(target), command);
}

class asio_client final : public client {
public:
    asio_client(executor executor, const secret& url, patience patience)
        : commands_(std::make_shared<commands>(std::move(executor), url, patience)) {
        commands_->start();
    }
    ~asio_client() override { commands_->close(); }

    awaitable<result<reply>> command(std::vector<std::string> arguments) override {
        const auto alive = commands_;
        const std::vector<std::string_view> views(arguments.begin(), arguments.end());
        auto got = co_await ask(alive, views);
        if (got.error) co_return got.error;
        co_return std::move(got.value);
    }

    awaitable<result<reply>> eval(
        const script& run, std::vector<std::string> keys, std::vector<std::string> arguments) override {
        const auto alive = commands_;
        const auto count = std::to_string(keys.size());
        std::vector<std::string_view> views;
        views.reserve(3 + keys.size() + arguments.size());
        views.insert(views.end(), {"EVALSHA", run.sha(), count});
        views.insert(views.end(), keys.begin(), keys.end());
        views.insert(views.end(), arguments.begin(), arguments.end());
        auto got = co_await ask(alive, views);
        if (got.unknown_script) {
            views[0] = "EVAL";
            views[1] = run.source();
            got = co_await ask(alive, views);
        }
        if (got.error) co_return got.error;
        co_return std::move(got.value);
    }

    bool available() const override { return commands_->is_up(); }
    std::chrono::steady_clock::time_point standing_since() const override { return commands_->connected_since; }
    void close() override { commands_->close(); }

private:
    std::shared_ptr<commands> commands_;
};

}  // namespace

std::unique_ptr<client> open_client(executor executor, const secret& url, patience patience) {
    return std::make_unique<asio_client>(std::move(executor), url, patience);
}

std::unique_ptr<client> open_client(executor executor, const secret& url) {
    return open_client(std::move(executor), url, patience{});
}

}  // namespace airi::redis
