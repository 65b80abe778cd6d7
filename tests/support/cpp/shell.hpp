// A shell command of a test.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>

namespace airi::test {

/// Runs the command and returns what it prints, without the newlines at the end.
inline std::string output_of(const std::string& command) {
    FILE* out = popen(command.c_str(), "r");
    if (!out) throw std::runtime_error("no shell");
    std::string text;
    char part[256];
    while (std::fgets(part, sizeof part, out)) text += part;
    pclose(out);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace airi::test
