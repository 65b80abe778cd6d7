#include "gateway/services/services.hpp"

namespace airi::gateway {

std::vector<std::string> allowed_origins(const services& services) {
    auto out = services.options.origins;
    if (!services.options.product_origins) return out;
    const auto rows = services.catalogue.rows();
    out.insert(out.end(), rows->answers.origins.begin(), rows->answers.origins.end());
    return out;
}

std::string_view missing_of(const services& services) {
    if (services.draining) return "the gateway drains";
    if (!services.database.available()) return "postgres is away";
    if (!services.publisher.available()) return "kafka is away";
    return services.catalogue.rows()->loaded ? "" : "the profile is not loaded";
}

}  // namespace airi::gateway
