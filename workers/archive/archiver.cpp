#include "workers/archive/archiver.hpp"

#include <algorithm>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <vector>

#include "platform/base/log.hpp"
#include "platform/kafka/topic_reader.hpp"
#include "workers/archive/parallel_compressor.hpp"
#include "workers/archive/record_line.hpp"

namespace airi::workers::archive {
namespace {

using hour = std::chrono::sys_time<std::chrono::hours>;

// Beside the thread that reads, those of the broker's client and the broker itself.
constexpr std::size_t compressing_threads = 2;

// The records of one manifest: an object for each hour, compressed as they come.
class batch {
public:
    explicit batch(boost::asio::thread_pool& threads) : threads_(threads) {}

    // A partition's times may go back a little when its leader changes. Its later records stay in later objects.
    void add(const kafka::message& record) {
        const auto own = std::chrono::floor<std::chrono::hours>(record.appended);
        auto& latest = latest_.try_emplace(record.partition, own).first->second;
        latest = std::max(latest, own);
        auto& to = hours_.try_emplace(latest, threads_).first->second;
        const auto line = line_of(record);
        to.lines.add(line);
        auto& entry = to.entry;
        if (entry.text == 0) entry.first = entry.last = record.appended;
        entry.first = std::min(entry.first, record.appended);
        entry.last = std::max(entry.last, record.appended);
        entry.text += static_cast<std::int64_t>(line.size());
        archive::add(entry.extents, record);
        text_ += static_cast<std::int64_t>(line.size());
    }
    bool is_full(const limits& most) const { return text_ >= most.text || hours_.size() > most.hours; }
    bool empty() const { return hours_.empty(); }

    // Adds the entries in the order of their hours. The batch is empty then.
    result<> store(files& into, manifest& next) {
        for (auto& [at, object] : hours_) {
            auto stored = into.put_object(next.topic, at, next.number, object.lines.end(), object.entry);
            if (!stored) return stored;
            next.objects.push_back(std::move(object.entry));
        }
        hours_.clear();
        latest_.clear();
        text_ = 0;
        return {};
    }

private:
    struct hour_object {
        explicit hour_object(boost::asio::thread_pool& threads) : lines(threads) {}

        parallel_compressor lines;
        object_entry entry;
    };
    boost::asio::thread_pool& threads_;
    std::map<hour, hour_object> hours_;
    std::map<std::int32_t, hour> latest_;
    std::int64_t text_ = 0;
};

class chain {
public:
    chain(files& into, std::string topic) : into_(into) { next_.topic = std::move(topic); }

    result<> load() {
        const auto last = into_.last_manifest(next_.topic);
        if (!last) return last.error();
        if (*last) follow((*last)->text, (*last)->manifest);
        return {};
    }
    // The positions from which the reading goes on; the records before them are lost.
    std::int64_t begin(const kafka::positions& at) {
        std::int64_t lost = 0;
        for (const auto& [partition, gap] : gaps(next_.begun, at)) {
            lost += gap.second - gap.first;
            log::error("archive.records_lost",
                {{"topic", next_.topic}, {"partition", partition}, {"from", gap.first}, {"to", gap.second}});
        }
        for (const auto& [partition, offset] : at) next_.begun[partition] = offset;
        return lost;
    }
    const kafka::positions& reached() const { return next_.begun; }

    result<archived> append(batch& records, const kafka::positions& reached) {
        next_.reached = reached;
        if (const auto stored = records.store(into_, next_); !stored) return stored.error();
        if (const auto stored = into_.put_manifest(next_); !stored) return stored.error();
        archived out;
        out.objects = static_cast<std::int64_t>(next_.objects.size());
        for (const auto& one : next_.objects) {
            out.records += one.records();
            out.bytes += one.size;
        }
        const auto done = std::move(next_);
        follow(text_of(done), done);
        return out;
    }

private:
    void follow(const std::string& text, const manifest& last) {
        next_ = {last.topic, last.number + 1, digest_of(text), last.reached, {}, {}};
    }

    files& into_;
    manifest next_;
};

}  // namespace

archived& archived::operator+=(const archived& more) {
    records += more.records;
    objects += more.objects;
    bytes += more.bytes;
    lost += more.lost;
    return *this;
}

result<archived> archive_topic(const kafka::access& brokers, files& into, const std::string& topic,
    const std::function<bool()>& stopped, const limits& limits) {
    chain manifests(into, topic);
    if (const auto loaded = manifests.load(); !loaded) return loaded.error();
    auto reader = kafka::topic_reader::open(
        brokers, {.topic = topic, .from = {}, .to = {}, .skips_gone = true}, manifests.reached(), limits.broker);
    if (!reader) return reader.error();
    if ((*reader)->is_short()) return errc::other_topic;
    archived out;
    out.lost = manifests.begin((*reader)->reached());
    boost::asio::thread_pool threads(compressing_threads);
    batch records(threads);
    for (;;) {
        auto next = (*reader)->next();
        if (!next) return next.error();
        const bool ends = !*next || stopped();
        if (*next) records.add(**next);
        if (!records.empty() && (ends || records.is_full(limits))) {
            const auto done = manifests.append(records, (*reader)->reached());
            if (!done) return done.error();
            out += *done;
        }
        if (ends) return out;
    }
}

}  // namespace airi::workers::archive
