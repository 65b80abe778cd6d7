#include "workers/providers/games/factorio.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "platform/base/json.hpp"
#include "platform/base/utf8.hpp"

namespace airi::workers::providers::games {
namespace factorio {
namespace {

constexpr std::int64_t most_count = 100;
constexpr std::size_t most_said = 256;
constexpr std::size_t most_players = 8, most_items = 32, most_name = 64;

// 2.0 has `helpers` and `prototypes`, 1.1 has both in `game`.
constexpr std::string_view print_state = " rcon.print((helpers or game).table_to_json(d))";

constexpr std::string_view look =
    "/sc local d={tick=game.tick,players={}} for _,p in pairs(game.connected_players) do if #d.players>=8 then break "
    "end"
    " local i={} local v=p.get_main_inventory() if v then for k,s in pairs(v.get_contents()) do if #i>=32 then break "
    "end"
    " i[#i+1]=type(s)==\"table\" and {name=s.name,count=s.count} or {name=k,count=s} end end"
    " d.players[#d.players+1]={name=p.name,x=p.position.x,y=p.position.y,surface=p.surface.name,"
    "health=p.character and p.character.health,inventory=i} end";

// Of a player and of what is done with them; `%` is the rest of the chain of conditions.
std::string with_player(std::string_view name, std::string_view conditions) {
    return "/sc local d={} local p=game.get_player(" + lua_literal(name) +
           ") if not p or not p.connected then d.error=\"NO_PLAYER\" " + std::string(conditions) + " end" +
           std::string(print_state);
}

bool is_name(std::string_view text, std::string_view more = {}) {
    return !text.empty() && text.size() <= most_name && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               more.find(c) != more.npos;
    });
}

bool is_player(std::string_view text) { return is_name(text, "."); }

script wrong_arguments() { return {{}, "INVALID_ARGUMENTS"}; }

script say(json::value arguments, const participant& who) {
    const auto text = arguments["text"].string();
    if (!text || text->empty() || code_points(*text) > most_said) return wrong_arguments();
    auto line = who.name + ": " + std::string(*text);
    std::ranges::replace_if(line, [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
    return {"/sc local d={} game.print(" + lua_literal(line) + ")" + std::string(print_state), {}};
}

struct amount {
    std::string item;
    std::string count;
};

std::optional<amount> amount_of(json::value arguments) {
    const auto item = arguments["item"].string();
    const auto count = arguments["count"].exists() ? arguments["count"].integer() : 1;
    if (!item || !is_name(*item) || !count || *count < 1 || *count > most_count) return std::nullopt;
    return amount{lua_literal(*item), std::to_string(*count)};
}

script give(json::value arguments, const participant& who) {
    const auto what = amount_of(arguments);
    const auto named = arguments["player"];
    if (!named.exists() && who.owner.empty()) return {{}, "NO_OWNER"};
    const auto player = named.exists() ? named.string() : std::string_view(who.owner);
    if (!what || !player || !is_player(*player)) return wrong_arguments();
    return {with_player(*player, "elseif not (prototypes and prototypes.item or game.item_prototypes)[" + what->item +
                                     "] then d.error=\"NO_ITEM\" else d.count=p.insert{name=" + what->item +
                                     ",count=" + what->count + "} if d.count==0 then d.error=\"INVENTORY_FULL\" end"),
        {}};
}

script craft(json::value arguments, const participant& who) {
    const auto what = amount_of(arguments);
    if (!what) return wrong_arguments();
    return {with_player(who.owner,
                "elseif not p.character then d.error=\"NO_CHARACTER\" elseif not p.force.recipes[" + what->item +
                    "] then d.error=\"NO_RECIPE\" elseif not p.force.recipes[" + what->item +
                    "].enabled then d.error=\"RECIPE_LOCKED\" else d.count=p.begin_crafting{recipe=" + what->item +
                    ",count=" + what->count + ",silent=true} if d.count==0 then d.error=\"NO_INGREDIENTS\" end"),
        {}};
}

// The last entry of the queue is never an intermediate product of another one.
script stop(const participant& who) {
    return {with_player(who.owner,
                "elseif not p.character then d.error=\"NO_CHARACTER\" else d.count=0 for _=1,200 do local q="
                "p.crafting_queue q=q and q[#q] if not q then break end p.cancel_crafting{index=q.index,count=q.count}"
                " d.count=d.count+1 end"),
        {}};
}

std::string name_in(json::value at) {
    const auto text = at.string().value_or("");
    return std::string(first_code_points(text, most_name));
}

// An empty table of Lua is an empty object.
template <class Each>
void up_to(std::size_t most, json::value list, Each each) {
    list.each([&, left = most](json::value one) mutable {
        if (left == 0) return;
        --left;
        each(one);
    });
}

}  // namespace

std::string lua_literal(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (byte < ' ' || byte == 0x7F)
            out.append("\\").append(std::to_string(1000 + byte), 1, 3);
        else
            out += c;
    }
    return out + '"';
}

script script_of(const command& what, const participant& who) {
    const auto parsed = json::document::parse(what.arguments);
    if (!parsed || parsed->root().type() != json::kind::object) return wrong_arguments();
    const auto arguments = parsed->root();
    if (what.verb == "say") return say(arguments, who);
    if (what.verb == "look") return {std::string(look) + std::string(print_state), {}};
    if (what.verb == "give") return give(arguments, who);
    if (what.verb != "craft" && what.verb != "stop") return {{}, "VERB_NOT_AVAILABLE"};
    if (who.owner.empty()) return {{}, "NO_OWNER"};
    return what.verb == "craft" ? craft(arguments, who) : stop(who);
}

std::string read_state(std::string_view printed) {
    const auto parsed = json::document::parse(printed);
    if (!parsed) return {};
    const auto tick = parsed->root()["tick"].integer();
    if (!tick) return {};
    json::array players;
    up_to(most_players, parsed->root()["players"], [&](json::value player) {
        json::array items;
        up_to(most_items, player["inventory"], [&](json::value item) {
            items.add(
                json::object().add("name", name_in(item["name"])).add("count", item["count"].integer().value_or(0)));
        });
        json::object out;
        out.add("name", name_in(player["name"]))
            .add("x", player["x"].number())
            .add("y", player["y"].number())
            .add("surface", name_in(player["surface"]))
            .add("health", player["health"].number())
            .add_raw("inventory", items.text());
        players.add(out);
    });
    return json::object().add("tick", *tick).add_raw("players", players.text()).text();
}

}  // namespace factorio

namespace {

using moment = std::chrono::steady_clock::time_point;
using std::chrono::steady_clock;

constexpr milliseconds time_to_join{15'000};
constexpr std::string_view confirmation = "/sc rcon.print(\"airi\")";

milliseconds left_until(moment by) {
    return std::max(std::chrono::ceil<milliseconds>(by - steady_clock::now()), milliseconds{1});
}

// "NO_ITEM" and the like: what a server prints there is not trusted.
bool is_code(std::string_view text) {
    return !text.empty() && text.size() <= 32 &&
           std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

command_result ended(outcome how, std::string error, std::string detail = "{}") {
    return {how, std::move(error), std::move(detail), 0};
}

command_result failed_before(const error_code& ec) {
    if (ec == errc::denied) return ended(outcome::failed, "DENIED");
    if (ec == errc::unsupported) return ended(outcome::failed, "UNSUPPORTED");
    return ended(outcome::failed, "UNREACHABLE");
}

command_result failed_after(const error_code& ec) {
    if (ec == errc::refused) return ended(outcome::refused, "INVALID_ARGUMENTS");
    if (ec == errc::unreachable || ec == errc::denied) return failed_before(ec);
    if (ec == errc::timed_out) return ended(outcome::unknown, "TIMED_OUT");
    if (ec == errc::malformed) return ended(outcome::unknown, "MALFORMED");
    return ended(outcome::unknown, ec == errc::too_long ? "TOO_LONG" : "LOST");
}

command_result read_printed(std::string_view verb, std::string_view printed) {
    while (printed.ends_with('\n')) printed.remove_suffix(1);
    if (printed.empty()) return ended(outcome::unknown, "NO_ANSWER");
    const auto parsed = json::document::parse(printed);
    if (!parsed || parsed->root().type() != json::kind::object) return ended(outcome::failed, "SCRIPT_ERROR");
    if (verb == "look") {
        auto state = factorio::read_state(printed);
        if (state.empty()) return ended(outcome::unknown, "MALFORMED");
        return ended(outcome::done, {}, std::move(state));
    }
    const auto error = parsed->root()["error"];
    if (error.exists()) {
        const auto code = error.string();
        return ended(outcome::failed, code && is_code(*code) ? std::string(*code) : "SCRIPT_ERROR");
    }
    json::object detail;
    if (const auto count = parsed->root()["count"].integer()) detail.add("count", *count);
    return ended(outcome::done, {}, detail.text());
}

class factorio_connection final : public game_connection {
public:
    factorio_connection(executor on, rcon::limits limits) : on_(std::move(on)), limits_(limits) {}

    awaitable<result<>> join(server_address server, participant who, std::function<void(game_event)> sink) override {
        who_ = std::move(who);
        sink_ = std::move(sink);
        confirmed_ = 0;
        rcon_ = std::make_shared<rcon::client>(on_, std::move(server), rcon::dialect::factorio, limits_);
        const auto rcon = rcon_;
        const auto by = steady_clock::now() + time_to_join;
        if (const auto ec = co_await be_ready(rcon, by)) co_return ec;
        const auto printed = co_await rcon->run(factorio::script_of({{}, "look", "{}", {}}, who_).text, left_until(by));
        if (!printed) co_return printed.error();
        auto state = factorio::read_state(*printed);
        if (state.empty()) co_return errc::malformed;
        joined_ = true;
        sink_({.is = game_event::kind::state, .player = {}, .text = {}, .detail = std::move(state)});
        co_return result<>();
    }

    awaitable<command_result> run(command what) override {
        if (!rcon_) co_return ended(outcome::failed, "UNREACHABLE");
        const auto script = factorio::script_of(what, who_);
        if (!script.error.empty()) co_return ended(outcome::refused, script.error);
        // A command whose end the game told is not stopped any more.
        const auto stops = stops_;
        ++running_;
        auto result = co_await carry_out(what, script.text, stops);
        --running_;
        if (result.outcome == outcome::done && what.verb == "look")
            sink_({.is = game_event::kind::state, .player = {}, .text = {}, .detail = result.detail});
        co_return result;
    }

    awaitable<bool> set_owner(std::string name) override {
        who_.owner = std::move(name);
        co_return true;
    }

    void stop() override {
        if (running_ == 0) return;
        ++stops_;
        rcon_->abort();
    }

    void abort() override {
        if (rcon_) rcon_->abort();
    }

    // The server knows nothing of this client but its connection.
    awaitable<> leave() override {
        joined_ = false;
        stop();
        rcon_.reset();
        co_return;
    }

private:
    // Of commands that run side by side each compares the stops with those before its own beginning.
    awaitable<command_result> carry_out(const command& what, const std::string& script, unsigned stops) {
        const auto rcon = rcon_;
        const auto by = steady_clock::now() + what.limits.time;
        if (const auto ec = co_await be_ready(rcon, by)) {
            if (stops != stops_) co_return ended(outcome::stopped, "STOPPED");
            note_loss(ec);
            co_return failed_before(ec);
        }
        if (stops != stops_) co_return ended(outcome::stopped, "STOPPED");
        const auto printed = co_await rcon->run(script, left_until(by));
        if (printed) co_return read_printed(what.verb, *printed);
        if (stops != stops_) co_return ended(outcome::stopped, "STOPPED");
        note_loss(printed.error());
        co_return failed_after(printed.error());
    }

    // Connected, and Lua commands are carried out.
    awaitable<error_code> be_ready(std::shared_ptr<rcon::client> rcon, moment by) {
        for (int attempt = 0; attempt < 3; ++attempt) {
            if (const auto opened = co_await rcon->open(left_until(by)); !opened) co_return opened.error();
            if (confirmed_ == rcon->logins()) {
                joined_ = true;
                co_return error_code{};
            }
            if (attempt == 2) break;
            const auto said = co_await rcon->run(std::string(confirmation), left_until(by));
            if (!said) co_return said.error();
            if (said->starts_with("airi")) confirmed_ = rcon->logins();
        }
        co_return errc::unsupported;
    }

    void note_loss(const error_code& ec) {
        const bool gone = ec == errc::lost || ec == errc::unreachable || ec == errc::denied;
        if (!gone || !std::exchange(joined_, false)) return;
        sink_({.is = game_event::kind::left, .player = {}, .text = "disconnected", .detail = {}});
    }

    executor on_;
    rcon::limits limits_;
    participant who_;
    std::function<void(game_event)> sink_;
    std::shared_ptr<rcon::client> rcon_;  ///< a coroutine has its own: leave() may come in the middle of it
    unsigned confirmed_ = 0;              ///< the login whose first command was sent
    unsigned stops_ = 0;                  ///< calls of stop()
    int running_ = 0;                     ///< commands
    bool joined_ = false;
};

}  // namespace

std::unique_ptr<game_connection> open_factorio(executor on, rcon::limits limits) {
    return std::make_unique<factorio_connection>(std::move(on), limits);
}

}  // namespace airi::workers::providers::games
