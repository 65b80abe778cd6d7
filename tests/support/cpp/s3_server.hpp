// versitygw in a temporary directory, started by tests/support/versitygw/serve.sh: it checks signatures. One bucket,
// "archive", one user, "airi".
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "tests/support/cpp/shell.hpp"
#include "tests/support/cpp/source_tree.hpp"

namespace airi::test {

class s3_server {
public:
    s3_server() {
        auto name = (std::filesystem::temp_directory_path() / "airi-s3-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
        directory_ = name;
        start();
    }
    s3_server(const s3_server&) = delete;
    ~s3_server() {
        if (running_) stop();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    void start() {
        url_ = call("start");
        if (url_.empty()) throw std::runtime_error("versitygw does not start: it needs Go 1.25");
        running_ = true;
    }
    void stop() {
        call("stop");
        running_ = false;
    }
    const std::string& url() const { return url_; }
    std::string secret_key() const { return read_text(directory_ / "secret"); }
    /// The folder of the bucket's objects, each a file.
    std::filesystem::path bucket() const { return directory_ / "data/archive"; }

private:
    std::string call(const std::string& verb) const {
        const auto command = "bash '" + (source_root() / "tests/support/versitygw/serve.sh").string() + "' " + verb +
                             " '" + directory_.string() + "'";
        return output_of(command);
    }

    std::filesystem::path directory_;
    std::string url_;
    bool running_ = false;
};

}  // namespace airi::test
