#include "platform/postgres/batch.hpp"

#include <algorithm>

namespace airi::postgres {
namespace {

// PostgreSQL manual, 8.15.6 (array input and output syntax).
void append_element(std::string& array, const std::optional<std::string>& element) {
    if (array.size() > 1) array += ',';
    if (!element) {
        array += "NULL";
        return;
    }
    array += '"';
    for (const char c : *element) {
        if (c == '"' || c == '\\') array += '\\';
        array += c;
    }
    array += '"';
}

rows rows_of(const rows& all, std::size_t ordinal) {
    rows out;
    out.columns_ = all.columns_ - 1;
    for (std::size_t row = 0; row < all.size(); ++row) {
        if (all.integer(row, 0) != static_cast<std::int64_t>(ordinal)) continue;
        const auto first = all.cells_.begin() + static_cast<std::ptrdiff_t>(row * all.columns_);
        out.cells_.insert(out.cells_.end(), first + 1, first + static_cast<std::ptrdiff_t>(all.columns_));
        ++out.affected_;
    }
    return out;
}

}  // namespace

merged_transactions::merged_transactions(const std::vector<const transaction*>& members) {
    whole_.caller = members.front()->caller;
    for (const auto* member : members) {
        auto& places = members_.emplace_back();
        for (const auto& each : member->statements) places.push_back(add(each, member->statements.size() == 1));
    }
    for (auto& each : whole_.statements)
        if (each.statement && each.statement->batch)
            for (auto& array : each.parameters) *array += '}';
}

merged_transactions::place merged_transactions::add(const bound& execution, bool may_join) {
    if (!execution.statement || !execution.statement->batch) {
        whole_.statements.push_back(execution);
        sizes_.push_back(1);
        return {whole_.statements.size() - 1, 0};
    }
    const auto joins = [&](const bound& each) {
        return may_join && each.statement == execution.statement &&
               each.parameters.size() == execution.parameters.size();
    };
    auto found = std::find_if(whole_.statements.begin(), whole_.statements.end(), joins);
    if (found == whole_.statements.end()) {
        const std::vector<std::optional<std::string>> arrays(execution.parameters.size(), "{");
        whole_.statements.push_back({execution.statement, arrays});
        sizes_.push_back(0);
        found = whole_.statements.end() - 1;
    }
    const auto number = static_cast<std::size_t>(found - whole_.statements.begin());
    for (std::size_t i = 0; i < execution.parameters.size(); ++i)
        append_element(*found->parameters[i], execution.parameters[i]);
    return {number, ++sizes_[number]};
}

std::vector<std::vector<rows>> merged_transactions::divide(std::vector<rows> all) const {
    std::vector<std::vector<rows>> out;
    out.reserve(members_.size());
    for (const auto& places : members_) {
        auto& own = out.emplace_back();
        for (const auto& [statement, ordinal] : places)
            own.push_back(ordinal == 0 ? std::move(all[statement]) : rows_of(all[statement], ordinal));
    }
    return out;
}

}  // namespace airi::postgres
