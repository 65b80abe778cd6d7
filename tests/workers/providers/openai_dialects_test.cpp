#include "workers/providers/llm/openai_dialects.hpp"

#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <set>

#include "platform/base/log.hpp"
#include "tests/platform/http_raw_server.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/source_tree.hpp"
#include "tests/workers/providers/said.hpp"
#include "workers/providers/providers.hpp"

namespace airi::tests {
namespace {

using namespace workers::providers;
using test::contains;

const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

// A reply whose usage is where the dialect has it.
std::string reply_of(const openai_dialect& row) {
    const std::string counts = R"({"usage":{"prompt_tokens":7,"completion_tokens":2}})";
    const auto usage = row.usage_parent.empty() ? counts : "{\"" + std::string(row.usage_parent) + "\":" + counts + "}";
    return head + "data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n" +
           "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: " + usage + "\n\ndata: [DONE]\n\n";
}

// The vendors with prices: ('vendor', 'model', 0, … of profile_models in every profile.
std::map<std::string, std::string> priced_vendors() {
    const std::regex rows(R"(insert into profile_models[^;]*;)"), line(R"(\('(\w+)', '[^']+', \d)");
    std::map<std::string, std::string> out;
    for (const auto& file : test::files_below({"sql/profiles"}, {".sql"}))
        for (std::sregex_iterator table(file.text.begin(), file.text.end(), rows), end; table != end; ++table) {
            const auto text = table->str();
            for (std::sregex_iterator row(text.begin(), text.end(), line); row != end; ++row)
                out.emplace((*row)[1], file.path);
        }
    return out;
}

}  // namespace

TEST_CASE("each vendor with OpenAI's API gets its own request, and its usage is counted") {
    for (std::size_t i = 0; i < openai_dialects.size(); ++i) {
        const auto& row = openai_dialects[i];
        CAPTURE(row.name);
        asio::io_context on;
        const auto client = http::open_client(on.get_executor());
        raw_server server(on, {{request(), send(reply_of(row)), hang_up()}});
        log::send_to([](std::string_view) {});
        provider_settings settings;
        settings.vendors[i] = {secret(" k\n"), server.url("")};
        const auto providers = from_settings(settings, *client, on.get_executor());
        REQUIRE(providers.size() == 3);  // Ollama and the simulated one are always there
        CHECK(providers[0]->name() == row.name);
        const prompt prompt{.model = "m", .turns = {{role::user, "hi"}}, .max_tokens = 5, .temperature = {}};
        const auto got = run(on, listen(providers[0].get(), prompt, {}));
        log::send_to({});
        CHECK(got.text == "hello");
        REQUIRE(got.tokens);
        CHECK(got.tokens->in == 7);
        CHECK(got.tokens->out == 2);
        REQUIRE(server.seen().requests.size() == 1);
        const auto& sent = server.seen().requests[0];
        const auto path = row.azure ? "/openai/deployments/m" : std::string(row.path);
        CHECK(sent.starts_with("POST " + path + "/chat/completions"));
        CHECK(contains(sent, std::string(row.key_header) + ": " + std::string(row.key_prefix) + "k\r\n"));
        const auto field =
            row.max_tokens_field_elsewhere.empty() ? row.max_tokens_field : row.max_tokens_field_elsewhere;
        CHECK(contains(sent, "\"" + std::string(field) + "\":5"));
        CHECK((sent.find("\"stream_options\"") != sent.npos) == row.wants_usage);
    }
}

TEST_CASE("a vendor's settings have names of their own, and the key's name marks it as a key") {
    std::set<std::string_view> names, vendors;
    for (const auto& row : openai_dialects) {
        CAPTURE(row.name);
        CHECK(row.key_setting.ends_with("_API_KEY"));
        CHECK((row.url_setting.ends_with("_BASE_URL") || row.url_setting.ends_with("_ENDPOINT")));
        CHECK(names.insert(row.key_setting).second);
        CHECK(names.insert(row.url_setting).second);
        CHECK(vendors.insert(row.name).second);
        CHECK((row.host.empty() || (row.host.starts_with("https://") && row.path.starts_with('/'))));
    }
}

TEST_CASE("each vendor has a price in a profile, and each vendor with a price exists") {
    std::set<std::string, std::less<>> known{"anthropic", "ollama", "simulated"};
    const auto priced = priced_vendors();
    REQUIRE(priced.contains("simulated"));
    for (const auto& row : openai_dialects) {
        known.emplace(row.name);
        CHECK_MESSAGE(priced.contains(std::string(row.name)),
            "no profile has a price for " << row.name << ", so it is never called: add a line ('" << row.name
                                          << "', '<model>', …) to profile_models in a file of sql/profiles/");
    }
    for (const auto& [name, file] : priced)
        CHECK_MESSAGE(known.contains(name), file << " has prices for " << name
                                                 << ", which no provider is: add a row to "
                                                    "workers/providers/llm/openai_dialects.hpp or correct the name");
}

}  // namespace airi::tests
