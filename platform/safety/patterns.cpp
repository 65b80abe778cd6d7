#include "platform/safety/patterns.hpp"

#include <hs/hs.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include "platform/text/code_points.hpp"
#include "platform/text/normalise.hpp"

namespace airi::safety {
namespace {

// Patterns are of bytes: in the library's mode for UTF-8 a search takes four times as long. One that also finds the
// beginnings of matches takes twice as long.
constexpr unsigned flags = HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH;
constexpr unsigned mode = HS_MODE_STREAM;
// Each repeated group within another multiplies the states: the library takes seconds to reject three.
constexpr int most_repeated_groups = 2;

std::string reason_of(hs_compile_error_t* error) {
    std::string out = error->message;
    hs_free_compile_error(error);
    return "is no pattern: " + out;
}

struct widths {
    std::size_t least = 0, most = 0;
    bool is_unbounded = false, is_at_end = false;
};

// None when the pattern is invalid, with the reason in `fault`.
std::optional<widths> widths_of(const std::string& pattern, std::string& fault) {
    hs_expr_info_t* info = nullptr;
    hs_compile_error_t* error = nullptr;
    if (hs_expression_info(pattern.c_str(), flags, &info, &error) != HS_SUCCESS) {
        fault = reason_of(error);
        return std::nullopt;
    }
    const widths out{info->min_width, info->max_width, info->max_width == UINT32_MAX, info->matches_only_at_eod != 0};
    std::free(info);
    return out;
}

// Letters that the normaliser changes never occur in the text that a pattern is matched with; others outside ASCII have
// several bytes, and a class or a repetition is of one.
std::optional<std::string> letter_fault(std::string_view pattern) {
    bool in_class = false;
    for (std::size_t at = 0; at < pattern.size();) {
        const auto begin = at;
        text::next_code_point(pattern, at);
        const auto letter = pattern.substr(begin, at - begin);
        if (letter == "\\") {
            ++at;
        } else if (letter == "[" || letter == "]") {
            in_class = letter == "[";
        } else if (static_cast<unsigned char>(letter.front()) >= 0x80) {
            const auto plain = text::normalise(letter).plain();
            if (plain != letter)
                return "has " + std::string(letter) + ", which no text contains once it is normalised" +
                       (plain.empty() ? "" : ": write " + plain);
            if (in_class ||
                (at < pattern.size() && std::string_view("?*+{").find(pattern[at]) != std::string_view::npos))
                return "has " + std::string(letter) + " in brackets or repeated: write it in ()";
        }
    }
    return std::nullopt;
}

std::string size_of(std::size_t bytes) { return std::to_string(bytes) + " bytes"; }

struct scratch {
    hs_scratch_t* value = nullptr;
    scratch() = default;
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
    ~scratch() { hs_free_scratch(value); }
};

// Working memory of the thread, large enough for every database that it has searched with.
hs_scratch_t* scratch_for(const hs_database_t* database) {
    thread_local scratch own;
    if (hs_alloc_scratch(database, &own.value) != HS_SUCCESS) throw std::bad_alloc();
    return own.value;
}

const hs_database_t* database_of(const void* database) { return static_cast<const hs_database_t*>(database); }

}  // namespace

std::optional<std::string> pattern_set::fault_of(std::string_view pattern) {
    if (pattern.size() > longest) return "is longer than " + size_of(longest);
    int repeated = 0;
    for (std::size_t at = 0; (at = pattern.find("){", at)) != std::string_view::npos; ++at) ++repeated;
    if (repeated > most_repeated_groups) return "repeats more than two groups by {}";
    if (auto fault = letter_fault(pattern)) return fault;
    std::string fault;
    const auto found = widths_of(std::string(pattern), fault);
    if (!found) return fault;
    if (found->least < narrowest) return "matches texts shorter than " + size_of(narrowest);
    if (found->is_unbounded) return "has no greatest length: write {1,20} in place of * and +";
    if (found->most > widest) return "matches texts longer than " + size_of(widest) + " (" + size_of(found->most) + ")";
    if (found->is_at_end) return "is tied to the end of the text, which a reply that grows does not have";
    const pattern_set alone({std::string(pattern)});
    if (!alone.fault().empty()) return alone.fault();
    return std::nullopt;
}

pattern_set::pattern_set(const std::vector<std::string>& patterns) : widths_(patterns.size()) {
    if (patterns.empty()) return;
    if (hs_valid_platform() != HS_SUCCESS) {
        fault_ = "needs a processor with SSE4.2";
        return;
    }
    compile(patterns);
    if (database_ != nullptr || patterns.size() == 1) return;
    // One that a database has and fault_of() refuses is left out, and the others are looked for.
    std::string faults;
    auto rest = patterns;
    for (auto& pattern : rest)
        if (const auto fault = fault_of(pattern)) {
            faults += (faults.empty() ? "" : "; ") + pattern + ' ' + *fault;
            pattern.clear();
        }
    compile(rest);
    if (!faults.empty()) fault_ = std::move(faults);
}

pattern_set::~pattern_set() { hs_free_database(static_cast<hs_database_t*>(database_)); }

// Leaves empty patterns out.
void pattern_set::compile(const std::vector<std::string>& patterns) {
    std::vector<const char*> expressions;
    std::vector<unsigned> all_flags, ids;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        widths_[i] = 0;
        if (patterns[i].empty()) continue;
        const auto found = widths_of(patterns[i], fault_);
        if (!found) return;
        if (found->most > widest) {
            fault_ = "matches texts longer than " + size_of(widest);
            return;
        }
        widths_[i] = found->most;
        expressions.push_back(patterns[i].c_str());
        all_flags.push_back(flags);
        ids.push_back(static_cast<unsigned>(i));
    }
    if (expressions.empty()) return;
    hs_database_t* made = nullptr;
    hs_compile_error_t* error = nullptr;
    if (hs_compile_multi(expressions.data(), all_flags.data(), ids.data(), static_cast<unsigned>(expressions.size()),
            mode, nullptr, &made, &error) != HS_SUCCESS) {
        fault_ = reason_of(error);
        return;
    }
    database_ = made;
    fault_.clear();
}

void pattern_stream::closer::operator()(void* stream) const noexcept {
    hs_close_stream(static_cast<hs_stream_t*>(stream), nullptr, nullptr, nullptr);
}

pattern_stream::pattern_stream(const pattern_set& set) {
    if (set.database_ == nullptr) return;
    hs_stream_t* opened = nullptr;
    if (hs_open_stream(database_of(set.database_), 0, &opened) != HS_SUCCESS) throw std::bad_alloc();
    stream_.reset(opened);
    database_ = set.database_;
}

std::map<std::size_t, std::size_t> pattern_stream::add(std::string_view words) {
    std::map<std::size_t, std::size_t> out;
    if (!stream_ || words.empty()) return out;
    const auto on_match = [](unsigned id, unsigned long long, unsigned long long to, unsigned, void* into) {
        static_cast<std::map<std::size_t, std::size_t>*>(into)->emplace(id, to);
        return 0;
    };
    if (hs_scan_stream(static_cast<hs_stream_t*>(stream_.get()), words.data(), static_cast<unsigned>(words.size()), 0,
            scratch_for(database_of(database_)), on_match, &out) != HS_SUCCESS)
        throw std::runtime_error("the patterns cannot be searched");
    return out;
}

}  // namespace airi::safety
