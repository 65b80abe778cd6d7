// OpenAI's moderation API (https://platform.openai.com/docs/api-reference/moderations): texts in, a score for each
// category out. Used by the moderation worker.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/rotated_secret.hpp"
#include "platform/http/client.hpp"

namespace airi::workers::providers {

/// 0 to 1 by category, as OpenAI names them ("harassment/threatening"); categories of later models are among them.
using category_scores = std::map<std::string, double, std::less<>>;

struct moderation_account {
    std::string base_url;  ///< with the API's path: https://api.openai.com/v1
    rotated_secret key;

    bool configured() const { return !key.empty(); }
};

class openai_moderation {
public:
    static constexpr std::string_view name = "openai_moderation";  ///< in logs
    static constexpr std::string_view model = "omni-moderation-latest";
    /// A whole request may take as long.
    static constexpr milliseconds limit{2'000};
    /// The model takes 32,768 tokens of a text, and a token is a byte at least: a text of so many bytes is never too
    /// long for it.
    static constexpr std::size_t most_text_bytes = 32'000;
    /// Of all texts of a request together; ours, so that a request is answered within the limit.
    static constexpr std::size_t most_bytes = 4 * most_text_bytes;

    /// `http` must outlive it.
    openai_moderation(http::client& http, moderation_account account) : http_(http), account_(std::move(account)) {}

    /// The scores of each text, in their order. `texts` are valid UTF-8 and within both sizes. Errors are
    /// those of provider.hpp, each of which means that nothing is known of the texts: `malformed` for an answer that
    /// is no JSON, lacks a text or a score, or has one outside 0 to 1.
    awaitable<result<std::vector<category_scores>>> scores_of(const std::vector<std::string>& texts);
    /// The pause that the last error asked for; 0: none.
    milliseconds retry_after() const { return retry_after_; }

private:
    http::client& http_;
    moderation_account account_;
    milliseconds retry_after_{0};
};

/// The scores in the body of an answer for so many texts; `malformed` as above.
result<std::vector<category_scores>> read_moderation(std::string_view body, std::size_t texts);

}  // namespace airi::workers::providers
