#include "workers/archive/archive_reader.hpp"

#include <algorithm>

#include "platform/base/log.hpp"
#include "workers/archive/record_line.hpp"

namespace airi::workers::archive {
namespace {

class archive_reader final : public kafka::topic_reader {
public:
    archive_reader(files& from, kafka::topic_range range, kafka::positions begun)
        : from_(from), range_(std::move(range)), next_(std::move(begun)) {}

    result<> begin() {
        auto last = from_.last_manifest(range_.topic);
        if (!last) return last.error();
        if (!*last) return kafka::errc::unknown_topic;
        last_number_ = (*last)->manifest.number;
        const auto stated = from_.stated_last(range_.topic);
        if (!stated) return stated.error();
        if (*stated && (*stated)->number > last_number_) {
            const auto name = manifest_name(range_.topic, (*stated)->number);
            log::error("archive.damaged", {{"object", name}, {"how", "missing: it was the last one"}});
            return errc::damaged;
        }
        ends_ = std::move((*last)->manifest.reached);
        for (const auto& [partition, end] : ends_) next_.try_emplace(partition, 0);
        return {};
    }

    result<std::optional<kafka::message>> next() override {
        for (;;) {
            while (line_ < lines_.size()) {
                auto record = take_line();
                if (!record) return record.error();
                if (*record) return std::move(*record);
            }
            const auto more = load_object();
            if (!more) return more.error();
            if (ended_) return std::optional<kafka::message>{};
        }
    }

    // The range's times may leave some of them out.
    std::int64_t left() const override {
        std::int64_t out = 0;
        if (number_ > last_number_) return out;
        for (const auto& [partition, end] : ends_) out += std::max<std::int64_t>(end - next_.at(partition), 0);
        return out;
    }
    const kafka::positions& reached() const override { return next_; }
    bool is_short() const override { return false; }

private:
    // Nothing: it is outside the range, or was read before.
    result<std::optional<kafka::message>> take_line() {
        const auto end = std::min(lines_.find('\n', line_), lines_.size());
        auto record = read_line(range_.topic, std::string_view(lines_).substr(line_, end - line_));
        line_ = end + 1;
        if (!record || !next_.contains(record->partition)) {
            log::error("archive.damaged", {{"object", object_name_}, {"how", "a line is no record"}});
            return errc::damaged;
        }
        auto& at = next_.at(record->partition);
        if (record->offset < at) return std::optional<kafka::message>{};
        at = record->offset + 1;
        if ((range_.from && record->appended < *range_.from) || (range_.to && record->appended >= *range_.to))
            return std::optional<kafka::message>{};
        return std::move(record);
    }

    bool is_wanted(const object_entry& one) const {
        if ((range_.from && one.last < *range_.from) || (range_.to && one.first >= *range_.to)) return false;
        return std::ranges::any_of(one.extents, [&](const auto& of) {
            const auto at = next_.find(of.first);
            return at == next_.end() || of.second.last >= at->second;
        });
    }

    // Or sets ended_.
    result<> load_object() {
        for (;;) {
            for (; object_ < manifest_.objects.size(); ++object_) {
                const auto& one = manifest_.objects[object_];
                if (!is_wanted(one)) continue;
                auto stored = from_.get_object(one);
                if (!stored) return stored.error();
                auto opened = from_.open_object(range_.topic, one, std::move(*stored));
                if (!opened) return opened.error();
                lines_ = std::move(*opened);
                line_ = 0;
                object_name_ = one.name;
                ++object_;
                return {};
            }
            ended_ = number_ > last_number_;
            if (ended_) return {};
            auto loaded = from_.manifest_of(range_.topic, number_);
            if (!loaded) return loaded.error();
            if (!*loaded) {
                log::error("archive.damaged", {{"object", manifest_name(range_.topic, number_)}, {"how", "missing"}});
                return errc::damaged;
            }
            ++number_;
            manifest_ = std::move((*loaded)->manifest);
            object_ = 0;
        }
    }

    files& from_;
    const kafka::topic_range range_;
    kafka::positions next_, ends_;
    std::int64_t number_ = 0, last_number_ = -1;  // of the next manifest, and of the last one
    bool ended_ = false;
    manifest manifest_;
    std::size_t object_ = 0;  // the next one in it
    std::string object_name_, lines_;
    std::size_t line_ = 0;  // where the next one begins
};

}  // namespace

result<std::unique_ptr<kafka::topic_reader>> open_reader(
    files& from, const kafka::topic_range& range, const kafka::positions& begun) {
    auto out = std::make_unique<archive_reader>(from, range, begun);
    if (const auto ready = out->begin(); !ready) return ready.error();
    return std::unique_ptr<kafka::topic_reader>(std::move(out));
}

}  // namespace airi::workers::archive
