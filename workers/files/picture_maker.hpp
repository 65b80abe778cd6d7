// The port that makes a new picture of the pixels of another one, without anything else that the other one holds. Used
// by the files worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"

namespace airi::workers::files {

struct picture {
    std::string media_type;
    std::int64_t width = 0, height = 0;
    std::string bytes;
};

class picture_maker {
public:
    virtual ~picture_maker() = default;
    /// Fails with `refused` when it is no picture that may be shown; otherwise nobody could look at it.
    virtual awaitable<result<picture>> make(std::string bytes) = 0;
};

/// Runs `program`, an airi-picture, once for each picture, on `threads` threads of its own; one that takes longer than
/// `deadline` is killed. The event loop of the callers must outlive it.
std::unique_ptr<picture_maker> open_picture_maker(
    std::string program, std::size_t threads = 2, seconds deadline = seconds{60});

enum class errc { refused = 1, interrupted, not_run };
error_code make_error_code(errc);

}  // namespace airi::workers::files

template <>
struct boost::system::is_error_code_enum<airi::workers::files::errc> : std::true_type {};
