#include <cstdlib>
#include <fstream>

#include "tests/conformance/storage_suite.hpp"
#include "tests/support/cpp/captured_log.hpp"

using namespace airi;
using namespace airi::test;
namespace fs = std::filesystem;

namespace {

struct directory {
    loop io;
    fs::path root = make();
    std::unique_ptr<storage::store> its_store = storage::open_directory(root / "archive");

    ~directory() { fs::remove_all(root); }
    storage::store& store() { return *its_store; }
    void add(const std::string& name) {
        const auto file = root / "archive" / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file) << "x";
    }
    static fs::path make() {
        auto name = (fs::temp_directory_path() / "airi-storage-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        return name;
    }
};

}  // namespace

TEST_CASE("a directory conforms to the storage port") { storage_conforms<directory>(); }

TEST_CASE("a directory's files are for their owner only, and parts of a dead writer are removed after a day") {
    storage_suite<directory> suite;
    const auto root = suite.on.root / "archive";
    REQUIRE_FALSE(suite.put("a/b", "x"));
    CHECK((fs::status(root / "a/b").permissions() & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);
    CHECK(fs::is_empty(root / ".parts"));
    for (const auto* name : {"old", "fresh"}) std::ofstream(root / ".parts" / name) << "half";
    fs::last_write_time(root / ".parts/old", fs::file_time_type::clock::now() - std::chrono::hours(25));
    const auto again = storage::open_directory(root);
    CHECK_FALSE(fs::exists(root / ".parts/old"));
    CHECK(fs::exists(root / ".parts/fresh"));
    CHECK(suite.names("") == std::vector<std::string>{"a/b"});
}

TEST_CASE("files of others in the directory are no objects") {
    storage_suite<directory> suite;
    REQUIRE_FALSE(suite.put("a", "x"));
    std::ofstream(suite.on.root / "archive/with blank") << "x";
    fs::create_directory(suite.on.root / "archive/.git");
    std::ofstream(suite.on.root / "archive/.git/config") << "x";
    CHECK(suite.names("") == std::vector<std::string>{"a"});
}

TEST_CASE("a directory where nothing can be written denies it, and names the object in the log") {
    captured_log log;
    loop io;
    const auto store = storage::open_directory("/proc/archive");
    const auto done = io.run(store->put("a", "x"));
    REQUIRE_FALSE(done);
    CHECK(done.error() == storage::errc::denied);
    CHECK(log.count(R"("object":"a")") == 1);
}
