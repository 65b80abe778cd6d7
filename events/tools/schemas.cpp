// airi-schemas <folder>: writes the JSON Schemas of the events below <folder>/events and of the client frames below
// <folder>/frames, and removes files there that no declaration generates. Below <folder>/recorded it adds a payload of
// each event that has none, and changes nothing else.
#include "events/schema.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "events/frames/schema.hpp"

namespace {

using files = std::vector<std::pair<std::string, std::string>>;

bool write(const std::filesystem::path& folder, const files& all, bool replace) {
    std::filesystem::create_directories(folder);
    for (const auto& [name, text] : all) {
        if (!replace && std::filesystem::exists(folder / name)) continue;
        std::ofstream file(folder / name, std::ios::trunc);
        if (file << text) continue;
        std::cerr << "cannot write " << folder / name << '\n';
        return false;
    }
    return true;
}

void remove_others(const std::filesystem::path& folder, const files& all) {
    std::vector<std::filesystem::path> left;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".json" &&
            std::none_of(all.begin(), all.end(), [&](const auto& one) { return entry.path().filename() == one.first; }))
            left.push_back(entry.path());
    for (const auto& path : left) std::filesystem::remove(path);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::cerr << "usage: airi-schemas <folder>\n";
        return 2;
    }
    const std::filesystem::path folder(arguments[1]);
    const auto events = airi::events::schemas(), frames = airi::events::frame_schema_files();
    const bool written = write(folder / "events", events, true) && write(folder / "frames", frames, true) &&
                         write(folder / "recorded", airi::events::sample_payloads(), false);
    if (!written) return 1;
    remove_others(folder / "events", events);
    remove_others(folder / "frames", frames);
    return 0;
}
