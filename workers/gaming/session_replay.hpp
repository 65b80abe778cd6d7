// The decisions of a session of a game made again from its records, by the code that made them. Pure. Used by airi-ctl.
#pragma once

#include <string>
#include <vector>

#include "events/gaming.hpp"
#include "platform/crypto/seal.hpp"

namespace airi::workers::gaming {

/// One decision, without any text.
struct decision_again {
    std::int64_t epoch = 0, number = 0;
    std::string what;           ///< words, or a command's origin and verb
    std::string recorded, now;  ///< the decision then, and made again
    std::string difference;     ///< in words; empty: there is none
};

struct session_again {
    std::vector<decision_again> decisions;
    /// The first record that is missing, cannot be read or is decided otherwise; empty: there is none.
    std::string difference;
    int without_inputs = 0;  ///< records whose inputs were too long or had no key
};

/// `records`: all of one session, in any order, some of them perhaps twice. `key`: of the session's user.
session_again decide_again(std::vector<events::gaming_changed> records, const seal::key& key);

}  // namespace airi::workers::gaming
