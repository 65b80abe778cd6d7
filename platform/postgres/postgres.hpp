// The Postgres port: a transaction is a list of bound statements that go in one flight (libpq pipeline) and succeed or
// fail as one. Used by gateway and workers through sql/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"

namespace airi::postgres {

/// unavailable (no connection, or it broke, also in the middle: the outcome is unknown, ask again with the same ids; no
/// disk, no memory), busy (lock or statement time-out) and conflict (serialization, deadlock, stale statement): outage,
/// since other sessions cause them and not the input. duplicate (unique key), invalid (check, not-null, bad value,
/// foreign key), denied (row-level security): refused. fenced (SQLSTATE AI001, raised by our own functions when a lease
/// is lost): again, beginning with the claim. unmigrated (a table, column, function or grant is missing) and damaged
/// (corrupted data): misconfigured. broken: any other error of the server.
enum class errc { unavailable = 1, busy, conflict, duplicate, invalid, denied, fenced, unmigrated, damaged, broken };
error_code make_error_code(errc);

/// A prepared statement: its name and text with $1…$n. Lives in sql/; address-stable for the program's life.
struct prepared {
    std::string name;
    std::string text;
    std::vector<std::string> parameters;  ///< names in the order of $1…$n
    /// Its parameters are arrays with an element for each execution, and its first column is the ordinal (from 1) of
    /// the row's execution. Bound and read as if it were neither: executions in one group become one.
    bool batch = false;
};

/// A prepared statement with its parameters in text form; nullopt is NULL.
struct bound {
    const prepared* statement = nullptr;
    std::vector<std::optional<std::string>> parameters;
};

/// The rows of one statement, in text form. A reader must name a cell that is there.
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
    /// None for NULL.
    std::optional<std::string> optional_text(std::size_t row, std::size_t column) const;
    /// False for NULL.
    bool boolean(std::size_t row, std::size_t column) const { return text(row, column) == "t"; }
    /// 0 for NULL, and for a text that is no whole number.
    std::int64_t integer(std::size_t row, std::size_t column) const;
    /// 0 for NULL, and for a text that is no number.
    double number(std::size_t row, std::size_t column) const;
    /// None for NULL.
    template <class Id>
    std::optional<Id> id(std::size_t row, std::size_t column) const {
        return Id::parse(text(row, column));
    }

    /// A whole row, column by column from the first: `const auto [id, name, is_new] = rows.read<user_id,
    /// std::string_view, bool>(0);`. A string_view lives as long as the rows; NULL is a default value, or none where
    /// the type is optional.
    template <class... Types>
    std::tuple<Types...> read(std::size_t row) const {
        std::size_t column = 0;
        return std::tuple<Types...>{cell<Types>(row, column++)...};  // braces: from left to right
    }

    std::vector<std::optional<std::string>> cells_;
    std::size_t columns_ = 0;
    std::int64_t affected_ = 0;

private:
    template <class Type>
    struct nullable {
        static constexpr bool value = false;
    };
    template <class Type>
    struct nullable<std::optional<Type>> {
        static constexpr bool value = true;
        using type = Type;
    };

    template <class Type>
    Type cell(std::size_t row, std::size_t column) const {
        if constexpr (nullable<Type>::value) {
            if (is_null(row, column)) return std::nullopt;
            return cell<typename nullable<Type>::type>(row, column);
        } else if constexpr (std::is_same_v<Type, bool>) {
            return boolean(row, column);
        } else if constexpr (std::is_integral_v<Type>) {
            return static_cast<Type>(integer(row, column));
        } else if constexpr (std::is_floating_point_v<Type>) {
            return number(row, column);
        } else if constexpr (std::is_constructible_v<Type, std::string_view>) {
            return Type(text(row, column));
        } else {
            return Type::parse(text(row, column)).value_or(Type{});
        }
    }
};

struct transaction {
    /// Set as airi.user_id for the transaction: row-level security sees this user and no other. None for workers.
    std::optional<user_id> caller;
    std::vector<bound> statements;
    /// Set: while another group is being committed, the transaction waits and is then committed together with all that
    /// wait like it, in the order of these texts (so that two groups lock rows in the same order). When a group fails,
    /// each member is repeated alone; a member's error is only ever its own. Not for one with a caller.
    std::optional<std::string> group_order = std::nullopt;
};

/// The connections of a pool at this moment, and the transactions that wait for one.
struct pool_use {
    std::size_t most = 0, idle = 0, used = 0, waiting = 0;
    std::uint64_t timeouts = 0;  ///< transactions that ended as `busy` because none became free, so far
};

/// Thread safe. A bounded pool of connections, each on a thread of its own.
class database {
public:
    virtual ~database() = default;
    /// All statements in one flight, committed together; one `rows` per statement. On an error nothing has happened,
    /// except after `unavailable`, where it is unknown.
    virtual awaitable<result<std::vector<rows>>> run(transaction) = 0;
    virtual bool available() const = 0;
    virtual pool_use use() const { return {}; }
};

/// One statement as a transaction of its own; its rows. `caller` as in transaction.
awaitable<result<rows>> run_one(database&, std::optional<user_id> caller, bound statement);

/// The same without a caller, in a group (transaction::group_order).
awaitable<result<rows>> run_grouped(database&, std::string order, bound statement);

struct pool_options {
    secret url;
    std::size_t connections = 8;
    std::size_t waiting = 10'000;       ///< queued transactions beyond which run() ends with `unavailable`
    milliseconds longest_wait{10'000};  ///< for a connection, after which run() ends with `busy`
    milliseconds group_linger{0};       ///< how long a group waits for members besides the commit before it
    bool read_only = false;             ///< the server refuses each change of a row
};
std::unique_ptr<database> open(pool_options);

}  // namespace airi::postgres

template <>
struct boost::system::is_error_code_enum<airi::postgres::errc> : std::true_type {};
