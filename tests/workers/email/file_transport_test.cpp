#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

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

email::letter letter_to(std::string to) {
    return {event_id::of(uuid{}, to), {"airi", "no-reply@airi.example"}, to, some_time, "Hello", "Hello\n",
        "<p>Hello</p>\n"};
}

}  // namespace

TEST_CASE("the outbox has one file a mail, for its owner alone, whatever is delivered again") {
    folder in;
    const auto outbox = email::open_outbox(in.path / "mail");
    in.path /= "mail";
    for (const auto* to : {"a@b", "c@d", "a@b"}) CHECK(outbox->deliver(letter_to(to), {}).has_value());
    const auto files = in.files();
    CHECK(files.size() == 2);
    const auto file = in.path / (letter_to("a@b").id.text() + ".eml");
    CHECK(read_text(file) == email::render(letter_to("a@b")));
    CHECK((fs::status(file).permissions() & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK((fs::status(in.path).permissions() & fs::perms::all) == fs::perms::owner_all);
    in.path = in.path.parent_path();
}

TEST_CASE("an outbox that cannot be written is an outage and leaves nothing behind") {
    folder in;
    std::ofstream(in.path) << "a file where the folder should be";
    const auto failed = email::open_outbox(in.path)->deliver(letter_to("a@b"), {});
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == email::errc::not_written);
    CHECK(failed.error() == failure::outage);
    fs::remove(in.path);
    // The name is taken by a folder: the part is written, but cannot become the file.
    fs::create_directories(in.path / (letter_to("a@b").id.text() + ".eml") / "x");
    CHECK_FALSE(email::open_outbox(in.path)->deliver(letter_to("a@b"), {}).has_value());
    CHECK(in.files().size() == 1);
}

TEST_CASE("a sender's threads send while its caller goes on, and its end ends what is under way") {
    struct waiting final : email::transport {
        result<> deliver(const email::letter& what, std::stop_token stop) override {
            if (what.to == "throws@b") throw std::runtime_error("no");
            if (what.to == "waits@b") {
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
    auto sender = email::open_sender(std::make_unique<waiting>(entered), 1);
    CHECK(io.run(sender->send(letter_to("a@b"))).has_value());
    CHECK(io.run(sender->send(letter_to("throws@b"))).error() == failure::broken);
    std::optional<result<>> ended;
    boost::asio::co_spawn(
        io.on(), sender->send(letter_to("waits@b")), [&](std::exception_ptr, result<> r) { ended = r; });
    io.settle();
    entered.wait(false);
    CHECK_FALSE(ended.has_value());
    sender.reset();
    REQUIRE(io.until([&] { return ended.has_value(); }));
    CHECK(ended->error() == email::errc::away);
}

TEST_CASE("an SMTP URL names a host, and nothing that is no server") {
    for (const auto* good : {"smtp://h", "smtps://h:465", "smtp://u%40x:p%2Fw@h:587", "smtp://[::1]:25"})
        CHECK(email::smtp_mistake(secret(good)) == "");
    for (const auto* bad :
        {"h:25", "http://h", "smtp://", "smtp://h/path", "smtp://h?x=1", "smtp://h:99999", "smtp://u:secret@"}) {
        const auto mistake = email::smtp_mistake(secret(bad));
        CHECK(mistake != "");
        CHECK(mistake.find("secret") == mistake.npos);
    }
}
