// The words the stand-in says: the same for the same script, so that a test can tell what must be stored.
// Used by perform.cpp and the dialects.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/standin/script.hpp"

namespace airi::standin {

class reply {
public:
    reply(const script& how, std::string_view last_user_message);

    std::size_t count() const { return x_count; }
    std::string token(std::size_t index) const;  // with the blank before it, except the first
    std::string text(std::size_t tokens) const;
    void cut_to(std::size_t tokens);  // the asker's own limit
    bool was_cut() const { return x_was_cut; }

private:
    std::size_t x_count;
    std::size_t x_size;
    bool x_utf8;
    bool x_was_cut = false;
    std::vector<std::string> x_echoed;
};

}  // namespace airi::standin
