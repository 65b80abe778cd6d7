// A value that must never be printed: keys, passwords, tokens, connection strings. Has no formatter and no operator<<.
#pragma once

#include <string>
#include <utility>

namespace airi {

class secret {
public:
    secret() = default;
    explicit secret(std::string value) : value_(std::move(value)) {}

    /// The value itself, for the one call that needs it. Never log what this returns.
    const std::string& reveal() const noexcept { return value_; }
    bool empty() const noexcept { return value_.empty(); }

private:
    std::string value_;
};

}  // namespace airi
