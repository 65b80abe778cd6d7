// JSON Schema (draft 7) for untrusted documents: all faults at once, each at its JSON pointer. Used by the gateway.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/json.hpp"

namespace airi::schema {

struct fault {
    std::string pointer;  ///< RFC 6901, of the document; of a missing or unknown member, where it would be
    std::string message;  ///< for people
};

/// One definition of a schema document, ready to validate. Thread safe.
///
/// `pattern` is matched by std::regex, which needs stack for each character it takes: patterns are anchored and their
/// repetitions bounded. `format` is for readers; nothing is checked by it.
class validator {
public:
    /// `definition` is a member of `document`'s `$defs`. Throws std::invalid_argument when it is not there, or cannot
    /// be read.
    validator(std::string_view document, std::string_view definition);
    validator(validator&&) noexcept;
    ~validator();

    /// What is wrong, in the document's order, at most 20; empty when nothing is. A member that is there twice is a
    /// fault.
    std::vector<fault> check(json::value) const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace airi::schema
