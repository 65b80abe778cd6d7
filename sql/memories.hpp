// Typed access to conversation memory: the titles and summaries by models.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/generations.hpp"

namespace airi::sql::memories {

struct turn {
    bool by_user = true;
    std::string text;
    std::string at;  ///< its time in Postgres's text format
};

/// The work that is due after a turn.
struct due {
    std::int64_t rank = 0;
    std::vector<std::string> providers;   ///< the only ones that the plan allows; empty: all
    std::string question, reply;          ///< for a title; empty: none is due
    std::vector<turn> turns;              ///< to fold into the summary, oldest first; empty: none
    std::string summary, until;           ///< the present one; empty: none
    bool titled = false, folded = false;  ///< attempted for this turn before
};

/// `title` and `summary` are the ids under which the calls of that work are stored.
postgres::bound find_due(const events::chat_finished&, const generation_id& title, const generation_id& summary);
/// None when no work is due.
std::optional<due> read_due(std::string_view json);

/// Replaces the first words by the title, unless another title came first; an empty title stores the calls only.
postgres::bound title(const events::chat_finished&, const generation_id& id, std::string_view title,
    const std::vector<generations::provider_call>&);

struct folding {
    std::string summary;        ///< empty: only the calls are stored
    std::string before, until;  ///< the end of the previous summary and of this one
    std::size_t turns = 0;      ///< added to the summary
};
postgres::bound fold(const events::chat_finished&, const generation_id& id, const folding&,
    const std::vector<generations::provider_call>&);

/// The result of title() or fold(); the same again when repeated.
struct done {
    std::string conversation;  ///< as JSON, when it changed for clients; empty otherwise
    std::vector<generations::ledger_line> calls;
};
std::optional<done> read_done(std::string_view json);

}  // namespace airi::sql::memories
