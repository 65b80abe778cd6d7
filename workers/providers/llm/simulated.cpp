#include "workers/providers/llm/simulated.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cmath>
#include <utility>

#include "platform/base/json.hpp"
#include "workers/providers/estimate.hpp"

namespace airi::workers::providers {
namespace {

using std::chrono::steady_clock;
using moment = steady_clock::time_point;

constexpr std::size_t longest_token = 8;
constexpr std::size_t longest_quote = 160;

constexpr std::array<std::string_view, 4> openings{
    "Thank you for telling me.", "I hear you.", "I am glad you wrote.", "Let us look at that together."};
constexpr std::array<std::string_view, 4> thoughts{
    "One thing that often helps is to name the smallest next step and take only that one.",
    "It may help to say what a good outcome would look like for you, and then work back from it.",
    "If you write down what you already know about it, the open question usually becomes clearer.",
    "You could start with the part that matters most to you and leave the rest for later."};
constexpr std::array<std::string_view, 4> questions{"What would you like to try first?",
    "Which part of it is most on your mind?", "Would you like to tell me more about it?", "How did it begin?"};

// FNV-1a: the reply depends on the prompt alone.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t h = 14695981039346656037ull;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    return h;
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::string_view clipped(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && !begins_character(text[most])) --most;
    return text.substr(0, most);
}

std::string_view last_user_text(const prompt& prompt) {
    for (auto it = prompt.turns.rbegin(); it != prompt.turns.rend(); ++it)
        if (it->speaker == role::user) return it->text;
    return {};
}

bool orders(const prompt& prompt, std::string_view fault) {
    return last_user_text(prompt).find("[[simulate " + std::string(fault) + "]]") != std::string_view::npos;
}

// What the user wrote, on one line and without orders for faults.
std::string quote_of(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto start = text.find("[[simulate ");
        out += text.substr(0, start);
        if (start == std::string_view::npos) break;
        const auto end = text.find("]]", start);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 2);
    }
    std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    const auto first = out.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    out = out.substr(first, out.find_last_not_of(' ') - first + 1);
    const auto kept = clipped(out, longest_quote);
    return std::string(kept) + (kept.size() < out.size() ? "…" : "");
}

// The first words of the first line, without its speaker.
std::string simulated_title(std::string_view said) {
    constexpr std::string_view speaker = "User: ";
    if (said.starts_with(speaker)) said.remove_prefix(speaker.size());
    const auto line = quote_of(said.substr(0, said.find('\n')));
    std::size_t end = 0;
    for (int words = 0; words < 6 && end < line.size(); ++words) end = std::min(line.find(' ', end + 1), line.size());
    return line.substr(0, end);
}

enum class fault { none, stall, cut };

// The reply being streamed; shared by the stream and its pending `next`, so that destroying the stream ends the wait.
struct speech {
    boost::asio::steady_timer timer;
    std::vector<std::string> tokens;
    std::size_t sent = 0;
    std::size_t last = 0;  ///< how many are sent before the end or the fault
    fault order = fault::none;
    finish ends = finish::stop;
    std::int64_t tokens_in = 0;
    moment next_at;
    steady_clock::duration pace;
    time_limits limits;
    moment total_by;
    bool over = false;
};

awaitable<bool> wait_until(std::shared_ptr<speech> s, moment when) {
    s->timer.expires_at(std::min(when, s->total_by));
    const auto [ec] = co_await s->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return !ec && !s->over && when <= s->total_by;
}

awaitable<result<piece>> next_piece(std::shared_ptr<speech> s) {
    if (s->over) co_return errc::interrupted;
    if (s->sent == s->last && s->order != fault::none) {
        if (s->order == fault::stall) co_await wait_until(s, steady_clock::now() + s->limits.gap);
        s->over = true;
        co_return errc::interrupted;
    }
    const bool in_time = co_await wait_until(s, s->next_at);
    if (!in_time) {
        s->over = true;
        co_return errc::interrupted;
    }
    s->next_at += s->pace;
    piece out;
    if (s->sent < s->last) out.text = s->tokens[s->sent++];
    out.tokens = token_count{s->tokens_in, static_cast<std::int64_t>(s->sent)};
    if (s->sent == s->last && s->order == fault::none) {
        out.ended = s->ends;
        s->over = true;
    }
    co_return out;
}

class simulated_stream final : public chat_stream {
public:
    explicit simulated_stream(std::shared_ptr<speech> s) : speech_(std::move(s)) {}
    ~simulated_stream() override {
        speech_->over = true;
        speech_->timer.cancel();
    }
    awaitable<result<piece>> next() override { return next_piece(speech_); }

private:
    std::shared_ptr<speech> speech_;
};

// The text before the first of the prompt's stop sequences.
std::string until_stop(const prompt& prompt, std::string text) {
    const auto options = json::document::parse(prompt.options);
    if (!options) return text;
    const auto cut = [&](json::value stop) {
        const auto sequence = stop.string().value_or("");
        if (!sequence.empty()) text.resize(std::min(text.find(sequence), text.size()));
    };
    cut(options->root()["stop"]);
    options->root()["stop"].each(cut);
    return text;
}

constexpr std::array<std::string_view, 5> unknown_parameters{
    "logit_bias", "logprobs", "top_logprobs", "reasoning_effort", "verbosity"};

class simulated final : public chat_provider {
public:
    simulated(simulated_config config, executor executor) : config_(config), executor_(std::move(executor)) {}

    std::string_view name() const override { return "simulated"; }
    // It speaks in prose: it never calls a tool, which "auto" allows.
    std::string_view lacks(const prompt& prompt) const override {
        if (const auto name = first_given(prompt, unknown_parameters); !name.empty()) return name;
        const auto options = json::document::parse(prompt.options);
        if (!options) return {};
        const auto choice = options->root()["tool_choice"];
        if (choice.exists() && choice.string() != "auto" && choice.string() != "none") return "tool_choice";
        const auto format = options->root()["response_format"]["type"].string();
        return format && format != "text" ? "response_format" : "";
    }

    awaitable<result<std::unique_ptr<chat_stream>>> start(prompt prompt, time_limits limits) override {
        if (orders(prompt, "error")) co_return errc::unavailable;
        const auto now = steady_clock::now();
        if (config_.first_token > limits.first_token) co_return errc::unavailable;
        auto s = std::make_shared<speech>(boost::asio::steady_timer(executor_));
        s->tokens = simulated_tokens(until_stop(prompt, simulated_reply(prompt)));
        s->last = s->tokens.size();
        const auto most = static_cast<std::size_t>(std::max<std::int64_t>(prompt.max_tokens, 1));
        if (s->last > most) {
            s->last = most;
            s->ends = finish::length;
        }
        if (orders(prompt, "stall")) s->order = fault::stall;
        if (orders(prompt, "cut")) s->order = fault::cut;
        if (s->order != fault::none) s->last /= 2;
        for (const auto& turn : prompt.turns) s->tokens_in += estimate_tokens(turn.text);
        s->next_at = now + config_.first_token;
        const auto per_second = std::clamp(config_.tokens_per_second, 0.01, 1e6);
        s->pace = std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double>(1 / per_second));
        s->limits = limits;
        s->total_by = now + limits.total;
        co_return std::make_unique<simulated_stream>(std::move(s));
    }

private:
    simulated_config config_;
    executor executor_;
};

}  // namespace

std::string simulated_reply(const prompt& prompt) {
    const auto said = last_user_text(prompt);
    if (prompt.purpose == purpose::title) return simulated_title(said);
    const auto quote = quote_of(said);
    if (prompt.purpose == purpose::summary) return "In short: " + quote;
    const auto h = hash_of(said);
    const auto user_turns = std::ranges::count(prompt.turns, role::user, &turn::speaker);
    std::string out(openings[h % openings.size()]);
    out += " I am a simulated companion: no language model is connected here, so I answer with prepared words.";
    if (!quote.empty()) out += " You wrote: “" + quote + "”";
    if (!quote.empty() && std::string_view(".!?").find(quote.back()) == std::string_view::npos) out += ".";
    if (user_turns > 1) out += " That is your message number " + std::to_string(user_turns) + " here.";
    out.append(" ").append(thoughts[(h >> 8) % thoughts.size()]);
    out.append(" ").append(questions[(h >> 16) % questions.size()]);
    return out;
}

std::vector<std::string> simulated_tokens(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        auto end = std::min(text.find(' ', 1), text.size());
        if (end > longest_token) end = std::max<std::size_t>(clipped(text, longest_token).size(), 1);
        while (end < text.size() && !begins_character(text[end])) ++end;
        out.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return out;
}

std::unique_ptr<chat_provider> simulated_provider(simulated_config config, executor executor) {
    return std::make_unique<simulated>(config, std::move(executor));
}

}  // namespace airi::workers::providers
