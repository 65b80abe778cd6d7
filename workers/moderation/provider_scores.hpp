// The scores that a moderation provider gives to texts: known ones are not asked for again, and a provider that fails
// is left alone for a while. Used by the moderation worker, on its one thread.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "workers/providers/health.hpp"
#include "workers/providers/moderation/openai.hpp"

namespace airi::workers::moderation {

class provider_scores {
public:
    /// A shorter pause than a chat provider's: meanwhile nothing is checked, and minors are not answered.
    static constexpr providers::health_policy policy{.failures_to_open = 3, .open_for = milliseconds{10'000}};
    static constexpr std::size_t most_known = 4096;

    /// `provider` must outlive it, and it its coroutines.
    explicit provider_scores(providers::openai_moderation& provider) : provider_(provider) {}

    /// The highest scores over the texts, which are valid UTF-8. None: the provider did not answer, or is left alone.
    /// One request asks for all unknown texts, the first ones first. A text that is too long for the provider is cut
    /// into several; what a request has no room for is left out, but nothing of a first text that fits.
    awaitable<std::optional<providers::category_scores>> scores_of(std::vector<std::string_view> texts);

    std::size_t known() const noexcept { return known_.size(); }
    const providers::health& health() const noexcept { return health_; }

private:
    using shared_scores = std::shared_ptr<const providers::category_scores>;
    shared_scores find(const std::string& digest);
    void remember(std::string digest, shared_scores);
    awaitable<result<std::vector<providers::category_scores>>> ask(const std::vector<std::string>& texts);

    providers::openai_moderation& provider_;
    providers::health health_{policy};
    std::list<std::pair<std::string, shared_scores>> recent_;  ///< by digests, the last used first
    std::unordered_map<std::string_view, std::list<std::pair<std::string, shared_scores>>::iterator> known_;
};

}  // namespace airi::workers::moderation
