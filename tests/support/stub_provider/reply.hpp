// The words of the stub provider's replies: the same for the same script, so that tests know what must be stored.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/stub_provider/script.hpp"

namespace airi::stub_provider {

class reply {
public:
    reply(const script& plan, std::string_view last_user_message);

    std::size_t count() const { return count_; }
    std::string token(std::size_t index) const;  // with the blank before it, except for the first
    std::string text(std::size_t tokens) const;
    void cut_to(std::size_t tokens);  // the request's own limit
    bool was_cut() const { return was_cut_; }

private:
    std::size_t count_;
    std::size_t size_;
    bool utf8_;
    bool was_cut_ = false;
    std::vector<std::string> echoed_;
};

}  // namespace airi::stub_provider
