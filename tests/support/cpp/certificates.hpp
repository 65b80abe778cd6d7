// A certificate authority of a test and what it signs, made by openssl, for servers with TLS.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace airi::test {

/// Files in a new folder, removed at the end; the servers' users can read them.
class authority {
public:
    authority() {
        // TMPDIR may be closed to other users.
        std::string name = "/tmp/airi-certificates-XXXXXX";
        if (!mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
        folder_ = name;
        openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=airi test' "
            "-keyout ca.key -out ca.pem");
    }
    authority(const authority&) = delete;
    authority& operator=(const authority&) = delete;
    ~authority() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    /// Makes <name>.pem and <name>.key for these alternative names, as openssl writes them: IP:127.0.0.1.
    void sign(const std::string& name, const std::string& alternatives) const {
        openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=" + name +
                "' -addext subjectAltName=" + alternatives + " -keyout " + name + ".key -out " + name + ".csr");
        openssl("x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -copy_extensions copy -days 2 -out " + name +
                ".pem");
        namespace fs = std::filesystem;
        fs::permissions(folder_, fs::perms(0755));
        fs::permissions(file(name + ".key"), fs::perms(0644));
    }
    std::string file(const std::string& name) const { return (folder_ / name).string(); }

private:
    void openssl(const std::string& arguments) const {
        const auto command = "cd '" + folder_.string() + "' && openssl " + arguments + " 2>/dev/null";
        if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl " + arguments);
    }

    std::filesystem::path folder_;
};

}  // namespace airi::test
