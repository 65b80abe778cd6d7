// airi-schemas <folder>: writes the JSON Schema of every event into the folder.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "events/schema.hpp"

int main(int count, char** words) {
    if (count != 2) {
        std::cerr << "usage: airi-schemas <folder>\n";
        return 2;
    }
    std::filesystem::create_directories(words[1]);
    for (const auto& [name, text] : airi::events::schemas()) {
        std::ofstream file(std::filesystem::path(words[1]) / name, std::ios::trunc);
        if (!(file << text)) {
            std::cerr << "cannot write " << name << " into " << words[1] << '\n';
            return 1;
        }
    }
}
