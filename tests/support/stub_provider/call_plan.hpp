// How the words of a reply become calls of tools: each call takes an equal share of them as its one argument.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace airi::stub_provider {

// A token as part of a call.
struct call_part {
    std::size_t call = 0;   // its number
    bool begins = false;    // the first part: with id and name
    bool ends = false;      // the last part
    std::string arguments;  // the next bytes of the call's arguments
};

class call_plan {
public:
    call_plan() = default;
    // `whole`: the arguments of each call, in place of the one.
    call_plan(std::size_t calls, std::vector<std::string> tools, std::string argument, std::string whole)
        : calls_(calls), tools_(std::move(tools)), argument_(std::move(argument)), whole_(std::move(whole)) {}

    bool any() const { return calls_ > 0; }
    std::size_t calls() const { return calls_; }
    // The token number `index` of `count`, which is at least the number of calls.
    call_part part(std::size_t index, std::size_t count, std::string_view token) const {
        const auto call_of = [&](std::size_t i) { return i * calls_ / count; };
        call_part out{.call = call_of(index),
            .begins = index == 0 || call_of(index - 1) != call_of(index),
            .ends = index + 1 == count || call_of(index + 1) != call_of(index),
            .arguments = {}};
        if (!whole_.empty()) {
            out.arguments = out.begins ? whole_ : "";
            return out;
        }
        out.arguments =
            (out.begins ? R"({")" + argument_ + R"(":")" : "") + std::string(token) + (out.ends ? R"("})" : "");
        return out;
    }
    std::string name(std::size_t call) const { return tools_[call % tools_.size()]; }

private:
    std::size_t calls_ = 0;
    std::vector<std::string> tools_;
    std::string argument_, whole_;
};

}  // namespace airi::stub_provider
