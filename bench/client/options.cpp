#include "bench/client/options.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "platform/crypto/tokens.hpp"

namespace airi::bench {

options::options(int count, char** arguments) {
    for (int i = 0; i + 1 < count; i += 2) {
        const std::string name = arguments[i];
        if (!name.starts_with("--")) throw std::invalid_argument("expected --name value, not " + name);
        given_[name.substr(2)] = arguments[i + 1];
    }
    if (count % 2 != 0) throw std::invalid_argument(std::string("no value for ") + arguments[count - 1]);
}

const std::string& options::text(const std::string& name) const {
    const auto found = given_.find(name);
    if (found == given_.end()) throw std::invalid_argument("--" + name + " is required");
    return found->second;
}

std::string options::text(const std::string& name, std::string otherwise) const {
    const auto found = given_.find(name);
    return found == given_.end() ? otherwise : found->second;
}

std::int64_t options::number(const std::string& name, std::int64_t otherwise) const {
    const auto found = given_.find(name);
    return found == given_.end() ? otherwise : std::stoll(found->second);
}

std::vector<person> load_people(const options& arguments, std::size_t most) {
    const char* value = std::getenv("JWT_SECRET");
    const tokens::keyring keys({"http://localhost", "airi"}, tokens::key::of(secret(value ? value : "")));
    std::ifstream file(arguments.text("people"));
    std::vector<person> out;
    for (std::string line; out.size() < most && std::getline(file, line);) {
        std::istringstream words(line);
        std::string user, session, conversation;
        words >> user >> session;
        const auto at = now();
        person one;
        one.token = keys.sign({user_id::parse(user).value(), session_id::parse(session).value(), user + "@bench.test",
            "user", at, at + seconds{7'200}});
        while (words >> conversation) one.conversations.push_back(conversation);
        out.push_back(std::move(one));
    }
    if (out.size() < most) throw std::invalid_argument("too few users in " + arguments.text("people"));
    return out;
}

}  // namespace airi::bench
