#include "workers/operations/archive_commands.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "events/topics.hpp"
#include "workers/archive/archive_reader.hpp"
#include "workers/archive/archiver.hpp"
#include "workers/archive/reseal.hpp"
#include "workers/archive/verify.hpp"

namespace airi::workers::operations {
namespace {

constexpr const char* no_archive = "ARCHIVE_URL is not set";

void print_error(const std::string& topic, const error_code& why) {
    fmt::print(stderr, "airi-ctl: {}: {}\n", topic, why.message());
}

// Of a topic without anything, nothing is printed.
void print_contents(const std::string& topic, const archive::contents& found) {
    if (found.manifests == 0 && found.faults == 0) return;
    fmt::print("{:<32} {:>9} {:>8} {:>12} {:>14}  {:<19}  {:<19}\n", topic, found.manifests, found.objects,
        found.records, found.bytes, to_text(found.first).substr(0, 19), to_text(found.last).substr(0, 19));
    for (const auto& [count, what] :
        {std::pair{found.lost, "records were deleted by the broker before they were archived"},
            {found.unopened, "sealed objects: their digests are right; without ENCRYPTION_KEY they are not opened"},
            {found.unnamed, "objects are of an archiver that died: no manifest names them"}})
        if (count > 0) fmt::print("    {} {}\n", count, what);
}

// Archives what each topic holds; 1 if one could not be archived.
int archive_topics(const ctl_settings& settings, archive::files& files, const std::vector<std::string>& topics) {
    int status = 0;
    archive::archived all;
    for (const auto& topic : topics) {
        const auto done = archive::archive_topic(settings, files, topic, [] { return false; });
        if (!done) {
            print_error(topic, done.error());
            status = 1;
            if (done.error() == failure::outage) break;
            continue;
        }
        if (done->records > 0 || done->lost > 0)
            fmt::print("{:<32} {} records, {} objects, {} bytes{}\n", topic, done->records, done->objects, done->bytes,
                done->lost > 0 ? fmt::format("; {} were deleted before", done->lost) : "");
        all += *done;
    }
    fmt::print("{} records archived\n", all.records);
    return status;
}

int reseal_topics(archive::files& files, const std::vector<std::string>& topics) {
    int status = 0;
    std::int64_t objects = 0, faults = 0;
    for (const auto& topic : topics) {
        const auto done = archive::reseal_topic(
            files, topic, [](const auto& name, const auto& what) { fmt::print("{}: {}\n", name, what); });
        if (!done) {
            print_error(topic, done.error());
            status = 1;
            if (done.error() == failure::outage) break;
            continue;
        }
        if (done->objects > 0 || done->current > 0)
            fmt::print(
                "{:<32} {} objects sealed anew, {} were under the current key\n", topic, done->objects, done->current);
        if (done->removed > 0)
            fmt::print("    {} objects of an older key, which no manifest named, were removed\n", done->removed);
        objects += done->objects;
        faults += done->faults;
    }
    fmt::print("{} objects sealed anew, {} faults\n", objects, faults);
    return faults > 0 ? 1 : status;
}

int show_topics(archive_command what, archive::files& files, const std::vector<std::string>& topics) {
    int status = 0;
    std::int64_t records = 0, faults = 0;
    fmt::print("{:<32} {:>9} {:>8} {:>12} {:>14}  {:<19}  {:<19}\n", "topic", "manifests", "objects", "records",
        "bytes", "first", "last");
    for (const auto& topic : topics) {
        const auto print_fault = [](const std::string& name, const std::string& fault) {
            fmt::print("{}: {}\n", name, fault);
        };
        const auto found = what == archive_command::list ? archive::list_topic(files, topic)
                                                         : archive::verify_topic(files, topic, print_fault);
        if (!found) {
            print_error(topic, found.error());
            status = 1;
            if (found.error() == failure::outage) break;
            continue;
        }
        print_contents(topic, *found);
        records += found->records;
        faults += found->faults;
    }
    if (what == archive_command::verify) fmt::print("{} records, {} faults\n", records, faults);
    return faults > 0 ? 1 : status;
}

}  // namespace

std::vector<std::string> ctl_settings::mistakes() const {
    auto out = kafka::access::mistakes();
    for (auto& one : archive_settings::mistakes()) out.push_back(std::move(one));
    return out;
}

int run_archive_command(archive_command what, const ctl_settings& settings, const std::optional<std::string>& topic) {
    if (settings.url.empty()) {
        fmt::print(stderr, "airi-ctl: {}\n", no_archive);
        return 2;
    }
    archive::files files(settings);
    const auto topics = topic ? std::vector{*topic} : events::topics();
    if (what == archive_command::run) return archive_topics(settings, files, topics);
    if (what == archive_command::reseal) {
        if (!settings.encryption_key.empty()) return reseal_topics(files, topics);
        fmt::print(stderr, "airi-ctl: ENCRYPTION_KEY is not set\n");
        return 2;
    }
    return show_topics(what, files, topics);
}

result<std::string> complete_archive(const ctl_settings& settings, const std::string& topic) {
    archive::files files(settings);
    const auto done = archive::archive_topic(settings, files, topic, [] { return false; });
    if (!done) return done.error();
    const auto found = archive::list_topic(files, topic);
    if (!found) return found.error();
    if (found->faults > 0) return fmt::format("the archive of {} is damaged: archive verify", topic);
    if (found->lost == 0) return std::string{};
    return fmt::format("the broker deleted {} records of {} before they were archived", found->lost, topic);
}

std::string read_from_archive(replay_order& order, const ctl_settings& settings) {
    if (settings.url.empty()) return no_archive;
    order.open = [files = std::make_shared<archive::files>(settings)](const kafka::topic_range& range,
                     const kafka::positions& begun) { return archive::open_reader(*files, range, begun); };
    return {};
}

}  // namespace airi::workers::operations
