#include "workers/providers/moderation/openai.hpp"

#include "platform/base/json.hpp"
#include "workers/providers/llm/refusal.hpp"

namespace airi::workers::providers {
namespace {

constexpr std::size_t most_answer_bytes = 512 * 1024;

// None for a result without scores, or with one that is no share: half an answer must not count as a harmless text.
std::optional<category_scores> read_result(json::value one) {
    category_scores out;
    bool whole = one["flagged"].boolean().has_value();
    one["category_scores"].members([&](std::string_view category, json::value score) {
        const auto value = score.number().value_or(-1);
        whole = whole && value >= 0 && value <= 1;
        out.emplace(category, value);
    });
    one["categories"].members([&](std::string_view category, json::value) { whole = whole && out.contains(category); });
    if (!whole || out.empty()) return std::nullopt;
    return out;
}

}  // namespace

result<std::vector<category_scores>> read_moderation(std::string_view body, std::size_t texts) {
    const auto parsed = json::document::parse(body);
    if (!parsed) return errc::malformed;
    std::vector<category_scores> out;
    bool whole = true;
    parsed->root()["results"].each([&](json::value one) {
        auto scores = read_result(one);
        whole = whole && scores.has_value();
        if (scores) out.push_back(std::move(*scores));
    });
    if (!whole || out.size() != texts) return errc::malformed;
    return out;
}

awaitable<result<std::vector<category_scores>>> openai_moderation::scores_of(const std::vector<std::string>& texts) {
    json::array input;
    for (const auto& text : texts) input.add(text);
    http::request request{"POST", account_.base_url + "/moderations",
        {{"Content-Type", "application/json"}, {"Accept", "application/json"},
            {"Authorization", "Bearer " + account_.key.current().reveal()}},
        json::object().add("model", model).add_raw("input", input.text()).text(),
        {.connect = limit,
            .first_byte = limit,
            .gap = limit,
            .total = limit,
            .header_bytes = 16 * 1024,
            .body_bytes = most_answer_bytes}};
    auto got = co_await http_.send(std::move(request));
    retry_after_ = milliseconds{0};
    if (!got) co_return meaning_of_transport(got.error(), false);
    const auto status = (*got)->status();
    const auto asked = pause_asked((*got)->header("retry-after-ms"), (*got)->header("retry-after"), now());
    const auto body = co_await (*got)->read_all(most_answer_bytes);
    retry_after_ = status == 200 ? milliseconds{0} : asked;
    if (status != 200) co_return meaning_of_status(status, body ? *body : std::string{});
    if (!body) co_return meaning_of_transport(body.error(), true);
    co_return read_moderation(*body, texts.size());
}

}  // namespace airi::workers::providers
