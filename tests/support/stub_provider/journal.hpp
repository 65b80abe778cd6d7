// The stub provider's record: the last 10,000 requests, counts per provider, and uses of each `times=`. Written by
// answer.cpp and perform.cpp, read by tests over /_stub/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/support/stub_provider/provider.hpp"
#include "tests/support/stub_provider/text.hpp"

namespace airi::stub_provider {

struct record {
    std::uint64_t number = 0;
    provider vendor = provider::openai;
    std::string path;
    std::string model;
    std::string script;
    std::string last_user;  // at most 200 bytes of it
    std::string system;     // its last 200 bytes
    std::size_t messages = 0;
    std::size_t prompt_tokens = 0;
    std::size_t max_tokens = 0;  // 0 = not given
    std::string parameters;      // JSON object, as asked
    std::string results;         // of tools
    bool stream = false;
    bool authorization = false;
    int status = 0;
    std::size_t tokens_sent = 0;
    bool client_gone = false;
    wall_clock::time_point started;
    std::optional<wall_clock::time_point> finished = {};
};

// Identifies a request in progress. One from before a reset() updates no record any more.
struct record_key {
    std::uint64_t epoch = 0;
    std::uint64_t number = 0;
    provider vendor = provider::openai;
};

class journal {
public:
    static constexpr std::size_t kept = 10'000;

    record_key begin(record what);
    void progress(const record_key& which, std::size_t tokens_sent);
    void finish(const record_key& which, int status, std::size_t tokens_sent, bool client_gone);

    // Requests for moderation are counted apart; the first text stands for all.
    void add_moderation(std::string first_text, std::size_t texts, int status);

    // The number of earlier counts of this text; only its hash is stored.
    std::uint64_t count(std::string_view text);

    void reset();

    std::string requests_json(std::string_view only_provider, std::string_view containing) const;
    std::string moderations_json(std::string_view containing) const;
    std::string stats_json() const;

private:
    struct counts {
        std::uint64_t total = 0;
        std::uint64_t under_way = 0;
        std::uint64_t most_under_way = 0;
        std::uint64_t finished = 0;
        std::uint64_t client_gone = 0;
        std::uint64_t refused = 0;  // responses with a status of 400 or more
        std::uint64_t tokens_sent = 0;
    };

    record* find(const record_key& which);
    static std::string json_of(const counts& c);

    std::uint64_t epoch_ = 0;
    std::uint64_t next_ = 1;
    std::deque<record> records_;
    struct moderation {
        std::string first_text;
        std::size_t texts = 0;
        int status = 200;
    };
    std::deque<moderation> moderations_;
    std::array<counts, provider_count> counts_{};
    std::uint64_t under_way_ = 0;
    std::uint64_t most_under_way_ = 0;
    std::unordered_map<std::size_t, std::uint64_t> times_;
    std::deque<std::size_t> times_order_;
};

}  // namespace airi::stub_provider
