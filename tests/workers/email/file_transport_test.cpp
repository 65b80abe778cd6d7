#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "tests/support/cpp/source_tree.hpp"
#include "workers/email/errors.hpp"
#include "workers/email/send_pool.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;
namespace fs = std::filesystem;

namespace {

struct folder {
    fs::path path = fs::temp_directory_path() / ("airi-outbox-" + uuid::v7().text());
    ~folder() { fs::remove_all(path); }

    std::vector<fs::path> files() const {
        std::vector<fs::path> out;
        for (const auto& one : fs::directory_iterator(path)) out.push_back(one.path());
        return out;
    }
};

email::mime_message message_to(std::string to) {
    return {event_id::of(uuid{}, to), {"airi", "no-reply@airi.example"}, to, some_time, "Hello", "Hello\n",
        "<p>Hello</p>\n"};
}

}  // namespace

TEST_CASE("the file transport writes one private file per message, also when it is delivered again") {
    folder home;
    const auto transport = email::open_file_transport(home.path / "mail");
    home.path /= "mail";
    for (const auto* to : {"a@b", "c@d", "a@b"}) CHECK(transport->deliver(message_to(to), {}).has_value());
    const auto files = home.files();
    CHECK(files.size() == 2);
    const auto file = home.path / (message_to("a@b").id.text() + ".eml");
    CHECK(read_text(file) == email::render(message_to("a@b")));
    CHECK((fs::status(file).permissions() & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK((fs::status(home.path).permissions() & fs::perms::all) == fs::perms::owner_all);
    home.path = home.path.parent_path();
}

TEST_CASE("a folder that cannot be written is an outage and leaves no file behind") {
    folder home;
    std::ofstream(home.path) << "a file where the folder should be";
    const auto failed = email::open_file_transport(home.path)->deliver(message_to("a@b"), {});
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == email::errc::not_written);
    CHECK(failed.error() == failure::outage);
    fs::remove(home.path);
    // The name is taken by a folder: the part is written, but cannot become the file.
    fs::create_directories(home.path / (message_to("a@b").id.text() + ".eml") / "x");
    CHECK_FALSE(email::open_file_transport(home.path)->deliver(message_to("a@b"), {}).has_value());
    CHECK(home.files().size() == 1);
}

TEST_CASE("the send pool sends on its own threads, and its destruction stops a send in progress") {
    struct waiting final : email::transport {
        result<> deliver(const email::mime_message& message, std::stop_token stop) override {
            if (message.to == "throws@b") throw std::runtime_error("no");
            if (message.to == "waits@b") {
                entered = true;
                entered.notify_all();
                while (!stop.stop_requested()) std::this_thread::yield();
                return email::errc::away;
            }
            return {};
        }
        std::atomic<bool>& entered;
        explicit waiting(std::atomic<bool>& e) : entered(e) {}
    };
    std::atomic<bool> entered = false;
    loop io;
    auto pool = email::open_send_pool(std::make_unique<waiting>(entered), 1);
    CHECK(io.run(pool->send(message_to("a@b"))).has_value());
    CHECK(io.run(pool->send(message_to("throws@b"))).error() == failure::broken);
    std::optional<result<>> ended;
    boost::asio::co_spawn(
        io.on(), pool->send(message_to("waits@b")), [&](std::exception_ptr, result<> r) { ended = r; });
    io.settle();
    entered.wait(false);
    CHECK_FALSE(ended.has_value());
    pool.reset();
    REQUIRE(io.until([&] { return ended.has_value(); }));
    CHECK(ended->error() == email::errc::away);
}

TEST_CASE("an SMTP URL names a server and nothing else") {
    for (const auto* good : {"smtp://h", "smtps://h:465", "smtp://u%40x:p%2Fw@h:587", "smtp://[::1]:25"})
        CHECK(email::smtp_mistake(secret(good)) == "");
    for (const auto* bad :
        {"h:25", "http://h", "smtp://", "smtp://h/path", "smtp://h?x=1", "smtp://h:99999", "smtp://u:secret@"}) {
        const auto mistake = email::smtp_mistake(secret(bad));
        CHECK(mistake != "");
        CHECK_FALSE(contains(mistake, "secret"));
    }
}
