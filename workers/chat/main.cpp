#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>

#include "platform/base/json.hpp"
#include "sql/statements.hpp"
#include "workers/chat/chat.hpp"
#include "workers/providers/providers.hpp"
#include "workers/runtime/worker_process.hpp"

namespace {

using namespace airi;
using namespace airi::workers;

struct chat_settings : worker_settings, providers::provider_settings {
    seconds lease{12};
    milliseconds heartbeat{3'000};
    milliseconds first_token{15'000};
    milliseconds gap{20'000};
    seconds total{300};

    static constexpr auto settings = std::tuple_cat(worker_settings::settings, provider_settings::settings,
        std::tuple{
            setting{"CHAT_LEASE", &chat_settings::lease, "How long a dead worker's replies wait for another one.",
                {.min = 2, .max = 600}},
            setting{"CHAT_HEARTBEAT", &chat_settings::heartbeat, "How often a reply's lease is extended.",
                {.min = 100, .max = 60'000}},
            setting{"CHAT_FIRST_TOKEN_LIMIT", &chat_settings::first_token,
                "How long a provider may take for its first token."},
            setting{"CHAT_GAP_LIMIT", &chat_settings::gap, "How long it may be silent after that."},
            setting{"CHAT_TOTAL_LIMIT", &chat_settings::total, "How long a reply may take altogether."},
        });
};

std::string_view name_of(providers::health::state is) {
    if (is == providers::health::state::closed) return "closed";
    return is == providers::health::state::open ? "open" : "half_open";
}

awaitable<result<>> save_health(postgres::database& to, const providers::health_table& table, std::string slot) {
    std::string rows;
    table.each([&](std::string_view provider, const providers::health& is) {
        rows += (rows.empty() ? "" : ",") + json::object()
                                                .add("provider", provider)
                                                .add("state", name_of(is.current(std::chrono::steady_clock::now())))
                                                .add("success_rate", is.success_rate())
                                                .add("latency_ms", is.latency().count())
                                                .add("failures", 0)
                                                .text();
    });
    if (rows.empty()) co_return result<>{};
    postgres::transaction save;
    save.statements.push_back(sql::bind("provider_health.save", {{"instance", slot}, {"health", "[" + rows + "]"}}));
    const auto done = co_await to.run(std::move(save));
    if (!done) co_return done.error();
    co_return result<>{};
}

// A wish that comes while Redis is away is in Postgres, where the heartbeat finds it.
awaitable<result<>> hear_cancellations(redis::subscriber& from) {
    co_await from.subscribe(std::string(events::cancel_channel));
    co_return result<>{};
}

awaitable<result<>> load_reply_life(postgres::database& from, seconds& into) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("catalogue.setting", {{"key", "reply_cache_seconds"}}));
    const auto rows = co_await from.run(std::move(ask));
    if (!rows) co_return rows.error();
    std::int64_t given = 300;
    if (!rows->front().empty())
        if (const auto text = rows->front().text(0, 0);
            std::from_chars(text.data(), text.data() + text.size(), given).ec != std::errc{})
            given = 0;
    into = seconds{std::clamp<std::int64_t>(given, 0, 86'400)};
    co_return result<>{};
}

awaitable<> release_all(chat::live_generations& live) {
    live.drain();
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, milliseconds{100});
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

}  // namespace

int main(int count, char** arguments) {
    chat_settings settings;
    if (const auto code = load_or_exit_code(count, arguments, settings)) return *code;
    worker_process whole("chat", settings);
    const auto http = http::open_client(whole.on());
    const auto models = providers::from_settings(settings, *http, whole.on());
    providers::health_table health;
    providers::model_list prices = std::make_shared<const std::vector<providers::priced_model>>();
    chat::live_generations live;
    chat::chat_options options;
    options.lease = settings.lease;
    options.heartbeat = settings.heartbeat;
    options.limits = {settings.first_token, settings.gap, settings.total};
    seconds reply_life{0};
    const auto kept = chat::open_reply_cache(whole.redis(), reply_life);
    const chat::ports use{
        whole.database(), whole.frames(), models, health, prices, live, whole.owner(), options, kept.get()};

    const auto cancels = redis::open_subscriber(whole.on(), settings.redis_url);
    cancels->arrived = [&](std::string_view, std::string_view payload) {
        if (const auto id = generation_id::parse(payload)) live.cancel(*id);
    };
    whole.reload_every(
        [&]() -> awaitable<result<>> { return providers::load_models(whole.database(), prices); }, seconds{30});
    whole.reload_every(
        [&]() -> awaitable<result<>> { return load_reply_life(whole.database(), reply_life); }, seconds{10});
    whole.reload_every(
        [&]() -> awaitable<result<>> { return save_health(whole.database(), health, settings.instance); }, seconds{15});
    whole.reload_every([&]() -> awaitable<result<>> { return hear_cancellations(*cancels); }, seconds{60});
    whole.on_drain_timeout([&] { return release_all(live); });
    const auto code = whole.run(chat::declare(use));
    cancels->close();
    return code;
}
