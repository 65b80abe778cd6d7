#include "platform/backup/vault.hpp"

#include <fmt/format.h>

#include <utility>

#include "platform/base/blocking.hpp"
#include "platform/base/error_table.hpp"
#include "platform/base/json.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::backup {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::damaged, "damaged: it is not what was stored, or a part of it is missing", failure::broken},
    {errc::wrong_key, "the place was made with another BACKUP_KEY", failure::misconfigured},
};

constexpr const char* key_object = "key";
constexpr std::string_view key_text = "airi backups 1";
// Sealed it is a third longer.
constexpr std::size_t most_sealed = most_of_object / 3 * 4 + 1024;

std::string place_of(const std::string& name) { return "backup/" + name; }
std::string part_name(const std::string& name, std::int64_t number) { return fmt::format("{}/{:06}", name, number); }

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.backup", error_rows);
    return table.code(e);
}

std::string stored_parts::json() const {
    return json::object().add("parts", parts).add("size", size).add("sha256", sha256).text();
}

vault::vault(std::unique_ptr<boost::asio::io_context> io, std::unique_ptr<storage::store> store, seal::keyring keys)
    : io_(std::move(io)), store_(std::move(store)), keys_(std::move(keys)) {}

result<> vault::open() {
    auto done = wait_for(*io_, store_->put_new(key_object, keys_.seal(key_text, place_of(key_object))));
    if (done || done.error() != storage::errc::exists) return done;
    const auto stored = wait_for(*io_, store_->get(key_object, most_sealed));
    if (!stored) return stored.error();
    const auto opened = keys_.open(*stored, place_of(key_object));
    if (!opened || *opened != key_text) return errc::wrong_key;
    return {};
}

result<> vault::put(const std::string& name, std::string_view bytes) {
    return wait_for(*io_, store_->put(name, keys_.seal(bytes, place_of(name))));
}

result<std::string> vault::get(const std::string& name) {
    const auto stored = wait_for(*io_, store_->get(name, most_sealed));
    if (!stored) return stored.error() == storage::errc::too_large ? error_code(errc::damaged) : stored.error();
    auto opened = keys_.open(*stored, place_of(name));
    if (!opened) return errc::damaged;
    return opened;
}

result<stored_parts> vault::put_parts(const std::string& name, const source& from) {
    stored_parts out;
    std::string digests;
    for (auto bytes = from(part_size); !bytes.empty(); bytes = from(part_size)) {
        if (const auto done = put(part_name(name, ++out.parts), bytes); !done) return done.error();
        out.size += static_cast<std::int64_t>(bytes.size());
        digests += digest::sha256_hex(bytes);
    }
    out.sha256 = digest::sha256_hex(digests);
    if (const auto done = put(name + "/end", out.json()); !done) return done.error();
    return out;
}

result<stored_parts> vault::get_parts(const std::string& name, const sink& to) {
    const auto end = get(name + "/end");
    if (!end) return end.error() == storage::errc::not_found ? error_code(errc::damaged) : end.error();
    const auto read = json::document::parse(*end);
    if (!read) return errc::damaged;
    const auto root = read->root();
    const stored_parts stored{root["parts"].integer().value_or(0), root["size"].integer().value_or(0),
        std::string(root["sha256"].string().value_or(""))};
    stored_parts found;
    std::string digests;
    while (found.parts < stored.parts) {
        const auto bytes = get(part_name(name, found.parts + 1));
        if (!bytes) return bytes.error() == storage::errc::not_found ? error_code(errc::damaged) : bytes.error();
        ++found.parts;
        found.size += static_cast<std::int64_t>(bytes->size());
        digests += digest::sha256_hex(*bytes);
        if (!to(*bytes)) return storage::errc::full;
    }
    found.sha256 = digest::sha256_hex(digests);
    if (found != stored) return errc::damaged;
    return found;
}

result<std::vector<storage::object>> vault::list(const std::string& prefix) {
    std::vector<storage::object> out;
    for (;;) {
        auto page = wait_for(*io_, store_->list(prefix, out.empty() ? "" : out.back().name));
        if (!page) return page.error();
        for (auto& one : page->objects) out.push_back(std::move(one));
        if (page->complete || page->objects.empty()) return out;
    }
}

// The end first, so that a removal that was killed leaves no object with an end.
result<> vault::remove(const std::string& prefix) {
    const auto all = list(prefix);
    if (!all) return all.error();
    for (auto one = all->rbegin(); one != all->rend(); ++one)
        if (const auto done = wait_for(*io_, store_->remove(one->name)); !done) return done;
    return {};
}

}  // namespace airi::backup
