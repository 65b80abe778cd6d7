#include "workers/operations/state_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "platform/base/error_table.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/json.hpp"
#include "workers/operations/places.hpp"

namespace airi::workers::operations {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::invalid_state, "the state file is damaged or of another replay", failure::refused},
    {errc::state_not_stored, "the state file cannot be written", failure::refused},
    {errc::state_in_use, "another replay uses the state file", failure::refused},
    {errc::group_stands, "the consumer group does not go on: start its workers, and repeat the command",
        failure::refused},
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.operations", error_rows);
    return table.code(e);
}

result<replay_place> load_place(const std::string& file, const replay_order& order) {
    std::ifstream in(file);
    if (file.empty() || !in) return replay_place{uuid::v7(now()).text(), {}};
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    const auto parsed = json::document::parse(text);
    if (!parsed) return errc::invalid_state;
    const auto root = parsed->root();
    const auto id = root["id"].string();
    const auto reached = read_positions(root["reached"]);
    if (!id || !reached || root["topic"].string() != order.range.topic || root["into"].string() != order.into)
        return errc::invalid_state;
    return replay_place{std::string(*id), *reached};
}

result<> store_place(const std::string& file, const replay_order& order, const replay_place& place) {
    if (file.empty()) return {};
    const auto text = json::object()
                          .add("id", place.id)
                          .add("topic", order.range.topic)
                          .add("into", order.into)
                          .add_raw("reached", positions_json(place.reached))
                          .text();
    const auto fresh = file + ".new";
    std::ofstream out(fresh, std::ios::trunc);
    out << text << '\n';
    out.close();
    std::error_code failed;
    if (out) std::filesystem::rename(fresh, file, failed);
    if (!out || failed) return errc::state_not_stored;
    return {};
}

}  // namespace airi::workers::operations
