#include "workers/moderation/provider_scores.hpp"

#include <algorithm>
#include <chrono>

#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "workers/moderation/thresholds.hpp"

namespace airi::workers::moderation {
namespace {

using std::chrono::steady_clock;

// A provider may ask for an hour, in which no minor would be answered.
constexpr milliseconds longest_pause{60'000};

// The text in pieces that a request takes, cut between code points.
std::vector<std::string_view> pieces_of(std::string_view text) {
    constexpr auto most = providers::openai_moderation::most_text_bytes;
    std::vector<std::string_view> out;
    while (text.size() > most) {
        auto end = most;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
        out.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    if (!text.empty()) out.push_back(text);
    return out;
}

}  // namespace

provider_scores::shared_scores provider_scores::find(const std::string& digest) {
    const auto found = known_.find(digest);
    if (found == known_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, found->second);
    return found->second->second;
}

void provider_scores::remember(std::string digest, shared_scores scores) {
    if (known_.contains(digest)) return;
    recent_.emplace_front(std::move(digest), std::move(scores));
    known_.emplace(recent_.front().first, recent_.begin());
    if (known_.size() <= most_known) return;
    known_.erase(recent_.back().first);
    recent_.pop_back();
}

awaitable<std::optional<providers::category_scores>> provider_scores::scores_of(std::vector<std::string_view> texts) {
    providers::category_scores out;
    std::vector<std::string> unknown, digests;
    std::size_t bytes = 0;
    for (const auto& text : texts)
        for (const auto piece : pieces_of(text)) {
            auto digest = digest::sha256(piece);
            if (const auto scores = find(digest)) {
                add_highest(out, *scores);
                continue;
            }
            if (bytes + piece.size() > providers::openai_moderation::most_bytes ||
                std::ranges::find(digests, digest) != digests.end())
                continue;
            bytes += piece.size();
            unknown.emplace_back(piece);
            digests.push_back(std::move(digest));
        }
    if (unknown.empty()) co_return out;
    const auto got = co_await ask(unknown);
    if (!got) co_return std::nullopt;
    for (std::size_t i = 0; i < got->size(); ++i) {
        add_highest(out, (*got)[i]);
        remember(std::move(digests[i]), std::make_shared<const providers::category_scores>((*got)[i]));
    }
    co_return out;
}

awaitable<result<std::vector<providers::category_scores>>> provider_scores::ask(const std::vector<std::string>& texts) {
    const auto began = steady_clock::now();
    if (!health_.allows(began)) co_return providers::errc::unavailable;
    auto got = co_await provider_.scores_of(texts);
    const auto ended = steady_clock::now();
    if (got) {
        health_.succeeded(ended, std::chrono::duration_cast<milliseconds>(ended - began));
        co_return got;
    }
    // The texts are not to blame: a refused request, too, leaves messages unchecked.
    const auto why = got.error() == providers::errc::rate_limited ? got.error() : providers::errc::unavailable;
    health_.failed(ended, why, std::min(provider_.retry_after(), longest_pause));
    log::warn("moderation.failed", {{"provider", providers::openai_moderation::name}, {"reason", got.error().message()},
                                       {"pause_ms", health_.excluded_for(ended).count()}});
    co_return got;
}

}  // namespace airi::workers::moderation
