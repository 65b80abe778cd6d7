// The Postgres port: a transaction is a list of bound statements that go in one flight (libpq pipeline) and succeed or
// fail as one. Used by gateway and workers through sql/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"

namespace airi::postgres {

/// unavailable: no connection, or it broke (also in the middle: the outcome is unknown, ask again with the same ids):
/// outage. conflict (serialization, deadlock, lock timeout): again. duplicate (unique key), invalid (check, not-null,
/// bad value, foreign key), denied (row-level security): refused. fenced (SQLSTATE AI001, raised by our own functions
/// when a lease is lost): again, beginning with the claim. unmigrated (a table, function or grant is missing): outage.
/// broken: any other error of the server.
enum class errc { unavailable = 1, conflict, duplicate, invalid, denied, fenced, unmigrated, broken };
error_code make_error_code(errc);

/// A prepared statement: its name and text with $1…$n. Lives in sql/; address-stable for the program's life.
struct prepared {
    std::string name;
    std::string text;
    std::vector<std::string> parameters;  ///< names in the order of $1…$n
};

/// A prepared statement with its parameters in text form; nullopt is NULL.
struct bound {
    const prepared* statement = nullptr;
    std::vector<std::optional<std::string>> parameters;
};

/// The rows of one statement, in text form.
class rows {
public:
    std::size_t size() const noexcept { return cells_.size() / (columns_ ? columns_ : 1); }
    bool empty() const noexcept { return size() == 0; }
    /// Rows changed by insert, update, delete; rows returned otherwise.
    std::int64_t affected() const noexcept { return affected_; }
    bool is_null(std::size_t row, std::size_t column) const { return !cells_[row * columns_ + column]; }
    /// The cell's text; empty for NULL.
    std::string_view text(std::size_t row, std::size_t column) const {
        const auto& cell = cells_[row * columns_ + column];
        return cell ? std::string_view(*cell) : std::string_view{};
    }

    std::vector<std::optional<std::string>> cells_;
    std::size_t columns_ = 0;
    std::int64_t affected_ = 0;
};

struct transaction {
    /// Set as airi.user_id for the transaction: row-level security sees this user and no other. None for workers.
    std::optional<user_id> caller;
    std::vector<bound> statements;
};

/// Thread safe. A bounded pool of connections, each on a thread of its own.
class database {
public:
    virtual ~database() = default;
    /// All statements in one flight, committed together; one `rows` per statement. On an error nothing has happened,
    /// except after `unavailable`, where it is unknown.
    virtual awaitable<result<std::vector<rows>>> run(transaction) = 0;
    virtual bool available() const = 0;
};

struct pool_options {
    secret url;
    std::size_t connections = 8;
    std::size_t waiting = 10'000;  ///< queued transactions beyond which run() ends with `unavailable`
};
std::unique_ptr<database> open(pool_options);

}  // namespace airi::postgres

template <>
struct boost::system::is_error_code_enum<airi::postgres::errc> : std::true_type {};
