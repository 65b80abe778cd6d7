#include "platform/safety/gate.hpp"

#include <stdexcept>

namespace airi::safety {

gate::gate() : rules_(&built_in()) {}

gate::gate(std::string_view policy_json) : gate() {
    auto read = policy::parse(policy_json);
    if (!read) throw std::invalid_argument("crisis_policy: " + read.error().message());
    policy_ = std::move(*read);
    if (policy_.rules.empty()) return;
    own_ = std::make_shared<const rules>(built_in_files(), policy_.rules);
    rules_ = own_.get();
}

gate::checked gate::check_text(
    std::string_view utf8, const conversation& before, time_point now, const moderation_scores& scores) const {
    checked out{observe(utf8, *rules_), {}};
    out.decided = decide(out.seen, before, now, scores);
    return out;
}

step gate::decide(
    const observation& seen, const conversation& before, time_point now, const moderation_scores& scores) const {
    return next(before, seen, scores, now, policy_);
}

}  // namespace airi::safety
