// JSON Schema (2020-12) of the client frames, from their declared fields. The files are committed below schemas/frames;
// a test compares them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace airi::events {

struct frame_schema {
    std::string name;  ///< PingFrame
    std::string_view domain;
    std::string_view type;
    std::string_view summary;
    bool from_client = false;
    std::string text;  ///< may refer to the schemas of the API: #/$defs/Message
};

/// The schema of every client frame.
std::vector<frame_schema> frame_schemas();

/// File name below schemas/frames ("usage.json") and content, for every domain.
std::vector<std::pair<std::string, std::string>> frame_schema_files();

}  // namespace airi::events
