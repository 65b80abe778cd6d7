// A directory that is the working directory, and is removed with the object.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace airi::test {

class temporary_directory {
public:
    temporary_directory() : before_(std::filesystem::current_path()) {
        char name[] = "/tmp/airi-settings-XXXXXX";
        path = mkdtemp(name);
    }
    ~temporary_directory() {
        std::filesystem::current_path(before_);
        std::filesystem::remove_all(path);
    }
    std::string write(const std::string& name, std::string_view text) const {
        std::ofstream(path / name) << text;
        return path / name;
    }
    std::filesystem::path path;

private:
    std::filesystem::path before_;
};

}  // namespace airi::test
