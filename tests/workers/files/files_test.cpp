#include "workers/files/files.hpp"

#include "events/sample.hpp"
#include "platform/crypto/digest.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

// Answers as it is told, and keeps what it was given.
class scripted_maker final : public files::picture_maker {
public:
    awaitable<result<files::picture>> make(std::string bytes) override {
        given.push_back(std::move(bytes));
        co_return answer;
    }
    result<files::picture> answer = files::picture{"image/webp", 3, 4, "new"};
    std::vector<std::string> given;
};

struct files_fixture {
    loop io;
    fake_database database;
    scripted_maker pictures;
    files::ports ports{database, pictures};
    worker files_worker = files::declare(ports);
    events::avatar_uploaded event = events::sample<events::avatar_uploaded>();
    bool there = true, made = false;

    files_fixture() {
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            CHECK(asked.statement->name == "files.uploaded_avatar");
            postgres::rows out;
            out.columns_ = 2;
            if (there) out.cells_ = {digest::base64url("uploaded"), R"({"state":"ready"})"};
            if (there && made) out.cells_[0].reset();
            return out;
        };
    }
    result<effects> run() {
        const kafka::message message{
            "avatar.uploaded.v1", 1, 7, some_time, event.user.text(), events::encode(event), {}};
        return io.run(files_worker.handle(record{message}));
    }
};

}  // namespace

TEST_CASE("an uploaded picture is replaced by the one made of it, and the user's clients are told") {
    files_fixture f;
    const auto done = f.run();
    REQUIRE(done);
    CHECK(f.pictures.given == std::vector<std::string>{"uploaded"});
    REQUIRE(done->statements.size() == 1);
    CHECK(done->statements[0].statement->name == "files.store_avatar");
    CHECK(parameter(done->statements[0], "media_type") == "image/webp");
    CHECK(parameter(done->statements[0], "bytes") == digest::base64("new"));
    const auto after = done->after_from_rows({cell(R"({"state":"ready"})")});
    REQUIRE(after.announcements.size() == 1);
    CHECK(contains(after.announcements[0].frame, "avatar_processed"));
    CHECK(after.changed_users == std::vector{f.event.user});
    CHECK(done->after_from_rows({postgres::rows{}}).announcements.empty());
}

TEST_CASE("what is no picture is rejected, also when it is given up; one that nobody could look at is tried again") {
    files_fixture f;
    f.pictures.answer = make_error_code(files::errc::refused);
    const auto done = f.run();
    REQUIRE(done);
    CHECK(done->statements.at(0).statement->name == "files.reject_avatar");
    f.pictures.answer = make_error_code(files::errc::not_run);
    CHECK(f.run().error() == files::errc::not_run);
    const kafka::message message{"avatar.uploaded.v1", 1, 7, some_time, "", events::encode(f.event), {}};
    const auto given_up = f.files_worker.give_up(record{message});
    CHECK(given_up.statements.at(0).statement->name == "files.reject_avatar");
    CHECK(parameter(given_up.statements.at(0), "id") == f.event.id.text());
}

TEST_CASE("a picture that was made before is left alone, and the user's clients are told again") {
    files_fixture f;
    f.made = true;
    const auto done = f.run();
    REQUIRE(done);
    CHECK(done->statements.empty());
    CHECK(f.pictures.given.empty());
    REQUIRE(done->after.announcements.size() == 1);
    CHECK(contains(done->after.announcements[0].frame, R"("state":"ready")"));
    CHECK(done->after.changed_users == std::vector{f.event.user});
}

TEST_CASE("a picture that was deleted before has no effects") {
    files_fixture f;
    f.there = false;
    const auto done = f.run();
    REQUIRE(done);
    CHECK(done->statements.empty());
    CHECK(done->after.announcements.empty());
    CHECK(f.pictures.given.empty());
}
