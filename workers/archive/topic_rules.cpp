#include "workers/archive/topic_rules.hpp"

#include <algorithm>

#include "events/topics.hpp"

namespace airi::workers::archive {

bool is_sealed(std::string_view topic) {
    for (const std::string_view suffix : {events::dead_letter_suffix, events::retry_suffix})
        if (topic.ends_with(suffix)) topic.remove_suffix(suffix.size());
    return std::ranges::find(clear_topics, topic) == clear_topics.end();
}

}  // namespace airi::workers::archive
