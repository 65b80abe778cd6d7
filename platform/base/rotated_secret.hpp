// A key that is replaced while programs run: given as a file, it follows the file. Held by the clients of providers.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "platform/base/clock.hpp"
#include "platform/base/secret.hpp"

namespace airi {

class rotated_secret {
public:
    rotated_secret() = default;
    /// Whitespace around the value, such as a line end, is no part of it.
    rotated_secret(const secret& value);

    /// From now on the value is the file's. `name` is the setting's, for the log.
    void follow(std::string name, std::string path, seconds look_every = seconds{10});

    /// The value. Looks at the file when the last look is older than `look_every`; one that is empty, or cannot be
    /// read, changes nothing and is logged as secret.unreadable. Any thread.
    secret current() const;
    bool empty() const { return current().empty(); }

private:
    struct state;
    std::shared_ptr<state> state_;  // of all copies
};

}  // namespace airi
