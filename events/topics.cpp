#include "events/topics.hpp"

#include "events/all.hpp"

namespace airi::events {

std::vector<std::string> topics() {
    std::vector<std::string> out;
    std::apply(
        [&](const auto&... event) {
            for (std::string_view topic : {std::remove_cvref_t<decltype(event)>::topic...}) {
                out.emplace_back(topic);
                out.push_back(std::string(topic) + retry_suffix);
                out.push_back(std::string(topic) + dead_letter_suffix);
            }
        },
        all{});
    return out;
}

}  // namespace airi::events
