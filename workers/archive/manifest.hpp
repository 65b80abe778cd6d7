// The manifests of an archive: each names the objects of one batch of a topic, and what they hold. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/kafka/topic_reader.hpp"

namespace airi::workers::archive {

/// The records of one partition in an object.
struct extent {
    std::int64_t first = 0, last = 0;  ///< offsets
    std::int64_t records = 0;
    bool operator==(const extent&) const = default;
};
using extents = std::map<std::int32_t, extent>;
/// Adds a record behind those that are counted.
void add(extents&, const kafka::message&);

struct object_entry {
    std::string name;
    std::string sha256;     ///< hex, of the object as it is stored
    std::int64_t size = 0;  ///< of the same, in bytes
    std::int64_t text = 0;  ///< bytes of its lines
    bool sealed = false;
    instant first, last;  ///< the earliest and the latest time of its records
    archive::extents extents;
    bool operator==(const object_entry&) const = default;
    std::int64_t records() const;
};

/// A topic's manifests are numbered from 0 without a gap. Each has the digest of the one before, so that none can be
/// exchanged or left out; the one without a successor is the archive's end.
struct manifest {
    std::string topic;
    std::int64_t number = 0;
    std::string previous;            ///< digest_of() the manifest before; empty: this is the first
    kafka::positions begun, reached; /**< Where its reading began and ended. `begun` is further than `reached` of the
                                        one before where the broker had deleted records meanwhile. */
    std::vector<object_entry> objects;
    bool operator==(const manifest&) const = default;
};

/// The objects of a manifest sealed anew: it is stored beside the manifest, which never changes, and replaced as a
/// whole.
struct edition {
    std::string of;  ///< digest_of() the manifest's text
    std::vector<object_entry> objects;
    bool operator==(const edition&) const = default;
};
/// Whether it is about this manifest: the same objects, under other names and digests.
bool is_edition_of(const edition&, const manifest&, std::string_view text);

/// The number and the digest of a topic's last manifest: without it a removed one would not be missed.
struct last_manifest {
    std::int64_t number = -1;
    std::string sha256;
    bool operator==(const last_manifest&) const = default;
};

/// JSON, and its digest in a second line.
std::string text_of(const last_manifest&);
std::string text_of(const manifest&);
std::string text_of(const edition&);
/// None for a damaged text.
std::optional<manifest> read_manifest(std::string_view text);
std::optional<last_manifest> read_last(std::string_view text);
std::optional<edition> read_edition(std::string_view text);
std::string digest_of(std::string_view text);

/// The records of each partition that no manifest has between `before` and `next`: [from, to).
std::map<std::int32_t, std::pair<std::int64_t, std::int64_t>> gaps(
    const kafka::positions& before, const kafka::positions& next);

/// "<topic>/manifests/", and a name in it.
std::string manifest_folder(std::string_view topic);
std::string manifest_name(std::string_view topic, std::int64_t number);
/// "<topic>/last.json": an object that names the last manifest.
std::string last_name(std::string_view topic);
std::string edition_name(std::string_view topic, std::int64_t number);
/// "<topic>/<YYYY>/<MM>/<DD>/<HH>/<number>-<beginning of the digest>.jsonl.zst", with ".sealed" behind it if it is.
/// Another content has another name: a dead archiver's objects are never replaced by others.
std::string object_name(
    std::string_view topic, instant hour, std::int64_t number, std::string_view sha256, bool sealed);
/// The same in the folder of an hour.
std::string object_name_in(std::string_view folder, std::int64_t number, std::string_view sha256, bool sealed);

}  // namespace airi::workers::archive
