#include "platform/postgres/connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <unordered_map>

#include <fmt/format.h>

#include "platform/base/log.hpp"
#include "platform/postgres/sqlstate.hpp"

namespace airi::postgres {
namespace {

using std::chrono::steady_clock;

constexpr auto connect_limit = seconds(3);
// Longer than statement_timeout: a running server answers before this.
constexpr auto answer_limit = seconds(15);
constexpr auto slice = milliseconds(100);

const prepared set_caller{"airi.caller", "select set_config('airi.user_id', $1, true)", {"caller"}};
const prepared set_read_only{"airi.read_only", "select set_config('transaction_read_only', 'on', true)", {}};

struct connection_deleter {
    void operator()(PGconn* c) const { PQfinish(c); }
};
struct result_deleter {
    void operator()(PGresult* r) const { PQclear(r); }
};
using result_ptr = std::unique_ptr<PGresult, result_deleter>;

std::string_view field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text ? text : "";
}

rows read_rows(const PGresult* result) {
    rows out;
    const int columns = PQnfields(result), count = PQntuples(result);
    out.columns_ = static_cast<std::size_t>(columns);
    out.cells_.reserve(static_cast<std::size_t>(columns) * static_cast<std::size_t>(count));
    for (int r = 0; r < count; ++r)
        for (int c = 0; c < columns; ++c)
            if (PQgetisnull(result, r, c))
                out.cells_.emplace_back();
            else
                out.cells_.emplace_back(std::in_place, PQgetvalue(result, r, c), PQgetlength(result, r, c));
    const std::string_view changed = PQcmdTuples(const_cast<PGresult*>(result));
    std::from_chars(changed.data(), changed.data() + changed.size(), out.affected_);
    return out;
}

log::level level_of(errc code) {
    switch (code) {
        case errc::denied:
        case errc::unmigrated:
        case errc::damaged:
        case errc::broken: return log::level::error;
        case errc::unavailable:
        case errc::busy: return log::level::warn;
        case errc::duplicate: return log::level::debug;
        default: return log::level::info;
    }
}

void log_failure(const PGresult* result, const prepared& statement, errc code) {
    const auto state = field(result, PG_DIAG_SQLSTATE);
    const auto message = state.empty() || message_is_safe(state) ? field(result, PG_DIAG_MESSAGE_PRIMARY) : "";
    log::write_repeated(level_of(code), "postgres.statement_failed", statement.name + ' ' + std::string(state),
        {{"statement", statement.name}, {"sqlstate", state}, {"failure", make_error_code(code).message()},
            {"constraint", field(result, PG_DIAG_CONSTRAINT_NAME)}, {"table", field(result, PG_DIAG_TABLE_NAME)},
            {"message", message}, {"remedy", remedy(code, state)}});
}

// Parameters are sent as C strings, so a zero byte would cut one; Postgres has no such text either.
error_code unfit(const transaction& work) {
    for (const auto& each : work.statements) {
        if (!each.statement || each.parameters.size() > 65'535) return errc::broken;
        for (const auto& p : each.parameters)
            if (p && p->find('\0') != std::string::npos) return errc::invalid;
    }
    return {};
}

void check_url(const std::string& url) {
    char* why = nullptr;
    auto* options = PQconninfoParse(url.c_str(), &why);
    PQfreemem(why);
    if (!options) throw std::invalid_argument("the Postgres URL cannot be read");
    bool misread = false;
    // An unescaped @ in the password ends up in the host, and from there in logged messages.
    for (auto* o = options; o->keyword; ++o)
        if (std::strcmp(o->keyword, "host") == 0 && o->val && std::strchr(o->val, '@')) misread = true;
    PQconninfoFree(options);
    if (misread) throw std::invalid_argument("the Postgres URL has an unescaped @ in its password");
}

}  // namespace

struct connection::state {
    std::string url;
    bool read_only = false;
    std::unique_ptr<PGconn, connection_deleter> link;
    std::string reason;
    // Names under which this connection's server process knows statements.
    std::unordered_map<const prepared*, std::string> known;
    // Statements that could not be prepared in this flight, and why.
    std::unordered_map<const prepared*, errc> unprepared;
    std::vector<const prepared*> preparing;
    unsigned prepared_count = 0;
    bool at_end = false;
    bool stale = false;

    void close() {
        link.reset();
        known.clear();
        at_end = stale = false;
    }

    std::vector<bound> preamble(const transaction& work) const;
    bool prepare(const prepared& statement);
    bool send(const bound& what);
    bool send(const transaction& work);
    bool send_all(std::span<const transaction> batch, const std::vector<bool>& fit);
    bool wait(short events, steady_clock::time_point until, const std::function<bool()>& give_up);
    bool next(result_ptr& into, const std::function<bool()>& give_up);
    bool receive_preparations(const std::function<bool()>& give_up);
    bool receive(const transaction& work, std::optional<answer>& into, const std::function<bool()>& give_up);
    bool receive_sync(const prepared& last, error_code& error, const std::function<bool()>& give_up);
    errc judge(const PGresult* result, const prepared& statement);
};

connection::connection(const secret& url, bool read_only) : state_(std::make_unique<state>()) {
    state_->url = url.reveal();
    state_->read_only = read_only;
    check_url(state_->url);
}
connection::~connection() = default;

bool connection::is_open() const { return state_->link != nullptr; }
std::string connection::reason() const { return state_->reason; }

bool connection::open(const std::function<bool()>& give_up) {
    auto& s = *state_;
    s.close();
    constexpr const char* session_options =
        "-c statement_timeout=10s -c lock_timeout=5s -c client_min_messages=warning -c timezone=UTC";
    // The URL comes last: it overrides the others.
    const char* names[] = {"application_name", "gssencmode", "client_encoding", "target_session_attrs", "options",
        "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "dbname", nullptr};
    const char* values[] = {"airi", "disable", "UTF8", s.read_only ? "any" : "read-write", session_options, "30", "10",
        "3", "20000", s.url.c_str(), nullptr};
    s.link.reset(PQconnectStartParams(names, values, 1));
    // libpq would print notices to stderr, and those of functions may quote values.
    PQsetNoticeReceiver(s.link.get(), [](void*, const PGresult*) {}, nullptr);
    const auto until = steady_clock::now() + connect_limit;
    auto step = PGRES_POLLING_WRITING;
    while (s.link && PQstatus(s.link.get()) != CONNECTION_BAD && step != PGRES_POLLING_OK) {
        if (step == PGRES_POLLING_FAILED) break;
        if (!s.wait(step == PGRES_POLLING_READING ? POLLIN : POLLOUT, until, give_up)) break;
        step = PQconnectPoll(s.link.get());
    }
    if (step == PGRES_POLLING_OK && PQsetnonblocking(s.link.get(), 1) == 0 && PQenterPipelineMode(s.link.get()))
        return true;
    s.reason = s.link ? PQerrorMessage(s.link.get()) : "out of memory";
    if (s.reason.empty()) s.reason = "no answer in time";
    s.close();
    return false;
}

bool connection::alive() {
    auto& s = *state_;
    if (!s.link) return false;
    // One round reads the server's last message, the next one the end of the stream.
    for (pollfd socket{PQsocket(s.link.get()), POLLIN, 0}; ::poll(&socket, 1, 0) > 0;)
        if (!PQconsumeInput(s.link.get())) {
            s.close();
            return false;
        }
    return true;
}

bool connection::has_input() const {
    pollfd socket{PQsocket(state_->link.get()), POLLIN, 0};
    return ::poll(&socket, 1, 0) > 0;
}

bool connection::state::wait(short events, steady_clock::time_point until, const std::function<bool()>& give_up) {
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd socket{PQsocket(link.get()), events, 0};
        const int ready = ::poll(&socket, 1, static_cast<int>(std::min<milliseconds>(left, slice).count()));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
        if (give_up()) return false;
    }
}

// Each preparation has a Sync of its own, so that no failure of another or of a transaction rolls it back.
bool connection::state::prepare(const prepared& statement) {
    if (!known.try_emplace(&statement, fmt::format("{}.{}", statement.name, prepared_count)).second) return true;
    ++prepared_count;
    preparing.push_back(&statement);
    return PQsendPrepare(link.get(), known.at(&statement).c_str(), statement.text.c_str(), 0, nullptr) &&
           PQpipelineSync(link.get());
}

bool connection::state::send(const bound& what) {
    thread_local std::vector<const char*> values;
    values.clear();
    for (const auto& p : what.parameters) values.push_back(p ? p->c_str() : nullptr);
    return PQsendQueryPrepared(link.get(), known.at(what.statement).c_str(), static_cast<int>(values.size()),
        values.data(), nullptr, nullptr, 0);
}

// The statements that precede those of a transaction.
std::vector<bound> connection::state::preamble(const transaction& work) const {
    std::vector<bound> out;
    if (read_only) out.push_back({&set_read_only, {}});
    if (work.caller) out.push_back({&set_caller, {work.caller->text()}});
    return out;
}

// The statements up to a Sync are one implicit transaction, which the Sync commits (PostgreSQL manual, 55.2.4).
bool connection::state::send(const transaction& work) {
    for (const auto& each : preamble(work))
        if (!send(each)) return false;
    for (const auto& each : work.statements)
        if (!send(each)) return false;
    return PQpipelineSync(link.get());
}

bool connection::state::send_all(std::span<const transaction> batch, const std::vector<bool>& fit) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (!fit[i]) continue;
        for (const auto& each : preamble(batch[i]))
            if (!prepare(*each.statement)) return false;
        for (const auto& each : batch[i].statements)
            if (!prepare(*each.statement)) return false;
    }
    for (std::size_t i = 0; i < batch.size(); ++i)
        if (fit[i] && !send(batch[i])) return false;
    return true;
}

// The next result of libpq, a null included; false when the connection is lost. Everything that arrived before the end
// of the stream is still read: a commit in it has happened.
bool connection::state::next(result_ptr& into, const std::function<bool()>& give_up) {
    auto until = steady_clock::now() + answer_limit;
    while (PQisBusy(link.get())) {
        if (at_end) return false;
        const int unsent = PQflush(link.get());
        if (unsent < 0) at_end = true;
        if (!wait(unsent > 0 ? POLLIN | POLLOUT : POLLIN, until, give_up)) return false;
        if (!PQconsumeInput(link.get())) at_end = true;
    }
    into.reset(PQgetResult(link.get()));
    return true;
}

errc connection::state::judge(const PGresult* result, const prepared& statement) {
    if (const auto found = unprepared.find(&statement); found != unprepared.end()) return found->second;
    auto code = errc::broken;
    if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
        const auto sqlstate = field(result, PG_DIAG_SQLSTATE);
        const auto means = meaning_of(sqlstate, field(result, PG_DIAG_SOURCE_FUNCTION));
        // libpq's own errors, of the connection, have no state.
        if (sqlstate.empty()) code = errc::unavailable;
        if (means) code = means->code;
        if (means && means->renews) stale = true;
    }
    log_failure(result, statement, code);
    return code;
}

// Reads on to the Sync's own result. An error before it is the commit's (a deferred constraint, for one).
bool connection::state::receive_sync(const prepared& last, error_code& error, const std::function<bool()>& give_up) {
    result_ptr got;
    for (int nulls = 0; nulls < 3;) {
        if (!next(got, give_up)) return false;
        if (!got) {
            ++nulls;
            continue;
        }
        nulls = 0;
        const auto status = PQresultStatus(got.get());
        if (status == PGRES_PIPELINE_SYNC) return true;
        if (status == PGRES_FATAL_ERROR && !error)
            error = judge(got.get(), last);
        else if (status != PGRES_FATAL_ERROR && status != PGRES_PIPELINE_ABORTED)
            return false;
    }
    return false;
}

bool connection::state::receive_preparations(const std::function<bool()>& give_up) {
    for (const auto* each : preparing) {
        result_ptr got;
        if (!next(got, give_up) || !got) return false;
        error_code failed;
        if (PQresultStatus(got.get()) != PGRES_COMMAND_OK) {
            const auto code = judge(got.get(), *each);
            failed = code;
            unprepared.emplace(each, code);
            known.erase(each);
        }
        if (!receive_sync(*each, failed, give_up)) return false;
    }
    return true;
}

bool connection::state::receive(
    const transaction& work, std::optional<answer>& into, const std::function<bool()>& give_up) {
    std::vector<rows> out;
    error_code error;
    const auto before = preamble(work);
    const std::size_t extra = before.size();
    const prepared* last = &set_caller;
    for (std::size_t i = 0; i < work.statements.size() + extra; ++i) {
        last = i < extra ? before[i].statement : work.statements[i - extra].statement;
        result_ptr got, end;
        if (!next(got, give_up) || !got) return false;
        const auto status = PQresultStatus(got.get());
        if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
            if (i >= extra) out.push_back(read_rows(got.get()));
        } else if (status == PGRES_FATAL_ERROR) {
            if (!error) error = judge(got.get(), *last);
            into = error;
        } else if (status != PGRES_PIPELINE_ABORTED || !error) {
            return false;
        }
        if (!next(end, give_up) || end) return false;
    }
    if (!receive_sync(*last, error, give_up)) return false;
    into = error ? answer(error) : answer(std::move(out));
    return true;
}

void connection::run(std::span<const transaction> batch, const std::function<void(std::size_t, answer)>& done,
    const std::function<bool()>& give_up) {
    auto& s = *state_;
    s.preparing.clear();
    s.unprepared.clear();
    std::vector<bool> fit;
    for (const auto& each : batch) fit.push_back(!unfit(each));
    bool intact = s.link && s.send_all(batch, fit) && s.receive_preparations(give_up);
    int lost = 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        std::optional<answer> reply;
        if (!fit[i])
            reply = unfit(batch[i]);
        else if (intact)
            intact = s.receive(batch[i], reply, give_up);
        if (!reply) ++lost;
        done(i, reply ? std::move(*reply) : answer(errc::unavailable));
    }
    // libpq's message is not logged: in a pipeline it also holds the messages of earlier errors.
    if (!intact) log::warn("postgres.connection_lost", {{"transactions", lost}});
    if (!intact || s.stale) s.close();
}

}  // namespace airi::postgres
