// airi-schemas <folder>: writes the JSON Schemas of the events below <folder>/events and of the client frames below
// <folder>/frames.
#include "events/schema.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>

#include "events/frames/schema.hpp"

namespace {

bool write(const std::filesystem::path& folder, const std::vector<std::pair<std::string, std::string>>& files) {
    std::filesystem::create_directories(folder);
    for (const auto& [name, text] : files) {
        std::ofstream file(folder / name, std::ios::trunc);
        if (file << text) continue;
        std::cerr << "cannot write " << folder / name << '\n';
        return false;
    }
    return true;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::cerr << "usage: airi-schemas <folder>\n";
        return 2;
    }
    const std::filesystem::path folder(arguments[1]);
    const bool written = write(folder / "events", airi::events::schemas()) &&
                         write(folder / "frames", airi::events::frame_schema_files());
    return written ? 0 : 1;
}
