#include "sql/statements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "sql/statement_parser.hpp"

namespace airi::sql {
namespace {

std::vector<postgres::prepared> read_all() {
    std::vector<postgres::prepared> found;
    for (const auto& file : query_files) {
        auto of_file = parse(file.name, file.text);
        std::move(of_file.begin(), of_file.end(), std::back_inserter(found));
    }
    std::ranges::sort(found, {}, &postgres::prepared::name);
    const auto repeated = std::ranges::adjacent_find(found, {}, &postgres::prepared::name);
    if (repeated != found.end())
        throw std::invalid_argument(fmt::format("sql/queries: {} is defined twice", repeated->name));
    return found;
}

const std::vector<postgres::prepared>& statements() {
    static const auto instance = read_all();
    return instance;
}

}  // namespace

const postgres::prepared* find(std::string_view name) {
    const auto& list = statements();
    const auto found = std::ranges::lower_bound(list, name, {}, &postgres::prepared::name);
    return found != list.end() && found->name == name ? &*found : nullptr;
}

const postgres::prepared& statement(std::string_view name) {
    if (const auto* found = find(name)) return *found;
    throw std::logic_error(fmt::format("no statement is named {}", name));
}

std::span<const postgres::prepared> all() { return statements(); }

std::string interval_text(milliseconds time) { return std::to_string(time.count()) + " milliseconds"; }

std::string array_text(std::span<const std::string> elements) {
    std::string out = "{";
    for (const auto& element : elements) {
        if (out.size() > 1) out += ',';
        out += '"';
        for (const char c : element) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    return out += '}';
}

argument::argument(std::string_view n, double v) : name(n), value(fmt::format("{}", v)) {}

postgres::bound bind(const postgres::prepared& statement, std::span<const argument> arguments) {
    postgres::bound out{&statement, {}};
    out.parameters.reserve(statement.parameters.size());
    for (const auto& parameter : statement.parameters) {
        const auto count = std::ranges::count(arguments, parameter, &argument::name);
        if (count != 1)
            throw std::logic_error(
                fmt::format("{}: parameter {} is {}", statement.name, parameter, count ? "given twice" : "missing"));
        out.parameters.push_back(std::ranges::find(arguments, parameter, &argument::name)->value);
    }
    if (arguments.size() == statement.parameters.size()) return out;
    const auto unknown = std::ranges::find_if(arguments, [&](const argument& given) {
        return std::ranges::find(statement.parameters, given.name) == statement.parameters.end();
    });
    throw std::logic_error(fmt::format("{} has no parameter {}", statement.name, unknown->name));
}

postgres::bound bind(std::string_view name, std::initializer_list<argument> arguments) {
    return bind(statement(name), std::span(arguments.begin(), arguments.size()));
}

}  // namespace airi::sql
