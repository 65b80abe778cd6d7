#include "workers/operations/replay.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "platform/base/error_table.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/json.hpp"
#include "workers/operations/replayed_record.hpp"

namespace airi::workers::operations {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t batch_size = 1000;
constexpr milliseconds broker_limit{30'000};

constexpr error_row<errc> error_rows[] = {
    {errc::invalid_state, "the state file is damaged or of another replay", failure::refused},
    {errc::state_not_stored, "the state file cannot be written", failure::refused},
};

struct state {
    std::string id;
    kafka::positions reached;
};

result<state> load_state(const replay_order& order) {
    state out{uuid::v7(now()).text(), {}};
    std::ifstream file(order.state_file);
    if (order.state_file.empty() || !file) return out;
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto parsed = json::document::parse(text);
    if (!parsed) return errc::invalid_state;
    const auto root = parsed->root();
    const auto id = root["id"].string();
    if (!id || root["topic"].string() != order.range.topic || root["into"].string() != order.into)
        return errc::invalid_state;
    out.id = *id;
    bool good = true;
    root["reached"].members([&](std::string_view name, json::value offset) {
        std::int32_t partition = -1;
        const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), partition);
        good = good && failed == std::errc{} && end == name.data() + name.size() && offset.integer();
        if (good) out.reached[partition] = *offset.integer();
    });
    if (!good) return errc::invalid_state;
    return out;
}

// After a death the file has the old state or the new one, never a part.
result<> store_state(const replay_order& order, const std::string& id, const kafka::positions& reached) {
    if (order.state_file.empty()) return {};
    json::object offsets;
    for (const auto& [partition, offset] : reached) offsets.add(std::to_string(partition), offset);
    const auto text = json::object()
                          .add("id", id)
                          .add("topic", order.range.topic)
                          .add("into", order.into)
                          .add_raw("reached", offsets.text())
                          .text();
    const auto fresh = order.state_file + ".new";
    std::ofstream file(fresh, std::ios::trunc);
    file << text << '\n';
    file.close();
    std::error_code failed;
    if (file) std::filesystem::rename(fresh, order.state_file, failed);
    if (!file || failed) return errc::state_not_stored;
    return {};
}

class sender {
public:
    sender(const kafka::access& brokers, double rate)
        : rate_(rate), producer_(kafka::open_producer({.brokers = brokers, .client_id = "airi-ctl"})) {}
    ~sender() { producer_->close(seconds{5}); }

    result<> send(std::vector<kafka::record> batch) {
        sent_ += batch.size();
        result<> out;
        boost::asio::co_spawn(
            io_, producer_->publish(std::move(batch)), [&](const std::exception_ptr& thrown, result<> done) {
                if (thrown) std::rethrow_exception(thrown);
                out = done;
            });
        io_.restart();
        io_.run();
        if (rate_ > 0) std::this_thread::sleep_until(begun_ + std::chrono::duration<double>(double(sent_) / rate_));
        return out;
    }

private:
    const double rate_;
    boost::asio::io_context io_;
    std::unique_ptr<kafka::producer> producer_;
    const clock::time_point begun_ = clock::now();
    std::size_t sent_ = 0;
};

void count(replay_summary& into, const kafka::message& record) {
    ++into.matched;
    ++into.by_type[std::string(record.header_value("ce_type"))];
    ++into.by_hour[to_text(record.appended).substr(0, 13) + ":00Z"];
}

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.operations", error_rows);
    return table.code(e);
}

result<replay_summary> replay(const kafka::access& brokers, const replay_order& order,
    const std::function<void(const replay_summary&, std::int64_t left)>& progress) {
    const auto earlier = load_state(order);
    if (!earlier) return earlier.error();
    auto reader = kafka::topic_reader::open(brokers, order.range, earlier->reached, broker_limit);
    if (!reader) return reader.error();
    replay_summary out;
    out.id = earlier->id;
    // A batch of a slow replay lasts a second at most.
    const auto most =
        order.rate > 0 ? std::clamp<std::size_t>(static_cast<std::size_t>(order.rate), 1, batch_size) : batch_size;
    std::optional<sender> sender;
    if (!order.dry_run) sender.emplace(brokers, order.rate);
    std::vector<kafka::record> batch;
    const auto flush = [&]() -> result<> {
        if (!sender) return {};
        const auto count = static_cast<std::int64_t>(batch.size());
        if (count > 0)
            if (const auto done = sender->send(std::exchange(batch, {})); !done) return done;
        out.sent += count;
        return store_state(order, out.id, (*reader)->reached());
    };
    for (;;) {
        auto next = (*reader)->next();
        if (!next) return next.error();
        if (!*next) break;
        const auto& record = **next;
        ++out.read;
        if (out.read % 1000 == 0) progress(out, (*reader)->left());
        if (!order.filter.matches(record)) continue;
        count(out, record);
        if (replays_of(record) >= most_replays) {
            ++out.left_out;
            continue;
        }
        if (order.dry_run) continue;
        batch.push_back(replayed(record, order.into.empty() ? origin_of(record) : order.into, out.id));
        if (batch.size() < most) continue;
        if (const auto done = flush(); !done) return done.error();
    }
    if (const auto done = flush(); !done) return done.error();
    progress(out, 0);
    return out;
}

}  // namespace airi::workers::operations
