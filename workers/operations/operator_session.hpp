// Transactions of an operator, whose name the audit log gets. Used by airi-ctl.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "platform/base/json.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::workers::operations {

/// The login name of the user that runs the process.
std::string login_name();

/// Blocks; for one thread. The database's functions take an operator for a super; the URL's role must be one that may
/// act as airi_owner.
class operator_session {
public:
    /// Throws std::invalid_argument when the URL cannot be read.
    operator_session(const secret& database_url, std::string name);

    /// The rows of the statement. `caller`: the user whose rows it is about, where it is about a caller's.
    result<postgres::rows> run(postgres::bound, std::optional<user_id> caller = std::nullopt);
    /// Stores an entry of the audit log.
    result<> record(std::string_view action, std::string_view subject, json::object details);

private:
    boost::asio::io_context io_{1};
    std::unique_ptr<postgres::database> database_;
    std::string name_;
};

}  // namespace airi::workers::operations
