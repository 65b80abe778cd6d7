// The prompts of the memory worker, and how it reads the answers. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sql/memories.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::memory {

inline constexpr std::size_t longest_title = 60;      ///< characters
inline constexpr std::size_t longest_summary = 4000;  ///< bytes

/// The model's name is left empty: every model gets the same prompt.
providers::prompt title_prompt(std::string_view question, std::string_view reply);
providers::prompt summary_prompt(std::string_view so_far, std::span<const sql::memories::turn> next);

/// One line without the quotation marks and labels that models put around a title; empty when nothing is left.
std::string title_of(std::string_view answer);
std::string summary_of(std::string_view answer);

/// How many of the turns fit into one request, at least one.
std::size_t turns_per_request(std::string_view so_far, std::span<const sql::memories::turn> turns);

}  // namespace airi::workers::memory
