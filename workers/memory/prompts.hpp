// What the memory worker asks of a model, and what it makes of the answer. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sql/memories.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::memory {

inline constexpr std::size_t longest_title = 60;      ///< characters
inline constexpr std::size_t longest_summary = 4000;  ///< bytes

/// Without a model's name: whoever is asked gets the same.
providers::prompt title_prompt(std::string_view question, std::string_view reply);
providers::prompt summary_prompt(std::string_view so_far, std::span<const sql::memories::turn> next);

/// One line without what models put around a title; empty when nothing is left.
std::string title_of(std::string_view answer);
std::string summary_of(std::string_view answer);

/// How many of the turns one question about them takes: at least one.
std::size_t taken_at_once(std::string_view so_far, std::span<const sql::memories::turn> turns);

}  // namespace airi::workers::memory
