// Who may include whom, what may stand where: the house's rules, held against every file of the tree.
#include <doctest/doctest.h>

#include <cctype>

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/source_tree.hpp"

namespace {

using airi::test::contains;
using airi::test::files_below;
using airi::test::source_file;
using names = std::vector<std::string_view>;

struct folder_rule {
    std::string_view where;  // a folder or a file; the longest one that fits counts
    names may;               // folders, files, "folder/*" for every folder below, "" for everything
};

const names ports{"platform/kafka/kafka.hpp", "platform/postgres/postgres.hpp", "platform/redis/redis.hpp"};

// Everything may include platform/base and its own folder.
const std::vector<folder_rule> rules{
    {"platform/base/", {}},
    {"platform/kafka/", {}},
    {"platform/kafka/tools/", {"platform/kafka/", "events/"}},
    {"platform/postgres/", {}},
    {"platform/redis/", {}},
    {"platform/http/", {}},
    {"platform/crypto/", {}},
    {"platform/safety/", {"platform/text/", "platform/crypto/digest.hpp"}},
    {"platform/schema/", {}},
    {"platform/backup/", {"platform/storage/", "platform/crypto/"}},
    {"platform/storage/", {"platform/http/", "platform/crypto/digest.hpp"}},
    {"platform/telemetry/", {"platform/http/"}},
    {"platform/text/", {}},
    {"events/", {"events/frames/"}},
    {"events/frames/", {"events/"}},
    {"events/tools/", {"events/*"}},
    {"sql/", {"events/", "platform/postgres/postgres.hpp", "platform/text/"}},

    // Between the folders of the gateway their ranks decide, see below.
    {"gateway/main.cpp", {""}},
    {"gateway/", {"gateway/*", "platform/crypto/", "platform/kafka/access.hpp", "platform/safety/",
                     "platform/postgres/postgres.hpp", "platform/telemetry/", "platform/text/"}},
    {"gateway/http/", {}},
    {"gateway/transport/", {"gateway/http/"}},
    {"gateway/services/", {"gateway/*", "events/*", "sql/", ports[0], ports[1], ports[2], "platform/crypto/",
                              "platform/safety/blocked_terms.hpp", "platform/telemetry/"}},
    {"gateway/realtime/", {"gateway/*", "events/*", ports[2]}},
    {"gateway/auth/", {"gateway/*", "events/*", "sql/", "platform/crypto/", "platform/text/"}},
    {"gateway/messaging/",
        {"gateway/*", "events/*", "sql/", "platform/crypto/", "platform/safety/", "platform/telemetry/"}},
    {"gateway/payments/", {"gateway/*", "events/*", "sql/", "platform/crypto/"}},
    {"gateway/crisis/", {"gateway/*", "sql/", "platform/safety/"}},
    {"gateway/api/", {"gateway/*", "events/*", "sql/", "platform/schema/", "platform/crypto/", "platform/telemetry/"}},
    {"gateway/routes/", {"gateway/*", "events/*", "sql/", "platform/crypto/", "platform/safety/"}},
    {"gateway/pages/", {}},

    {"workers/runtime/", {"events/*", "sql/", ports[0], "platform/kafka/access.hpp", ports[1], ports[2],
                             "platform/safety/blocked_terms.hpp", "platform/telemetry/"}},
    {"workers/providers/",
        {"platform/http/", "platform/telemetry/", "workers/providers/*", ports[1], ports[2], "sql/"}},
    {"workers/providers/sms/", {"platform/http/", "platform/crypto/"}},
    {"workers/archive/", {"events/", "platform/kafka/", "platform/storage/", "platform/crypto/",
                             "platform/http/url.hpp", "platform/telemetry/", "workers/runtime/"}},
    // A worker; its module and the program's main are covered by this rule too.
    {"workers/outbox/", {"events/", "sql/", ports[0], ports[1], ports[2], "platform/telemetry/", "workers/runtime/"}},
    {"workers/scheduler/", {"sql/", ports[1], "platform/storage/", "platform/telemetry/", "workers/runtime/"}},
    {"workers/operations/",
        {"events/", "events/frames/", "sql/", "platform/kafka/", ports[1], ports[2], "platform/crypto/seal.hpp",
            "workers/archive/", "workers/chat/shadow.hpp", "workers/gaming/session_replay.hpp",
            "workers/moderation/shadow.hpp", "workers/runtime/"}},
    {"workers/", {"events/*", "sql/", ports[1], ports[2], "platform/http/", "platform/crypto/", "platform/safety/",
                     "platform/text/", "platform/telemetry/", "workers/runtime/", "workers/providers/",
                     "workers/providers/moderation/", "workers/providers/sms/", "workers/providers/payments/",
                     "workers/providers/games/"}},
    {"tests/", {""}},
};

std::string_view folder_of(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

const folder_rule* rule_of(std::string_view path) {
    const folder_rule* best = nullptr;
    for (const auto& r : rules)
        if (path.starts_with(r.where) && (!best || r.where.size() > best->where.size())) best = &r;
    return best;
}

// The layers of the gateway, highest first. A folder that is not named is a domain's and has the rank of messaging.
const std::vector<names> gateway_ranks{{"gateway/routes/"}, {"gateway/api/"}, {"gateway/openai/"},
    {"gateway/messaging/"}, {"gateway/auth/"}, {"gateway/realtime/"}, {"gateway/services/"}, {"gateway/transport/"},
    {"gateway/http/", "gateway/pages/"}};

std::size_t rank_of(std::string_view folder) {
    std::size_t domains = 0;
    for (std::size_t i = 0; i < gateway_ranks.size(); ++i)
        for (const auto name : gateway_ranks[i]) {
            if (name == folder) return i;
            if (name == "gateway/messaging/") domains = i;
        }
    return domains;
}

// A folder means its own files, not those of the folders in it.
bool covers(std::string_view allowed, std::string_view included) {
    if (allowed.ends_with("/*")) return included.starts_with(allowed.substr(0, allowed.size() - 1));
    return allowed.empty() || (allowed.ends_with('/') ? folder_of(included) == allowed : included == allowed);
}

std::vector<source_file> code() {
    return files_below({"platform", "events", "sql", "gateway", "workers", "tests"}, {".cpp", ".hpp"});
}

// The lines a rule is broken at, one a line; empty when it holds.
struct faults {
    std::string all;
    void add(const source_file& file, std::string_view what) { all += file.path + ": " + std::string(what) + "\n"; }
};

struct library {
    std::string_view header;  // or its beginning
    names may;
};
const std::vector<library> libraries{
    {"librdkafka/",
        {"platform/kafka/client.cpp", "platform/kafka/producer.cpp", "platform/kafka/consumer.cpp",
            "platform/kafka/errors.cpp", "platform/kafka/group_member.cpp", "platform/kafka/topics.cpp",
            "platform/kafka/topic_reader.cpp", "platform/kafka/groups.cpp", "platform/kafka/admin.cpp",
            "platform/kafka/topic_states.cpp", "platform/kafka/embedded.cpp", "tests/platform/server_errors_test.cpp"}},
    {"libpq-fe.h", {"platform/postgres/connection.cpp", "platform/postgres/sqlstate.cpp"}},
    {"hiredis/", {"platform/redis/connection.cpp", "platform/redis/client.cpp", "platform/redis/subscriber.cpp"}},
    {"openssl/", {"platform/crypto/digest.cpp", "platform/crypto/signatures.cpp", "platform/crypto/totp.cpp",
                     "tests/platform/http_tls_test.cpp"}},
    {"curl/", {"workers/email/curl.cpp"}},
    {"hs/hs.h", {"platform/safety/patterns.cpp"}},
    {"zstd.h", {"workers/archive/compression.cpp"}},
    {"unicode/", {"platform/text/cut.cpp", "platform/text/letters.cpp", "platform/text/opaque_string.cpp"}},
    {"sodium.h", {"platform/crypto/digest.cpp", "platform/crypto/passwords.cpp", "platform/crypto/random.cpp",
                     "platform/crypto/seal.cpp"}},
    {"crypt.h", {"platform/crypto/passwords.cpp"}},
    {"simdjson.h", {"platform/base/json.cpp", "platform/base/utf8.cpp", "tests/support/stub_provider/chat_request.cpp",
                       "tests/support/stub_provider/moderation.cpp"}},
    {"boost/beast", {"gateway/transport/http_request.cpp", "gateway/transport/websocket_session.cpp",
                        "platform/http/client.cpp", "platform/separate_compilation.cpp"}},
    {"boost/asio/ssl", {"platform/http/connection.cpp", "platform/http/connection.hpp", "platform/http/client.cpp",
                           "platform/http/pool.cpp", "platform/redis/transport.hpp",
                           "platform/separate_compilation.cpp", "tests/platform/http_tls_test.cpp"}},
    {"valijson/", {"platform/schema/schema.cpp"}},
    {"boost/json", {"platform/schema/schema.cpp"}},
    {"boost/asio.hpp", {}},
};

// Headers that change with every new event or frame, and so rebuild whatever includes them: the few files that need
// all.
const std::vector<library> lists_of_everything{
    {"events/all.hpp",
        {"events/schema.cpp", "events/topics.cpp", "tests/events/every_event.hpp", "tests/fuzz/frame_fuzz.cpp"}},
    {"tests/events/every_event.hpp", {"tests/events/codec_test.cpp", "tests/events/recorded_test.cpp"}},
    {"events/frames/all.hpp",
        {"events/frames/schema.cpp", "gateway/messaging/client_frame.hpp", "tests/events/frames/codec_test.cpp"}},
    {"gateway/messaging/client_frame.hpp",
        {"gateway/messaging/client_frame.cpp", "gateway/messaging/websocket_handler.cpp",
            "tests/gateway/messaging/client_frame_test.cpp", "tests/fuzz/frame_fuzz.cpp"}},
};

// The includes that their table does not allow, each with what to do about it.
std::string includes_elsewhere(const std::vector<library>& table, std::string_view advice) {
    faults found;
    for (const auto& file : code())
        for (const auto& included : airi::test::includes_of(file))
            for (const auto& library : table)
                if (included.starts_with(library.header) &&
                    std::find(library.may.begin(), library.may.end(), file.path) == library.may.end())
                    found.add(file, included + std::string(advice));
    return found.all;
}

bool has_word(std::string_view text, std::string_view word) {
    const auto part_of_name = [&](std::size_t at) {
        return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_');
    };
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
        if (!(at > 0 && part_of_name(at - 1)) && !part_of_name(at + word.size())) return true;
    return false;
}

bool is_sql(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
        [](unsigned char c) { return std::isspace(c) ? ' ' : std::tolower(c); });
    const auto has = [&](std::string_view word) { return has_word(text, word); };
    return text.starts_with("select ") || (has("select") && has("from")) || contains(text, "insert into ") ||
           contains(text, "delete from ") || (text.starts_with("update ") && has("set"));
}

}  // namespace

TEST_CASE("every file includes only what its place in the house allows") {
    faults found;
    for (const auto& file : code()) {
        const auto* rule = rule_of(file.path);
        if (!rule) {
            if (file.path != "platform/separate_compilation.cpp") found.add(file, "no rule knows this folder");
            continue;
        }
        for (const auto& included : airi::test::includes_of(file)) {
            if (!contains(included, "/") || !std::filesystem::exists(airi::test::source_root() / included)) continue;
            if (covers("platform/base/", included) || folder_of(included) == folder_of(file.path)) continue;
            if (std::none_of(
                    rule->may.begin(), rule->may.end(), [&](auto allowed) { return covers(allowed, included); }))
                found.add(file, "may not include " + included);
        }
    }
    CHECK(found.all == "");
}

TEST_CASE("a folder of the gateway includes folders of a lower rank only") {
    faults found;
    for (const auto& file : code()) {
        const auto folder = folder_of(file.path);
        if (!folder.starts_with("gateway/") || folder == "gateway/") continue;
        for (const auto& included : airi::test::includes_of(file)) {
            const auto other = folder_of(included);
            if (!other.starts_with("gateway/") || other == folder) continue;
            if (other == "gateway/" || rank_of(other) <= rank_of(folder))
                found.add(file, "may not include " + included);
        }
    }
    CHECK(found.all == "");
}

TEST_CASE("the gateway and the workers do not know each other, nor does one worker know another") {
    faults found;
    for (const auto& file : code()) {
        if (file.path.starts_with("tests/")) continue;
        for (const auto& included : airi::test::includes_of(file)) {
            if (file.path.starts_with("gateway/") && included.starts_with("workers/")) found.add(file, included);
            if (!file.path.starts_with("workers/")) continue;
            if (included.starts_with("gateway/")) found.add(file, included);
            // airi-ctl is in operations. The archive worker's library is in its folder, as are the decisions of
            // moderation, chat and gaming, which it makes again.
            const bool of_ctl =
                file.path.starts_with("workers/operations/") &&
                (included.starts_with("workers/archive/") || included == "workers/moderation/shadow.hpp" ||
                    included == "workers/chat/shadow.hpp" || included == "workers/gaming/session_replay.hpp");
            const bool shared =
                of_ctl || included.starts_with("workers/runtime/") || included.starts_with("workers/providers/");
            if (included.starts_with("workers/") && !shared && folder_of(included) != folder_of(file.path))
                found.add(file, included);
        }
    }
    CHECK(found.all == "");
}

TEST_CASE("the headers of C libraries and of Beast stand in the few files that are named here") {
    CHECK(includes_elsewhere(libraries, "") == "");
}

TEST_CASE("the list of all events and that of all frames are included by the few files that need all") {
    CHECK(includes_elsewhere(lists_of_everything, ": include the header of the event or frame itself") == "");
}

TEST_CASE("only the settings read the environment") {
    faults found;
    for (const auto& file : code()) {
        if (file.path == "platform/base/settings.cpp" || file.path.starts_with("tests/")) continue;
        const auto text = airi::test::lex(file.text).code;
        for (const std::string_view word : {"getenv", "secure_getenv", "environ", "setenv"})
            if (has_word(text, word)) found.add(file, word);
    }
    CHECK(found.all == "");
}

TEST_CASE("the text of SQL stands in sql only") {
    // The connection tells row-level security whose rows a transaction may see, and the server what only reads.
    const names allowed{
        "select set_config('airi.user_id', $1, true)", "select set_config('transaction_read_only', 'on', true)"};
    faults found;
    for (const auto& file : files_below({"platform", "events", "gateway", "workers"}, {".cpp", ".hpp"}))
        for (const auto& literal : airi::test::lex(file.text).literals)
            if (std::ranges::find(allowed, literal) == allowed.end() && is_sql(literal)) found.add(file, literal);
    CHECK(found.all == "");
    CHECK(is_sql("SELECT 1"));
    CHECK(is_sql("with a as (select 1) select * from a"));
    CHECK(is_sql("update users set name = 1"));
    CHECK_FALSE(is_sql("updates come from the broker"));
    CHECK_FALSE(is_sql("SELECT"));
}

namespace {

// Characters, not bytes.
std::size_t length_of(std::string_view line) {
    return static_cast<std::size_t>(
        std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

TEST_CASE("no file has more than 400 lines, and no line more than 120 characters") {
    faults found;
    for (const auto& file : files_below({"platform", "events", "sql", "gateway", "workers", "tests", "deploy", "bench"},
             {".cpp", ".hpp", ".sql", ".sh", ".js", ".mjs", ".ts", ".py", ".css", ".html", ".cmake", ".txt"})) {
        if (file.lines() > 400) found.add(file, std::to_string(file.lines()) + " lines");
        std::istringstream lines(file.text);
        std::size_t number = 0;
        for (std::string line; std::getline(lines, line);)
            if (++number; length_of(line) > 120) found.add(file, "line " + std::to_string(number) + " is too long");
    }
    CHECK(found.all == "");
}

TEST_CASE("each header says in its first lines what it is, and is read once") {
    faults found;
    for (const auto& file : code()) {
        if (!file.ends_with(".hpp")) continue;
        if (!file.text.starts_with("// ")) found.add(file, "begins without a comment");
        if (!contains(file.text, "#pragma once\n")) found.add(file, "has no #pragma once");
    }
    CHECK(found.all == "");
}

TEST_CASE("nothing is left for later, and no coroutine is a lambda that captures") {
    faults found;
    for (const auto& file :
        files_below({"platform", "events", "sql", "gateway", "workers"}, {".cpp", ".hpp", ".sql", ".js"})) {
        for (const std::string_view mark : {"TODO", "FIXME", "XXX", "HACK"})
            if (has_word(file.text, mark)) found.add(file, mark);
        if (!file.ends_with("pp")) continue;
        const auto text = airi::test::lex(file.text).code;
        for (auto at = text.find("-> awaitable<"); at != std::string::npos; at = text.find("-> awaitable<", at + 1)) {
            const auto open = text.rfind('[', at), body = text.find('{', at);
            const auto close = text.find('}', body);
            if (open == std::string::npos || text[open + 1] == ']') continue;
            if (contains(text.substr(body, close - body), "co_")) found.add(file, "a capturing lambda coroutine");
        }
    }
    CHECK(found.all == "");
}
