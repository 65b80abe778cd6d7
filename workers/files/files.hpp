// The files worker: of an uploaded picture it makes the one that everybody gets, which has the pixels and nothing else:
// no place, no owner, no text.
#pragma once

#include "events/files.hpp"
#include "workers/files/picture_maker.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::files {

struct ports {
    postgres::database& database;
    picture_maker& pictures;
};

/// At least once: a picture that has been made, or deleted meanwhile, stays as it is, and the user's clients are told
/// again. One that is no picture is rejected.
awaitable<result<effects>> make_avatar(events::avatar_uploaded, const ports&);

worker declare(const ports&);

}  // namespace airi::workers::files
