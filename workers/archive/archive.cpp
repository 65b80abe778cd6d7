#include "workers/archive/archive.hpp"

#include <algorithm>
#include <charconv>

#include "platform/base/blocking.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/storage/place.hpp"
#include "workers/archive/compression.hpp"
#include "workers/archive/topic_rules.hpp"

namespace airi::workers::archive {
namespace {

constexpr std::size_t most_of_manifest = 16 * 1024 * 1024;

error_code damaged(const std::string& name, std::string_view how) {
    log::error("archive.damaged", {{"object", name}, {"how", how}});
    return errc::damaged;
}

// The place that a sealed object is bound to: in another topic's it does not open.
std::string place_of(const std::string& topic) { return "archive/" + topic; }

std::optional<seal::keyring> keys_of(const archive_settings& settings) {
    if (settings.encryption_key.empty()) return std::nullopt;
    return seal::keyring(settings.encryption_key, settings.encryption_key_previous, "archive");
}

// None for another object in the folder of the manifests.
std::optional<std::int64_t> number_of(const std::string& topic, const std::string& name) {
    const auto folder = manifest_folder(topic);
    std::int64_t out = -1;
    std::from_chars(name.data() + folder.size(), name.data() + name.size(), out);
    if (out < 0 || name != manifest_name(topic, out)) return std::nullopt;
    return out;
}

}  // namespace

files::files(const archive_settings& settings)
    : io_(std::make_unique<boost::asio::io_context>(1)),
      store_(storage::open_place(io_->get_executor(), settings.url, settings.access())),
      keys_(keys_of(settings)) {}

files::files(std::unique_ptr<boost::asio::io_context> io, std::unique_ptr<storage::store> store,
    std::optional<seal::keyring> keys)
    : io_(std::move(io)), store_(std::move(store)), keys_(std::move(keys)) {}

result<std::optional<files::stored_manifest>> files::manifest_of(const std::string& topic, std::int64_t number) {
    const auto name = manifest_name(topic, number);
    auto text = wait_for(*io_, store_->get(name, most_of_manifest));
    if (!text && text.error() == storage::errc::not_found) return std::optional<stored_manifest>{};
    if (!text) return text.error();
    auto read = read_manifest(*text);
    if (!read || read->topic != topic || read->number != number) return damaged(name, "not a manifest of this place");
    stored_manifest out{std::move(*text), std::move(*read)};
    if (!std::ranges::any_of(out.manifest.objects, &object_entry::sealed)) return std::optional(std::move(out));
    const auto other = edition_name(topic, number);
    const auto stored = wait_for(*io_, store_->get(other, most_of_manifest));
    if (!stored && stored.error() == storage::errc::not_found) return std::optional(std::move(out));
    if (!stored) return stored.error();
    auto edition = read_edition(*stored);
    if (!edition || !is_edition_of(*edition, out.manifest, out.text))
        return damaged(other, "not the edition of its manifest");
    out.manifest.objects = std::move(edition->objects);
    return std::optional(std::move(out));
}

result<std::int64_t> files::next_number(const std::string& topic) {
    std::int64_t next = 0;
    for (std::string after;;) {
        const auto page = wait_for(*io_, store_->list(manifest_folder(topic), after));
        if (!page) return page.error();
        for (const auto& one : page->objects)
            if (const auto number = number_of(topic, one.name)) next = std::max(next, *number + 1);
        if (page->complete || page->objects.empty()) return next;
        after = page->objects.back().name;
    }
}

result<std::optional<files::stored_manifest>> files::last_manifest(const std::string& topic) {
    const auto next = next_number(topic);
    if (!next) return next.error();
    if (*next == 0) return std::optional<stored_manifest>{};
    return manifest_of(topic, *next - 1);
}

result<std::optional<archive::last_manifest>> files::stated_last(const std::string& topic) {
    const auto name = last_name(topic);
    const auto text = wait_for(*io_, store_->get(name, most_of_manifest));
    if (!text && text.error() == storage::errc::not_found) return std::optional<archive::last_manifest>{};
    if (!text) return text.error();
    auto read = read_last(*text);
    if (!read) return damaged(name, "not what was stored");
    return read;
}

result<> files::put_manifest(const manifest& next) {
    const auto text = text_of(next);
    const auto state_it = [&] {
        return wait_for(
            *io_, store_->put(last_name(next.topic), text_of(archive::last_manifest{next.number, digest_of(text)})));
    };
    const auto stored = wait_for(*io_, store_->put_new(manifest_name(next.topic, next.number), text));
    if (stored) return state_it();
    if (stored.error() != storage::errc::exists) return stored;
    // A repeated request finds what it has stored itself.
    const auto found = manifest_of(next.topic, next.number);
    if (!found) return found.error();
    if (*found && (*found)->text == text) return state_it();
    return errc::another_archiver;
}

result<> files::put_object(
    const std::string& topic, instant hour, std::int64_t number, std::string bytes, object_entry& entry) {
    entry.sealed = is_sealed(topic);
    if (entry.sealed && !keys_) return errc::no_key;
    if (entry.sealed) bytes = keys_->seal(bytes, place_of(topic));
    entry.sha256 = digest::sha256_hex(bytes);
    entry.size = static_cast<std::int64_t>(bytes.size());
    entry.name = object_name(topic, hour, number, entry.sha256, entry.sealed);
    return wait_for(*io_, store_->put(entry.name, std::move(bytes)));
}

result<std::string> files::get_object(const object_entry& entry) {
    auto bytes = wait_for(*io_, store_->get(entry.name, static_cast<std::size_t>(entry.size)));
    if (!bytes && bytes.error() == storage::errc::not_found) return damaged(entry.name, "missing");
    if (!bytes && bytes.error() == storage::errc::too_large) return damaged(entry.name, "another size");
    if (!bytes) return bytes.error();
    if (static_cast<std::int64_t>(bytes->size()) != entry.size || digest::sha256_hex(*bytes) != entry.sha256)
        return damaged(entry.name, "another digest");
    return bytes;
}

result<std::string> files::open_object(const std::string& topic, const object_entry& entry, std::string stored) {
    if (entry.sealed) {
        if (!keys_) return errc::no_key;
        auto opened = keys_->open(stored, place_of(topic));
        if (!opened) return errc::no_key;  // its digest is right
        stored = std::move(*opened);
    }
    auto out = decompressed(stored, static_cast<std::size_t>(entry.text));
    if (!out) return damaged(entry.name, "not one compressed file of its length");
    return std::move(*out);
}

result<std::optional<object_entry>> files::reseal_object(
    const std::string& topic, std::int64_t number, const object_entry& entry) {
    if (!keys_) return errc::no_key;
    const auto stored = get_object(entry);
    if (!stored) return stored.error();
    if (stored->starts_with(keys_->mark())) return std::optional<object_entry>{};
    const auto opened = keys_->open(*stored, place_of(topic));
    if (!opened) return errc::no_key;  // its digest is right
    auto bytes = keys_->seal(*opened, place_of(topic));
    auto out = entry;
    out.sha256 = digest::sha256_hex(bytes);
    out.size = static_cast<std::int64_t>(bytes.size());
    const auto folder = std::string_view(entry.name).substr(0, entry.name.rfind('/'));
    out.name = object_name_in(folder, number, out.sha256, true);
    if (const auto done = wait_for(*io_, store_->put(out.name, std::move(bytes))); !done) return done.error();
    return std::optional(std::move(out));
}

result<> files::put_edition(const std::string& topic, std::int64_t number, const edition& edition) {
    return wait_for(*io_, store_->put(edition_name(topic, number), text_of(edition)));
}

result<> files::remove(const std::string& name) { return wait_for(*io_, store_->remove(name)); }

result<std::int64_t> files::remove_outdated(const storage::object& one) {
    if (!keys_) return errc::no_key;
    const auto bytes = wait_for(*io_, store_->get(one.name, one.size));
    if (!bytes && bytes.error() == storage::errc::not_found) return 0;
    if (!bytes) return bytes.error();
    if (bytes->starts_with(keys_->mark())) return 0;
    if (const auto done = remove(one.name); !done) return done.error();
    return 1;
}

result<> files::each_object(const std::string& topic, const std::function<result<>(const storage::object&)>& each) {
    for (std::string after;;) {
        const auto page = wait_for(*io_, store_->list(topic + '/', after));
        if (!page) return page.error();
        for (const auto& one : page->objects)
            if (!one.name.starts_with(manifest_folder(topic)) && one.name != last_name(topic))
                if (const auto done = each(one); !done) return done;
        if (page->complete || page->objects.empty()) return {};
        after = page->objects.back().name;
    }
}

}  // namespace airi::workers::archive
