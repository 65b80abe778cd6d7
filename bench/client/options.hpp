// The load client's command line, `airi-bench <scenario> --name value …`, and its simulated users.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "platform/base/clock.hpp"

namespace airi::bench {

class options {
public:
    options(int count, char** arguments);

    const std::string& text(const std::string& name) const;
    std::string text(const std::string& name, std::string otherwise) const;
    std::int64_t number(const std::string& name, std::int64_t otherwise) const;

private:
    std::map<std::string, std::string> given_;
};

/// A signed-in user with conversations.
struct person {
    std::string token;
    std::vector<std::string> conversations;
};

/// The users of the first `most` lines "user session conversation…" of the file, with tokens signed with JWT_SECRET.
std::vector<person> load_people(const options& arguments, std::size_t most);

}  // namespace airi::bench
