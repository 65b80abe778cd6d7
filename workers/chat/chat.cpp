#include "workers/chat/chat.hpp"

#include <boost/asio/this_coro.hpp>

#include "workers/chat/generation_run.hpp"
#include "workers/runtime/errors.hpp"
#include "workers/runtime/generation_end.hpp"

namespace airi::workers::chat {

namespace gen = sql::generations;

awaitable<result<effects>> answer(events::chat_screened event, record record, const ports& ports) {
    const auto rows = co_await postgres::run_grouped(ports.database, event.conversation.text(),
        gen::claim(event.generation, ports.owner, ports.options.times.lease));
    if (!rows) co_return rows.error();
    auto claim = rows->empty() ? std::nullopt : gen::read_claim(rows->text(0, 0));
    if (!claim || claim->is == gen::claimed::kind::unknown) co_return make_error_code(errc::unknown_generation);
    if (claim->is == gen::claimed::kind::leased) co_return make_error_code(errc::leased);
    if (claim->is == gen::claimed::kind::ended) {
        effects out;
        out.after = after_end(event, claim->ended, record.traceparent(), source);
        co_return out;
    }
    generation_run run(
        event, std::move(*claim), std::string(record.traceparent()), ports, co_await boost::asio::this_coro::executor);
    co_return co_await run.run();
}

worker declare(const ports& ports) {
    struct handler {
        const chat::ports& ports;
        awaitable<result<effects>> operator()(events::chat_screened event, record record) const {
            return answer(std::move(event), record, ports);
        }
    };
    worker out;
    out.name = "chat";
    out.group = "chat";
    out.topic = std::string(events::chat_screened::topic);
    out.groups_effects = true;
    out.handle = on_event<events::chat_screened>(handler{ports});
    out.give_up = [](record record) {
        const auto event = events::decode<events::chat_screened>(record.message.value);
        if (!event) return effects{};
        return ended_by(gen::abandon(event->generation, "dead_letter"), *event, std::string(record.traceparent()));
    };
    return out;
}

}  // namespace airi::workers::chat
