#include "tests/support/stub_provider/journal.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace airi::stub_provider {
namespace {

// Truncated where a UTF-8 sequence begins, so that the journal stays valid JSON.
std::string shortened(std::string text, std::size_t limit) {
    if (text.size() <= limit) return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
    text.resize(limit);
    return text;
}

std::string end_of(std::string text, std::size_t limit) {
    if (text.size() <= limit) return text;
    auto vendor = text.size() - limit;
    while (vendor < text.size() && (static_cast<unsigned char>(text[vendor]) & 0xC0U) == 0x80U) ++vendor;
    return text.substr(vendor);
}

std::string json_of(const record& r) {
    return fmt::format(
        R"({{"number":{},"provider":"{}","path":{},"model":{},"script":{},"last_user":{},"system":{},"messages":{},)"
        R"("prompt_tokens":{},"max_tokens":{},"parameters":{},"results":{},"stream":{},"authorization":{},"status":{},)"
        R"("tokens_sent":{},)"
        R"("client_gone":{},"started":"{}","finished":{}}})",
        r.number, name_of(r.vendor), json_string(r.path), json_string(r.model), json_string(r.script),
        json_string(r.last_user), json_string(r.system), r.messages, r.prompt_tokens, r.max_tokens,
        r.parameters.empty() ? "{}" : r.parameters, json_string(r.results), r.stream, r.authorization, r.status,
        r.tokens_sent, r.client_gone, rfc3339(r.started), r.finished ? "\"" + rfc3339(*r.finished) + "\"" : "null");
}

}  // namespace

record_key journal::begin(record what) {
    what.number = next_++;
    what.last_user = shortened(std::move(what.last_user), 200);
    what.system = end_of(std::move(what.system), 200);
    what.results = shortened(std::move(what.results), 1000);
    if (what.parameters.size() > 10'000) what.parameters = "{}";
    what.script = shortened(std::move(what.script), 1000);
    what.model = shortened(std::move(what.model), 200);
    what.path = shortened(std::move(what.path), 200);
    const record_key key{.epoch = epoch_, .number = what.number, .vendor = what.vendor};
    counts& c = counts_[static_cast<std::size_t>(what.vendor)];
    ++c.total;
    c.most_under_way = std::max(c.most_under_way, ++c.under_way);
    most_under_way_ = std::max(most_under_way_, ++under_way_);
    records_.push_back(std::move(what));
    if (records_.size() > kept) records_.pop_front();
    return key;
}

void journal::add_moderation(std::string first_text, std::size_t texts, int status) {
    moderations_.push_back({shortened(std::move(first_text), 200), texts, status});
    if (moderations_.size() > kept) moderations_.pop_front();
}

std::string journal::moderations_json(std::string_view containing) const {
    std::string out = "[";
    for (const auto& one : moderations_) {
        if (one.first_text.find(containing) == std::string::npos) continue;
        out += fmt::format(R"({}{{"text":{},"texts":{},"status":{}}})", out.size() > 1 ? "," : "",
            json_string(one.first_text), one.texts, one.status);
    }
    return out + "]\n";
}

record* journal::find(const record_key& which) {
    if (which.epoch != epoch_ || records_.empty() || which.number < records_.front().number) return nullptr;
    return &records_[which.number - records_.front().number];
}

void journal::progress(const record_key& which, std::size_t tokens_sent) {
    if (record* found = find(which)) found->tokens_sent = tokens_sent;
}

void journal::finish(const record_key& which, int status, std::size_t tokens_sent, bool client_gone) {
    counts& c = counts_[static_cast<std::size_t>(which.vendor)];
    --c.under_way;
    --under_way_;
    if (which.epoch != epoch_) return;
    ++c.finished;
    if (client_gone) ++c.client_gone;
    if (status >= 400) ++c.refused;
    c.tokens_sent += tokens_sent;
    if (record* found = find(which)) {
        found->status = status;
        found->tokens_sent = tokens_sent;
        found->client_gone = client_gone;
        found->finished = wall_clock::now();
    }
}

std::uint64_t journal::count(std::string_view text) {
    const std::size_t hash = std::hash<std::string_view>{}(text);
    const auto [found, fresh] = times_.try_emplace(hash, 0);
    if (fresh) {
        times_order_.push_back(hash);
        if (times_order_.size() > kept) {
            times_.erase(times_order_.front());
            times_order_.pop_front();
        }
    }
    return found->second++;
}

void journal::reset() {
    ++epoch_;
    moderations_.clear();
    records_.clear();
    times_.clear();
    times_order_.clear();
    for (counts& c : counts_) c = {.under_way = c.under_way, .most_under_way = c.under_way};
    most_under_way_ = under_way_;
}

std::string journal::requests_json(std::string_view only_provider, std::string_view containing) const {
    std::string out = "[";
    for (const record& r : records_) {
        if (!only_provider.empty() && only_provider != name_of(r.vendor)) continue;
        if (!containing.empty() && r.script.find(containing) == std::string::npos &&
            r.last_user.find(containing) == std::string::npos) {
            continue;
        }
        if (out.size() > 1) out += ",\n";
        out += stub_provider::json_of(r);
    }
    return out += "]\n";
}

std::string journal::json_of(const counts& c) {
    return fmt::format(R"("total":{},"under_way":{},"most_under_way":{},"finished":{},"client_gone":{},"refused":{},)"
                       R"("tokens_sent":{})",
        c.total, c.under_way, c.most_under_way, c.finished, c.client_gone, c.refused, c.tokens_sent);
}

std::string journal::stats_json() const {
    counts all{.under_way = under_way_, .most_under_way = most_under_way_};
    std::string each;
    for (std::size_t i = 0; i < provider_count; ++i) {
        const counts& c = counts_[i];
        all.total += c.total;
        all.finished += c.finished;
        all.client_gone += c.client_gone;
        all.refused += c.refused;
        all.tokens_sent += c.tokens_sent;
        each += fmt::format(R"({}"{}":{{{}}})", i == 0 ? "" : ",", provider_names[i], json_of(c));
    }
    return fmt::format("{{{},\"providers\":{{{}}}}}\n", json_of(all), each);
}

}  // namespace airi::stub_provider
