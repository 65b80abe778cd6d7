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

std::vector<std::string> topics_of_gateway() {
    return std::apply(
        [](const auto&... event) {
            return std::vector<std::string>{std::string(std::remove_cvref_t<decltype(event)>::topic)...};
        },
        of_gateway{});
}

int partitions_of(std::string_view topic, int whole) {
    if (topic.ends_with(dead_letter_suffix)) return 1;
    return topic.ends_with(retry_suffix) ? (whole + 3) / 4 : whole;
}

}  // namespace airi::events
