// The products, for tests that walk over their databases. The numbers of their documents are in tests/products.
#pragma once

#include <string_view>

namespace airi::tests {

struct documented_profile {
    std::string_view profile, default_plan, product_name;
};
inline constexpr documented_profile documented_profiles[] = {
    {"saas", "free", "AIRI"},
    {"airi", "free", "AIRI Platform"},
    {"howto", "free", "How-to-AI"},
    {"ezri", "free", "Ezri"},
    {"statex", "standard", "Statex"},
};

}  // namespace airi::tests
