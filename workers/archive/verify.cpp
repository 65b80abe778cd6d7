#include "workers/archive/verify.hpp"

#include <algorithm>

#include "workers/archive/record_line.hpp"

namespace airi::workers::archive {
namespace {

using fault_sink = std::function<void(const std::string& name, const std::string& what)>;

void count(contents& into, const object_entry& one) {
    if (into.records == 0) into.first = one.first, into.last = one.last;
    into.first = std::min(into.first, one.first);
    into.last = std::max(into.last, one.last);
    ++into.objects;
    into.records += one.records();
    into.bytes += one.size;
}

class topic_check {
public:
    topic_check(files& from, const std::string& topic, const fault_sink& fault)
        : from_(from), topic_(topic), fault_(fault) {}

    // `objects`: reads them too.
    result<contents> run(bool objects) {
        const auto count = from_.next_number(topic_);
        if (!count) return count.error();
        for (std::int64_t number = 0; number < *count; ++number) {
            const auto stored = from_.manifest_of(topic_, number);
            if (!stored && stored.error() != errc::damaged) return stored.error();
            known_ = known_ && stored && *stored;
            if (!stored || !*stored)
                add_fault(manifest_name(topic_, number), stored ? "missing" : "damaged");
            else if (const auto done = check(**stored, objects); !done)
                return done.error();
        }
        if (const auto done = check_end(*count); !done) return done.error();
        if (!objects) return out_;
        std::int64_t all = 0;
        const auto counted = from_.each_object(topic_, [&](const storage::object&) -> result<> {
            ++all;
            return {};
        });
        if (!counted) return counted.error();
        out_.unnamed = all - present_;
        return out_;
    }

private:
    void add_fault(const std::string& name, const std::string& what) {
        ++out_.faults;
        fault_(name, what);
    }

    // A manifest that was removed behind all others breaks no chain. The statement may be one manifest behind: its
    // archiver died between the two.
    result<> check_end(std::int64_t count) {
        const auto stated = from_.stated_last(topic_);
        if (!stated && stated.error() != errc::damaged) return stated.error();
        if (!stated)
            add_fault(last_name(topic_), "damaged");
        else if (*stated && (*stated)->number >= count)
            add_fault(manifest_name(topic_, (*stated)->number), "missing: it was the last one");
        else if (*stated && (*stated)->number == count - 1 && known_ && (*stated)->sha256 != digest_)
            add_fault(manifest_name(topic_, (*stated)->number), "another one than was stored last");
        return {};
    }

    result<> check(const files::stored_manifest& stored, bool objects) {
        const auto& one = stored.manifest;
        const auto name = manifest_name(topic_, one.number);
        if (known_) {
            if (one.previous != digest_) add_fault(name, "does not follow the manifest before it");
            for (const auto& [partition, gap] : gaps(reached_, one.begun)) out_.lost += gap.second - gap.first;
            if (!gaps(one.begun, reached_).empty()) add_fault(name, "begins before the end of the one before it");
        }
        known_ = true;
        digest_ = digest_of(stored.text);
        reached_ = one.reached;
        ++out_.manifests;
        kafka::positions next = one.begun;
        for (const auto& entry : one.objects) {
            count(out_, entry);
            if (!objects) continue;
            if (const auto done = check(entry, next); !done) return done.error();
        }
        return {};
    }

    // `next`: the lowest offset of each partition that may follow.
    result<> check(const object_entry& entry, kafka::positions& next) {
        auto stored = from_.get_object(entry);
        if (!stored) {
            if (stored.error() != errc::damaged) return stored.error();
            add_fault(entry.name, "missing or damaged");
            return {};
        }
        ++present_;
        if (!from_.can_open(entry)) {
            ++out_.unopened;
            return {};
        }
        const auto lines = from_.open_object(topic_, entry, std::move(*stored));
        if (!lines) {
            add_fault(entry.name, lines.error().message());
            return {};
        }
        extents found;
        std::int64_t wrong = 0;
        for (std::size_t at = 0; at < lines->size();) {
            const auto end = std::min(lines->find('\n', at), lines->size());
            const auto record = read_line(topic_, std::string_view(*lines).substr(at, end - at));
            at = end + 1;
            auto* place = record && next.contains(record->partition) ? &next.at(record->partition) : nullptr;
            if (!place || record->offset < *place) {
                ++wrong;
                continue;
            }
            *place = record->offset + 1;
            add(found, *record);
        }
        if (wrong > 0 || found != entry.extents) add_fault(entry.name, "other records than the manifest counts");
        return {};
    }

    files& from_;
    const std::string topic_;
    const fault_sink& fault_;
    contents out_;
    bool known_ = true;  // the end of the manifest before
    std::string digest_;
    kafka::positions reached_;
    std::int64_t present_ = 0;
};

}  // namespace

result<contents> list_topic(files& from, const std::string& topic) {
    return topic_check(from, topic, [](const std::string&, const std::string&) {}).run(false);
}

result<contents> verify_topic(files& from, const std::string& topic, const fault_sink& fault) {
    return topic_check(from, topic, fault).run(true);
}

}  // namespace airi::workers::archive
