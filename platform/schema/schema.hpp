// JSON Schema (draft 7) for untrusted documents: reports all faults, each with its JSON pointer. Used by the gateway.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/json.hpp"

namespace airi::schema {

struct fault {
    std::string pointer;  ///< RFC 6901; for a missing or unknown member, the place it would have
    std::string message;  ///< for people
};

/// One definition of a schema document, ready to validate. Thread safe.
///
/// `pattern` is matched by std::regex, which uses stack for each matched character: patterns must be anchored and their
/// repetitions bounded. A string must fit its `format`, which formats.hpp must know.
class validator {
public:
    /// `definition` is a member of `document`'s `$defs`. Throws std::invalid_argument when it is missing or
    /// invalid, or when the document has an unknown format.
    validator(std::string_view document, std::string_view definition);
    validator(validator&&) noexcept;
    ~validator();

    /// The faults in document order, at most 20; empty for a valid document. A duplicate member is a fault.
    std::vector<fault> check(json::value) const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace airi::schema
