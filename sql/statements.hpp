// The named statements of sql/queries, parsed once from the text embedded in the program.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/base/embedded.hpp"
#include "platform/base/ids.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::sql {

/// The statement of that name, or null. Lives as long as the program.
const postgres::prepared* find(std::string_view name);
/// As find(), but throws std::logic_error for an unknown name.
const postgres::prepared& statement(std::string_view name);
/// All statements, by name.
std::span<const postgres::prepared> all();

/// The Postgres text of an interval: "10000 milliseconds".
std::string interval_text(milliseconds);

/// The Postgres text of an array: {"a","b"}.
std::string array_text(std::span<const std::string> elements);

/// A named value in Postgres's text format.
struct argument {
    std::string_view name;
    std::optional<std::string> value;

    argument(std::string_view n, std::nullopt_t) : name(n) {}
    argument(std::string_view n, std::string v) : name(n), value(std::move(v)) {}
    argument(std::string_view n, std::string_view v) : name(n), value(v) {}
    argument(std::string_view n, const char* v) : name(n), value(v) {}
    argument(std::string_view n, bool v) : name(n), value(v ? "true" : "false") {}
    argument(std::string_view n, double v);
    template <std::integral Int>
        requires(!std::same_as<Int, bool>)
    argument(std::string_view n, Int v) : name(n), value(std::to_string(v)) {}
    argument(std::string_view n, const uuid& v) : name(n), value(v.text()) {}
    template <class Tag>
    argument(std::string_view n, const id<Tag>& v) : name(n), value(v.text()) {}
    argument(std::string_view n, instant v) : name(n), value(to_text(v)) {}
    argument(std::string_view n, const std::vector<std::string>& v) : name(n), value(array_text(v)) {}
    template <class T>
    argument(std::string_view n, const std::optional<T>& v) : name(n) {
        if (v) value = argument(n, *v).value;
    }
};

/// Binds the parameters of a statement by name. Throws std::logic_error for a missing, unknown or repeated one.
postgres::bound bind(std::string_view name, std::initializer_list<argument> arguments);
postgres::bound bind(const postgres::prepared& statement, std::span<const argument> arguments);

extern const std::span<const embedded_file> query_files;

}  // namespace airi::sql
