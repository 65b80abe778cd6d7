#include "gateway/services/services.hpp"

namespace airi::gateway {

std::vector<std::string> allowed_origins(const services& services) {
    auto out = services.options.origins;
    if (!services.options.product_origins) return out;
    const auto rows = services.catalogue.rows();
    out.insert(out.end(), rows->answers.origins.begin(), rows->answers.origins.end());
    return out;
}

}  // namespace airi::gateway
