#include "gateway/messaging/client_frame.hpp"

#include <fmt/format.h>

#include "events/frames/codec.hpp"
#include "gateway/http/json_checks.hpp"
#include "platform/base/utf8.hpp"

namespace airi::gateway {
namespace {

namespace frames = events::frames;
using read_result = std::variant<frames::client_frame, problem>;

template <class Frame>
problem problem_with(const events::field_fault& fault) {
    // A resumption's epoch and offset are one position: the fault is of both.
    const bool position = std::is_same_v<Frame, frames::resume> && fault.field != "generation_id";
    return invalid(position ? "/data" : fmt::format("/data/{}", fault.field),
        fmt::format("{} must be {}", fault.field, fault.expects));
}

template <class Frame>
read_result read_data(json::value data) {
    static constexpr auto known = events::field_names<Frame>();
    if constexpr (!known.empty())
        if (auto fault = refuse_unknown(data, known, "/data")) return std::move(*fault);
    auto read = events::decode_frame<Frame>(data);
    if (const auto* fault = std::get_if<events::field_fault>(&read)) return problem_with<Frame>(*fault);
    return frames::client_frame{std::get<Frame>(std::move(read))};
}

template <class... Frames>
read_result read_data_of(std::string_view type, json::value data, const std::tuple<Frames...>*) {
    read_result out = problem{400, "UNKNOWN_TYPE", "no such frame type"};
    static_cast<void>(((Frames::type == type && (out = read_data<Frames>(data), true)) || ...));
    return out;
}

}  // namespace

read_frame read_client_frame(std::string_view text) {
    const auto parsed = json::document::parse(text);
    if (!parsed) return {{}, bad_request("the frame is " + parsed.error().message())};
    const auto root = parsed->root();
    if (root.type() != json::kind::object) return {{}, bad_request("a frame is a JSON object")};
    auto ref = std::string(first_code_points(root["id"].string().value_or(""), 100));
    if (auto fault = refuse_nul(text, root)) return {std::move(ref), std::move(*fault)};
    if (auto fault = refuse_unknown(root, {"type", "id", "data"})) return {std::move(ref), std::move(*fault)};
    const auto type = root["type"].string();
    if (!type) return {std::move(ref), invalid("/type", "type must be a string")};
    return {std::move(ref), read_data_of(*type, root["data"], static_cast<frames::client_frames*>(nullptr))};
}

std::string error_frame(const problem& p, std::string_view ref) {
    return events::encode_frame(frames::error{.code = p.code,
        .message = p.message,
        .details = {p.details},
        .retry_after = p.retry_after,
        .ref = ref.empty() ? std::nullopt : std::optional(std::string(ref))});
}

}  // namespace airi::gateway
