#include "events/frames/frame.hpp"
#include "platform/http/client.hpp"
#include "platform/http/url.hpp"
#include "sql/statements.hpp"
#include "workers/gaming/docker_driver.hpp"
#include "workers/gaming/gaming.hpp"
#include "workers/gaming/minecraft.hpp"
#include "workers/gaming/pool.hpp"
#include "workers/gaming/process_driver.hpp"
#include "workers/gaming/server_list.hpp"
#include "workers/providers/games/factorio.hpp"
#include "workers/providers/games/roblox.hpp"
#include "workers/runtime/blocked_terms.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

struct gaming_settings {
    secret encryption_key, encryption_key_previous;
    std::string servers;
    secret rcon_password;
    secret roblox_key;
    std::string roblox_url = "https://apis.roblox.com";
    std::string bot;
    seconds lease{10};
    std::int64_t most = 50;
    std::string pool_driver, pool_command, pool_image, pool_version, pool_address = "127.0.0.1";
    std::string docker_host = "unix:///var/run/docker.sock";
    std::int64_t pool_memory = 2'048;
    seconds pool_check{5};

    static constexpr auto settings = std::tuple{
        setting{"ENCRYPTION_KEY", &gaming_settings::encryption_key, "Wraps the users' keys; at least 32 bytes.",
            {.required = true}},
        setting{"ENCRYPTION_KEY_PREVIOUS", &gaming_settings::encryption_key_previous,
            "The previous ENCRYPTION_KEY; keys wrapped with it are rewrapped with ENCRYPTION_KEY."},
        setting{"GAME_SERVERS", &gaming_settings::servers,
            "The servers of games, separated by blanks: minecraft=host:port/version, factorio=host:port or roblox=<id "
            "of a universe>; empty: none."},
        setting{"GAME_RCON_PASSWORD", &gaming_settings::rcon_password,
            "The RCON password of the Factorio servers in GAME_SERVERS."},
        setting{"ROBLOX_API_KEY", &gaming_settings::roblox_key,
            "Open Cloud's key, which may publish messages to the universes in GAME_SERVERS."},
        setting{"ROBLOX_BASE_URL", &gaming_settings::roblox_url, "Roblox's Open Cloud, or a test double."},
        setting{"MINECRAFT_BOT", &gaming_settings::bot,
            "bot.mjs of workers/gaming/bot, which node runs; empty: no companion joins Minecraft."},
        setting{"GAMING_LEASE", &gaming_settings::lease,
            "Lifetime of a session's lease: when another worker takes over a dead worker's sessions.",
            {.min = 2, .max = 600}},
        setting{"GAMING_SESSIONS", &gaming_settings::most,
            "Sessions that one process runs at the same time; a companion in Minecraft takes about 150 MB beside it.",
            {.min = 1, .max = 1'000}},
        setting{"GAME_POOL_DRIVER", &gaming_settings::pool_driver,
            "The driver of Minecraft's pool of servers: process or docker; empty: there is no pool."},
        setting{"GAME_POOL_COMMAND", &gaming_settings::pool_command,
            "The program of a server and its arguments, separated by blanks. It listens on PORT and ends by SIGTERM."},
        setting{"GAME_POOL_IMAGE", &gaming_settings::pool_image,
            "The image of a server, which the Docker engine has. It listens on PORT."},
        setting{"GAME_POOL_MEMORY", &gaming_settings::pool_memory, "The memory of a container in MiB.",
            {.min = 64, .max = 1'048'576}},
        setting{"DOCKER_HOST", &gaming_settings::docker_host,
            "The Docker engine of GAME_POOL_DRIVER=docker: unix:///path or tcp://host:port, without TLS."},
        setting{"GAME_POOL_VERSION", &gaming_settings::pool_version,
            "The version of the pool's game, as VERSION of a server; empty: the game's own."},
        setting{"GAME_POOL_ADDRESS", &gaming_settings::pool_address,
            "The address at which companions and players reach the pool's servers."},
        setting{"GAME_POOL_CHECK", &gaming_settings::pool_check,
            "The time between two checks of a server; three that fail in a row end it.", {.min = 1, .max = 10}},
    };

    std::vector<std::string> mistakes() const {
        auto out = seal::mistakes_of("ENCRYPTION_KEY", encryption_key, encryption_key_previous);
        const auto named = gaming::read_servers(servers);
        if (!named.mistake.empty()) out.push_back("GAME_SERVERS: " + named.mistake);
        if (named.has("factorio") && rcon_password.empty())
            out.emplace_back("GAME_RCON_PASSWORD is needed for the Factorio servers of GAME_SERVERS");
        if (named.has("roblox") && roblox_key.empty())
            out.emplace_back("ROBLOX_API_KEY is needed for the universes of GAME_SERVERS");
        if (!http::is_safe(roblox_url)) out.emplace_back("ROBLOX_BASE_URL is an https:// URL");
        if (!pool_driver.empty() && pool_driver != "process" && pool_driver != "docker")
            out.emplace_back("GAME_POOL_DRIVER must be process, docker or empty");
        if (pool_driver == "process" && pool_command.find_first_not_of(' ') == pool_command.npos)
            out.push_back("GAME_POOL_COMMAND is missing: GAME_POOL_DRIVER is process");
        if (pool_driver == "docker" && !gaming::docker::is_image(pool_image))
            out.emplace_back("GAME_POOL_IMAGE must be the name of an image: GAME_POOL_DRIVER is docker");
        if (pool_driver == "docker" && !gaming::docker::read_address(docker_host))
            out.emplace_back("DOCKER_HOST must be unix:///path or tcp://host:port");
        return out;
    }
};

awaitable<result<>> declare_servers(postgres::database& database, const std::vector<gaming::game_server>& servers) {
    for (const auto& each : servers) {
        const auto done = co_await postgres::run_one(database, std::nullopt,
            sql::bind("gaming.declare_server", {{"id", each.id()}, {"game", each.game}, {"host", each.host},
                                                   {"port", each.port}, {"version", each.version}}));
        if (!done) co_return done.error();
    }
    co_return result<>{};
}

awaitable<> start_what_is_due(worker_host& host, gaming::sessions& sessions) {
    do co_await sessions.start_due();
    while (co_await host.pause(milliseconds{1'000}));
    co_await sessions.drain();
}

awaitable<> run_pool(worker_host& host, gaming::pool& pool) {
    constexpr int steps_between = 60;
    int steps = 0;
    do {
        if (steps++ % steps_between == 0) co_await pool.reconcile();
        co_await pool.step();
    } while (co_await host.pause(milliseconds{1'000}));
    co_await pool.drain();
}

std::unique_ptr<gaming::server_driver> open_driver(airi::executor executor, const gaming_settings& settings) {
    if (settings.pool_driver == "docker")
        return gaming::open_docker_driver(executor, {settings.docker_host, settings.pool_image, settings.pool_version,
                                                        settings.pool_address, settings.pool_memory});
    return gaming::open_process_driver(executor, {settings.pool_command, settings.pool_version, settings.pool_address});
}

worker wire(worker_host& host, const gaming_settings& settings) {
    auto& database = host.database();
    auto& terms = host.own(safety::term_screen{});
    const auto& master = host.own(seal::master(settings.encryption_key, settings.encryption_key_previous));
    const auto& servers = host.own(gaming::read_servers(settings.servers).servers);
    auto& http = *host.own(http::open_client(host.executor(), {.idle_per_host = 0}));
    auto connect = [&host, &settings, &http](
                       std::string_view game) -> std::unique_ptr<providers::games::game_connection> {
        if (game == "minecraft" && !settings.bot.empty()) return gaming::open_minecraft(settings.bot, host.executor());
        if (game == "factorio") return providers::games::open_factorio(host.executor());
        if (game == "roblox") return providers::games::open_roblox(host.executor(), http, settings.roblox_url);
        return nullptr;
    };
    auto password = [&settings](std::string_view game) {
        if (game == "roblox") return settings.roblox_key;
        return game == "factorio" ? settings.rcon_password : secret{};
    };
    auto& ports =
        host.own(gaming::ports{database, host.frames(), terms, master, host.owner(), connect, {}, password, {}});
    if (!settings.bot.empty()) ports.games.emplace_back("minecraft");
    if (!settings.rcon_password.empty()) ports.games.emplace_back("factorio");
    if (!settings.roblox_key.empty()) ports.games.emplace_back("roblox");
    ports.times = gaming::session_times::with(settings.lease);
    auto& sessions = host.own(gaming::sessions(ports, host.executor(), static_cast<std::size_t>(settings.most)));
    host.reload_every([&] { return load_blocked_terms(database, terms); }, seconds{30});
    host.reload_every([&] { return declare_servers(database, servers); }, seconds{30});
    // Sooner than by Kafka's record.
    host.subscribe(events::gaming_channel, [&](std::string_view payload) {
        const auto told = events::read_payload(payload);
        if (const auto wake = told ? events::gaming_wake::read(told->frame) : std::nullopt)
            sessions.tell(wake->session, wake->what);
    });
    host.run_beside([&] { return start_what_is_due(host, sessions); });
    if (settings.pool_driver.empty()) return gaming::declare(sessions);
    auto& driver = *host.own(open_driver(host.executor(), settings));
    auto& pool = host.own(gaming::pool(
        database, driver, host.executor(), {"minecraft", settings.pool_version, host.owner(), settings.pool_check}));
    host.run_beside([&] { return run_pool(host, pool); });
    return gaming::declare(sessions);
}

}  // namespace

extern const worker_module gaming_module = module_of<wire>("gaming");

}  // namespace airi::workers
