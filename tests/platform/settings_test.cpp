#include "platform/base/settings.hpp"
#include "platform/base/environment.hpp"
#include "tests/support/cpp/contains.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/source_tree.hpp"
#include "tests/support/cpp/temporary_directory.hpp"

namespace {

using namespace airi;
using airi::test::contains;
using airi::test::temporary_directory;

struct sample {
    std::uint16_t port = 3001;
    std::string host = "localhost";
    secret key;
    secret other_key;
    bool strict = false;
    double ratio = 0.5;
    std::int64_t count = 7;
    std::size_t bytes = 100;
    milliseconds pause{250};
    seconds age{60};
    std::string own;

    static constexpr auto settings = std::tuple{
        setting{"PORT", &sample::port, "The port clients connect to.", {.min = 1}},
        setting{"HOST", &sample::host, "The host."},
        setting{"KEY", &sample::key, "The key.", {.required = true, .replaced_after = std::chrono::days{90}}},
        setting{"OTHER_KEY", &sample::other_key, "Another key."},
        setting{"STRICT", &sample::strict, "Whether it is strict."},
        setting{"RATIO", &sample::ratio, "A part.", {.min = 0, .max = 1}},
        setting{"COUNT", &sample::count, "How many.", {.min = -5, .max = 10}},
        setting{"BYTES", &sample::bytes, "How much.", {.max = 1000}},
        setting{"PAUSE", &sample::pause, "How long to wait.", {.max = 60'000}},
        setting{"AGE", &sample::age, "How old."},
        setting{"AIRI_OWN", &sample::own, "One with the prefix."},
    };

    std::vector<std::string> mistakes() const {
        return host == own ? std::vector<std::string>{"HOST and AIRI_OWN are the same"} : std::vector<std::string>{};
    }
};

struct neighbour {
    std::uint16_t port = 3001;
    std::string colour;

    static constexpr auto settings = std::tuple{
        setting{"PORT", &neighbour::port, "The port clients connect to.", {.min = 1}},
        setting{"AIRI_COLOUR", &neighbour::colour, "The colour."},
    };
};

using mistakes = std::vector<std::string>;

loaded<sample> with(std::map<std::string, std::string> values) { return load<sample>({std::move(values), {}}); }
mistakes wrong_with(const std::string& name, const std::string& value) {
    return with({{"KEY", "k"}, {name, value}}).mistakes;
}

}  // namespace

TEST_CASE("a setting without a value, or with an empty one, keeps its default") {
    const auto got = with({{"KEY", "k"}, {"PORT", ""}, {"HOST", ""}});
    CHECK(got.mistakes.empty());
    CHECK(got.value.port == 3001);
    CHECK(got.value.host == "localhost");
    CHECK(got.value.pause == milliseconds(250));
}

TEST_CASE("every type is read") {
    const auto got = with({{"PORT", "65535"}, {"HOST", "a b"}, {"KEY", "k"}, {"STRICT", "yes"}, {"RATIO", "0.25"},
        {"COUNT", "-5"}, {"BYTES", "1000"}, {"PAUSE", "2s"}, {"AGE", "2h"}, {"PATH", "/bin"}});
    CHECK(got.mistakes.empty());
    CHECK(got.value.port == 65535);
    CHECK(got.value.host == "a b");
    CHECK(got.value.key.reveal() == "k");
    CHECK(got.value.strict);
    CHECK(got.value.ratio == 0.25);
    CHECK(got.value.count == -5);
    CHECK(got.value.bytes == 1000);
    CHECK(got.value.pause == milliseconds(2000));
    CHECK(got.value.age == seconds(7200));
    CHECK(with({{"KEY", "k"}, {"PAUSE", "30"}, {"AGE", "30"}}).value.pause == milliseconds(30));
    CHECK(with({{"KEY", "k"}, {"PAUSE", "30"}, {"AGE", "30"}}).value.age == seconds(30));
}

TEST_CASE("AIRI-56: all mistakes are reported at once, without values") {
    const auto got = with({{"PORT", "hunter2"}, {"STRICT", "hunter2"}, {"RATIO", "2"}, {"COUNT", "11"}, {"BYTES", "-1"},
        {"PAUSE", "5 days"}, {"AGE", "1500ms"}, {"AIRI_ONW", "x"}, {"HOST", "h"}, {"AIRI_OWN", "h"}});
    CHECK(got.mistakes ==
          mistakes{"PORT must be a whole number", "KEY is missing (or KEY_FILE)", "STRICT must be true or false",
              "RATIO must be 0 to 1", "COUNT must be -5 to 10", "BYTES must be 0 to 1000",
              "PAUSE must be a duration in milliseconds, or with ms, s, m, h",
              "AGE must be a duration in whole seconds, or with s, m, h", "HOST and AIRI_OWN are the same",
              "AIRI_ONW is no setting of airi: did you mean AIRI_OWN?"});
}

TEST_CASE("numbers are read whole and within their type") {
    for (auto wrong : {"0", "65536", "-1", "80x", " 80", "8 0", "0x50", "1e3", "99999999999999999999", "+80"})
        CHECK_MESSAGE(wrong_with("PORT", wrong).size() == 1, wrong);
    for (auto wrong : {"nan", "inf", "1e999", "0.5x", "-0.1"})
        CHECK_MESSAGE(wrong_with("RATIO", wrong).size() == 1, wrong);
    for (auto wrong : {"61s", "9223372036854775807h", "5d", "s", "1.5s"})
        CHECK_MESSAGE(wrong_with("PAUSE", wrong).size() == 1, wrong);
    CHECK(wrong_with("PORT", "0") == mistakes{"PORT must be 1 to 65535"});
}

TEST_CASE("SAAS-54: a secret whose file is due to be replaced is named") {
    const temporary_directory in;
    const auto file = in.write("key", "s3cret");
    const auto aged = [&](std::int64_t days) {
        const auto changed = std::filesystem::file_time_type::clock::now() - std::chrono::days{days};
        std::filesystem::last_write_time(file, changed);
        return with({{"KEY_FILE", file}}).old_secrets;
    };
    CHECK(aged(59).empty());
    REQUIRE(aged(60).size() == 1);
    CHECK(aged(60)[0].name == "KEY");
    CHECK(aged(75)[0].days == 75);
    CHECK(with({{"KEY", "k"}}).old_secrets.empty());
}

TEST_CASE("a secret may stand in a file") {
    const temporary_directory in;
    const auto file = in.write("key", "s3cret\n"), empty = in.write("empty", "\n");
    CHECK(with({{"KEY_FILE", file}}).mistakes.empty());
    CHECK(with({{"KEY_FILE", file}}).value.key.reveal() == "s3cret");
    CHECK(with({{"KEY_FILE", file}, {"KEY", "k"}}).mistakes == mistakes{"KEY and KEY_FILE are both given"});
    CHECK(with({{"KEY_FILE", empty}}).mistakes == mistakes{"KEY_FILE names an empty file"});
    CHECK(with({{"KEY_FILE", file + "x"}}).mistakes == mistakes{"KEY_FILE names a file that cannot be read"});
    CHECK(with({{"KEY_FILE", in.path}}).mistakes.size() == 1);
    CHECK(with({{"KEY", "k"}, {"OTHER_KEY_FILE", file}}).value.other_key.reveal() == "s3cret");
    CHECK(with({{"KEY", "k"}, {"HOST_FILE", file}}).value.host == "localhost");
}

TEST_CASE("names of other binaries' settings are accepted") {
    std::map<std::string, std::string> values{{"KEY", "k"}};
    for (auto name : {"AIRI_INSTANCE", "AIRI_HOME", "AIRI_CACHE", "AIRI_PARTITIONS", "AIRI_APP_PASSWORD",
             "AIRI_WORKER_PASSWORD", "JWT_SECRET", "JWT_SECRET_FILE", "POSTGRES_PASSWORD"})
        values.emplace(name, "x");
    CHECK(with(values).mistakes.empty());
    CHECK(with(values).misspellings.empty());
    CHECK(with({{"KEY", "k"}, {"AIRI_OWN_FILE", "x"}}).mistakes ==
          mistakes{"AIRI_OWN_FILE is no setting of airi: remove it; .env.example names every setting"});
}

TEST_CASE("a name one or two letters away from a setting of any program is reported with that setting") {
    const auto meant = [](const std::string& name) {
        const auto got = with({{"KEY", "k"}, {name, "x"}});
        CHECK(got.mistakes.empty());
        return got.misspellings.empty() ? "" : got.misspellings.front().meant;
    };
    CHECK(meant("OTHER_KYE") == "OTHER_KEY");
    CHECK(meant("PROT") == "PORT");
    CHECK(meant("JWT_SECRETS") == "JWT_SECRET");
    CHECK(meant("ENCRYPTON_KEY") == "ENCRYPTION_KEY");
    CHECK(meant("KAFKA_BROKER") == "KAFKA_BROKERS");
    CHECK(meant("OPENAI_APIKEY") == "OPENAI_API_KEY");
    CHECK(meant("MAIL_SMPT_URL") == "MAIL_SMTP_URL");
    CHECK(meant("MAIL_SMTP_URI_FILE").empty());
}

TEST_CASE("names of other tools are no misspelt settings") {
    for (const auto* name : {"PATH", "HOME", "HOST", "HOSTNAME", "USER", "SHELL", "TERM", "PWD", "OLDPWD", "LANG",
             "LC_ALL", "TZ", "TMPDIR", "MAIL", "EDITOR", "SHLVL", "LOGNAME", "DISPLAY", "CI", "DEBUG", "NODE_ENV",
             "NODE_OPTIONS", "NODE_PATH", "PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "HTTP_PROXY",
             "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "JAVA_HOME", "MAVEN_OPTS", "CCACHE_DIR",
             "CMAKE_PREFIX_PATH", "DOCKER_HOST", "KUBERNETES_PORT", "KUBERNETES_SERVICE_HOST", "REDIS_PORT",
             "REDIS_HOST", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_HOST", "POSTGRES_PORT", "KAFKA_PORT", "KAFKA_OPTS",
             "AWS_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "GOOGLE_API_KEY", "OPENAI_ORG_ID",
             "OLLAMA_MODELS", "INVOCATION_ID", "JOURNAL_STREAM", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "GITHUB_TOKEN",
             "LD_LIBRARY_PATH", "TSAN_OPTIONS"})
        CHECK_MESSAGE(with({{"KEY", "k"}, {name, "x"}}).misspellings.empty(), name);
}

TEST_CASE(".env is parsed like a shell does, and the environment has precedence") {
    environment from{{{"GIVEN", "first"}}, {}};
    from.add_lines(
        "# a comment\n\n  A=1  \r\nexport B = two words # said\nC='it is $HOME # here' # "
        "c\nD=\"q\\\"\\n\\\\\"\nE=\n"
        "GIVEN=second\nA=again\nF=a#b\nno value\n1X=1\nG='open\n=x\nH=\"x\" y\nI=last");
    CHECK(from.values == std::map<std::string, std::string>{{"A", "1"}, {"B", "two words"}, {"C", "it is $HOME # here"},
                             {"D", "q\"\n\\"}, {"E", ""}, {"F", "a#b"}, {"GIVEN", "first"}, {"I", "last"}});
    CHECK(from.mistakes == mistakes{"line 11 of .env is not NAME=value", "line 12 of .env is not NAME=value",
                               "line 13 of .env is not NAME=value", "line 14 of .env is not NAME=value",
                               "line 15 of .env is not NAME=value"});
    from.values["KEY"] = "k";
    CHECK(load<sample>(from).mistakes == from.mistakes);
}

TEST_CASE(".env of the working directory counts in development, the real environment wins, production ignores it") {
    const temporary_directory in;
    in.write(".env", "SETTINGS_TEST_A=file\nSETTINGS_TEST_B=file\n");
    std::filesystem::current_path(in.path);
    setenv("SETTINGS_TEST_A", "real", 1);
    CHECK(environment::of_process().values["SETTINGS_TEST_A"] == "real");
    CHECK(environment::of_process().values["SETTINGS_TEST_B"] == "file");
    setenv("AIRI_ENV", "production", 1);
    CHECK(environment::of_process().values.count("SETTINGS_TEST_B") == 0);
    unsetenv("AIRI_ENV");
    unsetenv("SETTINGS_TEST_A");
}

TEST_CASE("AIRI_ENV, AIRI_PROFILE and LOG_LEVEL take their own values only, in every program") {
    const auto mistake_of = [](const std::string& name, const std::string& value) {
        const auto got = with({{"KEY", "k"}, {name, value}}).mistakes;
        return got.empty() ? "" : got.front();
    };
    CHECK(mistake_of("LOG_LEVEL", "loud") == "LOG_LEVEL must be debug, info, warn or error");
    CHECK(mistake_of("AIRI_ENV", "live") == "AIRI_ENV must be development, test, staging or production");
    CHECK(mistake_of("AIRI_PROFILE", "sass") == "AIRI_PROFILE must be airi, ezri, howto, saas or statex");
    for (const auto* known : {"development", "test", "staging", "production", ""})
        CHECK(mistake_of("AIRI_ENV", known).empty());
    for (const auto* known : {"debug", "info", "warn", "error", ""}) CHECK(mistake_of("LOG_LEVEL", known).empty());
    int products = 0;
    for (const auto& file : std::filesystem::directory_iterator(airi::test::source_root() / "sql/profiles")) {
        if (!file.is_regular_file() || file.path().stem() == "base") continue;
        CHECK(mistake_of("AIRI_PROFILE", file.path().stem()).empty());
        ++products;
    }
    CHECK(products == 5);
}

TEST_CASE("SAAS-53: each environment has its log level, and development has no rate limits, unless they are given") {
    const auto changed = [](variables given) {
        add_environment_defaults(given);
        return given["LOG_LEVEL"] + " " + given["ENABLE_RATE_LIMITING"];
    };
    CHECK(changed({}) == "debug false");
    CHECK(changed({{"AIRI_ENV", "development"}, {"LOG_LEVEL", ""}}) == "debug false");
    CHECK(changed({{"AIRI_ENV", "test"}}) == "info ");
    CHECK(changed({{"AIRI_ENV", "staging"}}) == "info ");
    CHECK(changed({{"AIRI_ENV", "production"}}) == "error ");
    CHECK(changed({{"LOG_LEVEL", "warn"}, {"ENABLE_RATE_LIMITING", "true"}}) == "warn true");
    setenv("NODE_ENV", "production", 1);
    CHECK(environment::of_process().values["AIRI_ENV"] == "production");
    CHECK(environment::of_process().values["LOG_LEVEL"] == "error");
    setenv("AIRI_ENV", "staging", 1);
    CHECK(environment::of_process().values["LOG_LEVEL"] == "info");
    unsetenv("AIRI_ENV");
    unsetenv("NODE_ENV");
}

TEST_CASE("STATEX-49: REDIS_HOST, REDIS_PORT and REDIS_PASSWORD make a REDIS_URL where there is none") {
    const auto url = [](variables given) {
        add_documented_names(given);
        return given["REDIS_URL"];
    };
    CHECK(url({{"REDIS_HOST", "cache"}}) == "redis://cache:6379");
    CHECK(url({{"REDIS_HOST", "cache"}, {"REDIS_PORT", "7000"}, {"REDIS_PASSWORD", "a/b@c"}}) ==
          "redis://:a%2Fb%40c@cache:7000");
    CHECK(url({{"REDIS_URL", "redis://other:1"}, {"REDIS_HOST", "cache"}}) == "redis://other:1");
    CHECK(url({{"REDIS_URL", "redis://other:1/2"}, {"REDIS_PASSWORD", "p"}}) == "redis://:p@other:1/2");
    CHECK(url({{"REDIS_URL", "redis://:own@other:1"}, {"REDIS_PASSWORD", "p"}}) == "redis://:own@other:1");
    CHECK(url({{"REDIS_PASSWORD", "p"}}).empty());
}

TEST_CASE("the help names every setting and shows no secret") {
    std::string text;
    for (const auto& one : settings_help<sample>()) text += one.line;
    CHECK(contains(text, "  PORT                         The port clients connect to. (default 3001; at least 1)\n"));
    CHECK(contains(text, "  KEY                          The key. (required; or KEY_FILE)\n"));
    CHECK(contains(text, "  PAUSE                        How long to wait. (default 250ms; at most 60000)\n"));
    CHECK(contains(text, "  AIRI_OWN                     One with the prefix.\n"));
}

TEST_CASE("structs read from one environment share the settings that both have, and their mistakes") {
    const environment from{{{"KEY", "k"}, {"PORT", "0"}, {"AIRI_COLOUR", "red"}, {"AIRI_OWN", "x"}}, {}};
    settings_reader reader(from);
    sample first;
    neighbour second;
    reader.load(first);
    reader.load(second);
    CHECK(second.colour == "red");
    CHECK(first.own == "x");
    CHECK(reader.mistakes() == mistakes{"PORT must be 1 to 65535"});
}

TEST_CASE("AIRI-56: loading the settings runs the program or gives its exit code") {
    const temporary_directory in;
    std::filesystem::current_path(in.path);
    const auto code = [](std::vector<const char*> arguments) {
        sample into;
        arguments.insert(arguments.begin(), "program");
        return load_or_exit_code(static_cast<int>(arguments.size()), arguments.data(), into);
    };
    CHECK(code({}) == 2);
    CHECK(code({"--check"}) == 2);
    CHECK(code({"--help"}) == 0);
    CHECK(code({"--chekc"}) == 2);
    CHECK(code({"--check", "--help"}) == 2);
    setenv("KEY", "k", 1);
    CHECK(code({"--check"}) == 0);
    CHECK(code({}) == std::nullopt);
    in.write(".env", "OTHER_KEYS=hunter2\n");
    {
        const test::captured_log log;
        CHECK(code({}) == std::nullopt);
        CHECK(contains(log.lines(), R"("level":"warn")"));
        CHECK(contains(log.lines(), R"("event":"settings.unknown")"));
        CHECK(contains(log.lines(), "unknown setting OTHER_KEYS: did you mean OTHER_KEY?"));
        CHECK_FALSE(contains(log.lines(), "hunter2"));
    }
    unsetenv("KEY");
}
