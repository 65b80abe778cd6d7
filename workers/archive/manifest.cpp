#include "workers/archive/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "platform/base/json.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::workers::archive {
namespace {

std::optional<std::int32_t> read_partition(std::string_view text) {
    std::int32_t out = -1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (failed != std::errc{} || end != text.data() + text.size() || out < 0) return std::nullopt;
    return out;
}

std::string positions_text(const kafka::positions& all) {
    json::object out;
    for (const auto& [partition, offset] : all) out.add(std::to_string(partition), offset);
    return out.text();
}

std::string entry_text(const object_entry& one) {
    json::object extents;
    for (const auto& [partition, of] : one.extents)
        extents.add_raw(std::to_string(partition), json::array().add(of.first).add(of.last).add(of.records).text());
    return json::object()
        .add("name", one.name)
        .add("sha256", one.sha256)
        .add("size", one.size)
        .add("text", one.text)
        .add("sealed", one.sealed)
        .add("first", to_text(one.first))
        .add("last", to_text(one.last))
        .add("records", one.records())
        .add_raw("partitions", extents.text())
        .text();
}

std::string objects_text(const std::vector<object_entry>& all) {
    json::array out;
    for (const auto& entry : all) out.add_raw(entry_text(entry));
    return out.text();
}

std::string with_digest(const std::string& body) { return body + '\n' + digest::sha256_hex(body) + '\n'; }

std::optional<json::document> read_with_digest(std::string_view text) {
    const auto end = text.find('\n');
    if (end == text.npos) return std::nullopt;
    const auto body = text.substr(0, end);
    if (text.substr(end + 1) != digest::sha256_hex(body) + '\n') return std::nullopt;
    auto parsed = json::document::parse(body);
    if (!parsed) return std::nullopt;
    return std::move(*parsed);
}

// Reads members, and remembers whether one was missing or wrong.
class member_reader {
public:
    std::string text(json::value from) { return std::string(checked(from.string()).value_or("")); }
    std::int64_t number(json::value from) { return checked(from.integer()).value_or(0); }
    bool boolean(json::value from) { return checked(from.boolean()).value_or(false); }
    instant time(json::value from) { return checked(parse_instant(text(from))).value_or(instant{}); }
    kafka::positions positions(json::value from) {
        kafka::positions out;
        good = good && from.exists();
        from.members([&](std::string_view name, json::value offset) {
            if (const auto partition = checked(read_partition(name))) out[*partition] = number(offset);
        });
        return out;
    }
    object_entry entry(json::value from) {
        object_entry out{text(from["name"]), text(from["sha256"]), number(from["size"]), number(from["text"]),
            boolean(from["sealed"]), time(from["first"]), time(from["last"]), {}};
        from["partitions"].members([&](std::string_view name, json::value of) {
            std::vector<std::int64_t> three;
            of.each([&](json::value one) { three.push_back(number(one)); });
            const auto partition = checked(read_partition(name));
            good = good && three.size() == 3;
            if (good) out.extents[*partition] = {three[0], three[1], three[2]};
        });
        good = good && number(from["records"]) == out.records();
        return out;
    }

    bool good = true;

private:
    template <class T>
    std::optional<T> checked(std::optional<T> found) {
        good = good && found.has_value();
        return found;
    }
};

}  // namespace

void add(extents& to, const kafka::message& record) {
    auto& of = to.try_emplace(record.partition, extent{record.offset, record.offset, 0}).first->second;
    of.last = record.offset;
    ++of.records;
}

std::int64_t object_entry::records() const {
    std::int64_t out = 0;
    for (const auto& [partition, of] : extents) out += of.records;
    return out;
}

bool is_edition_of(const edition& edition, const manifest& one, std::string_view text) {
    const auto same = [](const object_entry& anew, object_entry old) {
        old.name = anew.name, old.sha256 = anew.sha256, old.size = anew.size;
        return anew == old;
    };
    return edition.of == digest_of(text) && std::ranges::equal(edition.objects, one.objects, same);
}

std::string text_of(const manifest& one) {
    const auto text = json::object()
                          .add("topic", one.topic)
                          .add("number", one.number)
                          .add("previous", one.previous)
                          .add_raw("begun", positions_text(one.begun))
                          .add_raw("reached", positions_text(one.reached))
                          .add_raw("objects", objects_text(one.objects))
                          .text();
    return with_digest(text);
}

std::string text_of(const last_manifest& one) {
    return with_digest(json::object().add("number", one.number).add("sha256", one.sha256).text());
}

std::optional<last_manifest> read_last(std::string_view text) {
    const auto parsed = read_with_digest(text);
    if (!parsed) return std::nullopt;
    member_reader read;
    last_manifest out{read.number(parsed->root()["number"]), read.text(parsed->root()["sha256"])};
    if (!read.good) return std::nullopt;
    return out;
}

std::string text_of(const edition& one) {
    return with_digest(json::object().add("of", one.of).add_raw("objects", objects_text(one.objects)).text());
}

std::optional<edition> read_edition(std::string_view text) {
    const auto parsed = read_with_digest(text);
    if (!parsed) return std::nullopt;
    const auto root = parsed->root();
    member_reader read;
    edition out;
    out.of = read.text(root["of"]);
    root["objects"].each([&](json::value one) { out.objects.push_back(read.entry(one)); });
    if (!read.good) return std::nullopt;
    return out;
}

std::optional<manifest> read_manifest(std::string_view text) {
    const auto parsed = read_with_digest(text);
    if (!parsed) return std::nullopt;
    const auto root = parsed->root();
    member_reader read;
    manifest out;
    out.topic = read.text(root["topic"]);
    out.number = read.number(root["number"]);
    out.previous = read.text(root["previous"]);
    out.begun = read.positions(root["begun"]);
    out.reached = read.positions(root["reached"]);
    root["objects"].each([&](json::value one) { out.objects.push_back(read.entry(one)); });
    if (!read.good) return std::nullopt;
    return out;
}

std::string digest_of(std::string_view text) { return digest::sha256_hex(text); }

std::map<std::int32_t, std::pair<std::int64_t, std::int64_t>> gaps(
    const kafka::positions& before, const kafka::positions& next) {
    std::map<std::int32_t, std::pair<std::int64_t, std::int64_t>> out;
    for (const auto& [partition, offset] : next) {
        const auto known = before.find(partition);
        const auto from = known == before.end() ? 0 : known->second;
        if (offset > from) out[partition] = {from, offset};
    }
    return out;
}

std::string manifest_folder(std::string_view topic) { return fmt::format("{}/manifests/", topic); }

std::string manifest_name(std::string_view topic, std::int64_t number) {
    return fmt::format("{}{:012}.json", manifest_folder(topic), number);
}

std::string last_name(std::string_view topic) { return fmt::format("{}/last.json", topic); }

std::string edition_name(std::string_view topic, std::int64_t number) {
    return fmt::format("{}{:012}.resealed.json", manifest_folder(topic), number);
}

std::string object_name(
    std::string_view topic, instant hour, std::int64_t number, std::string_view sha256, bool sealed) {
    auto folder = to_text(hour).substr(0, 13);
    std::ranges::replace_if(folder, [](char c) { return c == '-' || c == 'T'; }, '/');
    return object_name_in(fmt::format("{}/{}", topic, folder), number, sha256, sealed);
}

std::string object_name_in(std::string_view folder, std::int64_t number, std::string_view sha256, bool sealed) {
    return fmt::format("{}/{:012}-{}.jsonl.zst{}", folder, number, sha256.substr(0, 16), sealed ? ".sealed" : "");
}

}  // namespace airi::workers::archive
