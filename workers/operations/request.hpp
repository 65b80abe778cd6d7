// A request of the administrative API, as airi-ctl's command line has it, and carrying it out.
#pragma once

#include <string>

#include "platform/base/json.hpp"
#include "workers/operations/command_line.hpp"

namespace airi::workers::operations {

/// `parameters`: OperationRequest of schemas/api/operations.json without its kind. Pure.
command_line read_request(std::string_view kind, json::value parameters, instant at);

/// {"read", "matched", "sent", "left"} of a replay.
std::string progress_json(const replay_summary&, std::int64_t left);

struct answer {
    std::string mistake;  ///< of the request; empty: none
    std::string result;   ///< a JSON object
    bool stopped = false;
};
/// Carries the request out. Blocks. Errors: those of the library.
result<answer> answer_to(const kafka::access&, const command_line&, replay_place begun, const replay_watch&);

}  // namespace airi::workers::operations
