// What is remembered of conversations, typed: the titles and summaries that models make. Used by the memory worker.
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
    std::string at;  ///< its time, as Postgres wrote it
};

/// What is to be done after a turn.
struct due {
    std::int64_t rank = 0;
    std::vector<std::string> providers;   ///< the plan allows these only; empty: all
    std::string question, reply;          ///< to make a title of; empty: none is wanted
    std::vector<turn> turns;              ///< to go into the summary, oldest first; empty: none
    std::string summary, until;           ///< as it is now; empty: there is none
    bool titled = false, folded = false;  ///< tried for this turn before
};

/// `title` and `summary` are the ids under which that work's calls are kept.
postgres::bound look(const events::chat_finished&, const generation_id& title, const generation_id& summary);
/// None when nothing is to be done.
std::optional<due> read_due(std::string_view json);

/// The title takes the place of the first words, if nobody else named it; an empty one only keeps the calls.
postgres::bound title(const events::chat_finished&, const generation_id& id, std::string_view title,
    const std::vector<generations::provider_call>&);

struct folding {
    std::string summary;        ///< empty: only the calls are kept
    std::string before, until;  ///< what it covered and what it covers
    std::size_t turns = 0;      ///< that came in
};
postgres::bound fold(const events::chat_finished&, const generation_id& id, const folding&,
    const std::vector<generations::provider_call>&);

/// What came of one of the two; told again when it was done before.
struct done {
    std::string conversation;  ///< JSON, when clients see a change; empty otherwise
    bool billed = false;
    std::string provider, model;
    std::int64_t tokens_in = 0, tokens_out = 0, cost_nanousd = 0;
    instant at;
};
std::optional<done> read_done(std::string_view json);

}  // namespace airi::sql::memories
