// airi-vault: stores and reads the objects of backups, sealed under BACKUP_KEY. Used by deploy/backup.sh.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "platform/backup/settings.hpp"
#include "platform/backup/vault.hpp"
#include "platform/base/log.hpp"

namespace {

using namespace airi;

constexpr const char* usage = R"(airi-vault <command>

  check              fails when the place was made with another BACKUP_KEY; a new place gets this one
  put NAME           stores standard input, 17 MB at most; replaces an object of that name
  get NAME           writes it to standard output
  put-parts NAME     the same for any size; prints its number of parts, size and digest as JSON
  get-parts NAME
  list PREFIX        size and name of each object that begins with it
  remove PREFIX      removes those objects
  ledger             the ids of the accounts in the ledger of erasures
  mark               prints a mark that tells this ENCRYPTION_KEY from another
)";

int failed(const std::string& about, const error_code& why) {
    fmt::print(stderr, "airi-vault: {}: {}\n", about, why.message());
    return 1;
}

std::string read_input(std::size_t most) {
    std::string out(most, '\0');
    out.resize(std::fread(out.data(), 1, most, stdin));
    return out;
}

bool write_output(std::string_view bytes) { return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size(); }

int put(backup::vault& vault, const std::string& name) {
    const auto bytes = read_input(backup::most_of_object + 1);
    if (std::ferror(stdin) || bytes.size() > backup::most_of_object) {
        fmt::print(stderr, "airi-vault: {}: the input cannot be read, or is longer than 17 MB\n", name);
        return 1;
    }
    const auto done = vault.put(name, bytes);
    return done ? 0 : failed(name, done.error());
}

int get(backup::vault& vault, const std::string& name) {
    const auto bytes = vault.get(name);
    if (!bytes) return failed(name, bytes.error());
    return write_output(*bytes) && std::fflush(stdout) == 0 ? 0 : failed(name, storage::errc::full);
}

int put_parts(backup::vault& vault, const std::string& name) {
    const auto done = vault.put_parts(name, read_input);
    if (!done) return failed(name, done.error());
    fmt::print("{}\n", done->json());
    return 0;
}

int get_parts(backup::vault& vault, const std::string& name) {
    const auto done = vault.get_parts(name, write_output);
    if (!done) return failed(name, done.error());
    return std::fflush(stdout) == 0 ? 0 : failed(name, storage::errc::full);
}

int list(backup::vault& vault, const std::string& prefix) {
    const auto all = vault.list(prefix);
    if (!all) return failed(prefix, all.error());
    for (const auto& one : *all) fmt::print("{} {}\n", one.size, one.name);
    return 0;
}

backup::vault vault_at(const std::string& url, const storage::s3_access& access, seal::keyring keys) {
    auto io = std::make_unique<boost::asio::io_context>(1);
    auto store = storage::open_place(io->get_executor(), url, access);
    return {std::move(io), std::move(store), std::move(keys)};
}

// An entry's name ends with the account's id.
int show_ledger(const backup::vault_settings& settings) {
    constexpr std::size_t id_size = 36;
    if (settings.ledger_url.empty()) return failed("ERASURE_LEDGER_URL", storage::errc::not_found);
    auto vault = vault_at(settings.ledger_url, settings.ledger_access(), seal::keyring(settings.key, {}, "backup"));
    const auto all = vault.list("erased/");
    if (!all) return failed(settings.ledger_url, all.error());
    for (const auto& one : *all)
        if (one.name.size() > id_size) fmt::print("{}\n", one.name.substr(one.name.size() - id_size));
    return 0;
}

int run(const backup::vault_settings& settings, const std::string& command, const std::string& name) {
    if (command == "mark") {
        if (settings.encryption_key.empty()) return failed("ENCRYPTION_KEY", storage::errc::not_found);
        fmt::print("{}\n", seal::keyring(settings.encryption_key, {}, "backup").mark());
        return 0;
    }
    if (command == "ledger") return show_ledger(settings);
    auto vault =
        vault_at(settings.url, settings.access(), seal::keyring(settings.key, settings.key_previous, "backup"));
    if (const auto opened = vault.open(); !opened) return failed(settings.url, opened.error());
    if (command == "check") return 0;
    if (command == "put") return put(vault, name);
    if (command == "get") return get(vault, name);
    if (command == "put-parts") return put_parts(vault, name);
    if (command == "get-parts") return get_parts(vault, name);
    if (command == "list") return list(vault, name);
    if (command == "remove") {
        const auto done = vault.remove(name);
        return done ? 0 : failed(name, done.error());
    }
    fmt::print(stderr, "airi-vault: no command is named \"{}\"\n{}", command, usage);
    return 2;
}

}  // namespace

int main(int count, char** arguments) try {
    const std::vector<std::string> words{arguments + 1, arguments + count};
    const bool alone = words.size() == 1 && (words[0] == "check" || words[0] == "mark" || words[0] == "ledger");
    backup::vault_settings settings;
    if (const auto code = load_or_exit_code(words.size() == 1 && !alone ? count : 1, arguments, settings)) return *code;
    if (!alone && (words.size() != 2 || words[1].empty())) {
        fmt::print(stderr, "{}", usage);
        return 2;
    }
    log::start("airi-vault", "error");
    return run(settings, words[0], alone ? "" : words[1]);
} catch (const std::exception& e) {
    fmt::print(stderr, "airi-vault: {}\n", e.what());
    return 2;
}
