// An error category as a table: one row per code with its message and what a caller may do about it. Used by every
// module that has error codes of its own.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"

namespace airi {

template <class Errc>
struct error_row {
    Errc code;
    std::string_view message;
    failure kind;
};

/// `rows` must outlive the table: both are static in the module's make_error_code(). A code without a row is
/// failure::broken.
template <class Errc>
class error_table final : public boost::system::error_category {
public:
    constexpr error_table(const char* name, std::span<const error_row<Errc>> rows) noexcept
        : name_(name), rows_(rows) {}

    error_code code(Errc code) const noexcept { return {static_cast<int>(code), *this}; }

    const char* name() const noexcept override { return name_; }
    std::string message(int value) const override {
        const auto* row = find(value);
        return std::string(row ? row->message : "unknown");
    }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        const auto* row = find(value);
        return make_error_condition(row ? row->kind : failure::broken);
    }

private:
    const error_row<Errc>* find(int value) const noexcept {
        for (const auto& row : rows_)
            if (static_cast<int>(row.code) == value) return &row;
        return nullptr;
    }

    const char* name_;
    std::span<const error_row<Errc>> rows_;
};

}  // namespace airi
