// Executions of batch statements become one with arrays on the way to the server; its rows are divided by their
// ordinals on the way back. Used by pool.cpp. No I/O.
#pragma once

#include <vector>

#include "platform/postgres/postgres.hpp"

namespace airi::postgres {

class merged_transactions {
public:
    /// Takes the members' statements in order. Executions of one batch statement by members with no other statement
    /// become one.
    explicit merged_transactions(const std::vector<const transaction*>& members);

    /// To be run instead of the members; it has the first member's caller. Called once.
    transaction take() { return std::move(whole_); }
    /// The rows of each member's statements, from those of the whole.
    std::vector<std::vector<rows>> divide(std::vector<rows>) const;

private:
    struct place {
        std::size_t statement;
        std::size_t ordinal;  // of the member's rows in a batch, from 1; 0: no batch
    };
    place add(const bound&, bool may_join);

    transaction whole_;
    std::vector<std::vector<place>> members_;
    std::vector<std::size_t> sizes_;  // executions in each statement of the whole
};

}  // namespace airi::postgres
