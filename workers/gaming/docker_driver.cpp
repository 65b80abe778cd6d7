#include "workers/gaming/docker_driver.hpp"

#include <algorithm>
#include <utility>

#include "platform/base/error_table.hpp"
#include "platform/base/ip_address.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/base/number.hpp"
#include "platform/base/percent.hpp"
#include "platform/base/sleep.hpp"
#include "platform/http/client.hpp"
#include "platform/http/url.hpp"

namespace airi::workers::gaming {
namespace {

constexpr seconds grace{10};
constexpr std::string_view pool_label = "airi.pool", server_label = "airi.server", game_port = "25565/tcp";
// A start has 30 s in all, see game_pool_step().
constexpr http::limits limits{.connect = milliseconds{2'000},
    .first_byte = milliseconds{10'000},
    .gap = milliseconds{5'000},
    .total = milliseconds{15'000},
    .body_bytes = 4 * 1024 * 1024};

constexpr error_row<docker_errc> error_rows[] = {
    {docker_errc::no_image, "the engine does not have the image", failure::misconfigured},
    {docker_errc::conflict, "another container has the name", failure::refused},
    {docker_errc::denied, "the engine rejects the request", failure::misconfigured},
    {docker_errc::failed, "the engine failed", failure::again},
    {docker_errc::malformed, "the engine's answer is none of its API", failure::again},
    {docker_errc::ended, "the server ended at once", failure::again},
    {docker_errc::removing, "the engine still removes the container", failure::again},
};

bool is_id(std::string_view text) {
    return text.size() >= 12 && text.size() <= 64 &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

struct reply {
    unsigned status = 0;
    std::string body;
};

class docker_driver final : public server_driver {
public:
    docker_driver(const airi::executor& executor, docker_options options)
        : options_(std::move(options)),
          address_(docker::read_address(options_.engine).value_or(docker::engine_address{})),
          client_(http::open_client(executor, {.idle_per_host = 0, .unix_socket = address_.unix_socket})) {}

    std::string_view name() const override { return "docker"; }

    awaitable<result<std::string>> place() override {
        const auto got = co_await ask("GET", "/info");
        if (!got) co_return got.error();
        if (got->status != 200) co_return refused("info", *got);
        const auto parsed = json::document::parse(got->body);
        const auto id = parsed ? parsed->root()["ID"].string() : std::nullopt;
        if (!id || id->empty() || id->size() > 200) co_return docker_errc::malformed;
        co_return std::string(*id);
    }

    awaitable<result<running_server>> start(uuid pool, uuid server) override {
        const auto id = co_await create(pool, server);
        if (!id) co_return id.error();
        const auto started = co_await ask("POST", "/containers/" + *id + "/start");
        if (!started) co_return started.error();
        if (started->status != 204 && started->status != 304) co_return refused("start", *started);
        const auto found = co_await inspect(*id);
        if (!found) co_return found.error();
        if (!*found || !(*found)->running || (*found)->port == 0) co_return docker_errc::ended;
        co_return running_server{*id, options_.address, (*found)->port};
    }

    awaitable<result<bool>> is_running(std::string handle) override {
        if (!is_id(handle)) co_return false;
        const auto found = co_await inspect(handle);
        if (!found) co_return result<bool>(boost::system::in_place_error, found.error());
        co_return *found && (*found)->running;
    }

    awaitable<result<>> stop(uuid server, std::string handle) override {
        const auto left = co_await containers(server_label, server);
        if (!left) co_return left.error();
        for (const auto& each : *left)
            if (each.server == server)
                if (const auto done = co_await remove(each.id); !done) co_return done;
        if (is_id(handle) && std::ranges::find(*left, handle, &docker::container::id) == left->end())
            co_return co_await remove(std::move(handle));
        co_return result<>{};
    }

    awaitable<result<std::vector<uuid>>> list(uuid pool) override {
        const auto all = co_await containers(pool_label, pool);
        if (!all) co_return all.error();
        std::vector<uuid> out;
        for (const auto& each : *all)
            if (each.pool == pool && std::ranges::find(out, each.server) == out.end()) out.push_back(each.server);
        co_return out;
    }

private:
    // Once more when the connection was lost, since the engine may have done what it was asked for. Each request may be
    // repeated: the name of a container is taken then, a start has nothing to do, a removed one is missing.
    awaitable<result<reply>> ask(std::string method, std::string path, std::string body = {}) {
        for (int attempt = 1;; ++attempt) {
            http::request what{method, address_.url + "/v1.43" + path, {}, body, limits};
            if (!body.empty()) what.headers.emplace_back("Content-Type", "application/json");
            const auto answer = co_await client_->send(std::move(what));
            auto error = answer ? error_code{} : answer.error();
            if (answer) {
                auto text = co_await (*answer)->read_all(limits.body_bytes);
                if (text) co_return reply{(*answer)->status(), std::move(*text)};
                error = text.error();
            }
            if (attempt == 2 || error != http::errc::cut) co_return error;
        }
    }

    error_code refused(std::string_view what, const reply& got) const {
        log::write_repeated(log::level::warn, "game_pool.engine_refused", what,
            {{"request", what}, {"status", got.status}, {"message", docker::message_of(got.body)},
                {"image", options_.image}});
        if (got.status == 404 && what == "create") return docker_errc::no_image;
        if (got.status == 409) return docker_errc::conflict;
        return got.status >= 400 && got.status < 500 ? docker_errc::denied : docker_errc::failed;
    }

    awaitable<result<std::string>> create(uuid pool, uuid server) {
        const auto got = co_await ask("POST", docker::create_path(server), docker::create_body(options_, pool, server));
        if (!got) co_return got.error();
        if (got->status == 201) {
            const auto id = docker::read_id(got->body);
            if (!id) co_return docker_errc::malformed;
            co_return *id;
        }
        if (got->status != 409) co_return refused("create", *got);
        const auto found = co_await inspect(docker::name_of(server));
        if (!found) co_return found.error();
        if (!*found || (*found)->server != server || (*found)->pool != pool) co_return refused("create", *got);
        co_return (*found)->id;
    }

    // Empty: there is none.
    awaitable<result<std::optional<docker::container>>> inspect(std::string id) {
        const auto got = co_await ask("GET", "/containers/" + id + "/json");
        if (!got) co_return got.error();
        if (got->status == 404) co_return std::optional<docker::container>{};
        if (got->status != 200) co_return refused("inspect", *got);
        auto out = docker::read_container(got->body);
        if (!out) co_return docker_errc::malformed;
        co_return std::move(out);
    }

    awaitable<result<std::vector<docker::container>>> containers(std::string_view label, uuid id) {
        const auto got = co_await ask("GET", docker::list_path(label, id));
        if (!got) co_return got.error();
        if (got->status != 200) co_return refused("list", *got);
        auto out = docker::read_list(got->body);
        if (!out) co_return docker_errc::malformed;
        co_return std::move(*out);
    }

    // 409: its removal is already in progress.
    awaitable<result<>> remove(std::string id) {
        const auto until = std::chrono::steady_clock::now() + grace;
        for (;;) {
            const auto got = co_await ask("DELETE", "/containers/" + id + "?force=1&v=1");
            if (!got) co_return got.error();
            if (got->status == 204 || got->status == 404) co_return result<>{};
            if (got->status != 409) co_return refused("remove", *got);
            if (std::chrono::steady_clock::now() > until) co_return docker_errc::removing;
            co_await sleep(milliseconds{200});
        }
    }

    docker_options options_;
    docker::engine_address address_;
    std::unique_ptr<http::client> client_;
};

std::string interface_of(const std::string& address) {
    if (address == "localhost") return "127.0.0.1";
    return is_loopback_host(address) ? address : std::string{};
}

uuid label_of(json::value labels, std::string_view name) {
    return uuid::parse(labels[name].string().value_or("")).value_or(uuid{});
}

// One of {"25565/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}, …]}, of which IPv6 may have another one.
int published(json::value ports) {
    int out = 0;
    ports[game_port].each([&](json::value each) {
        const auto port = number_of(each["HostPort"].string().value_or(""));
        if (out == 0 && port > 0 && port <= 65'535) out = static_cast<int>(port);
    });
    return out;
}

}  // namespace

error_code make_error_code(docker_errc e) {
    static const error_table<docker_errc> table("airi.docker", error_rows);
    return table.code(e);
}

namespace docker {

std::optional<engine_address> read_address(std::string_view text) {
    constexpr std::string_view local = "unix://", remote = "tcp://";
    constexpr std::size_t longest_path = 107;  // unix(7): sun_path, with its final zero
    if (text.starts_with(local)) {
        const auto path = text.substr(local.size());
        const bool is_plain = std::ranges::all_of(path, [](unsigned char c) { return c > ' ' && c != 0x7f; });
        if (!path.starts_with('/') || path.size() < 2 || path.size() > longest_path || !is_plain) return std::nullopt;
        return engine_address{std::string(path), "http://docker"};
    }
    if (!text.starts_with(remote)) return std::nullopt;
    const auto authority = text.substr(remote.size());
    auto url = "http://" + std::string(authority);
    const auto colon = authority.rfind(':');
    const bool has_port = colon != authority.npos && authority.find(']', colon) == authority.npos;
    if (!has_port || authority.find_first_of("/?#") != authority.npos || !http::parse_url(url)) return std::nullopt;
    return engine_address{{}, std::move(url)};
}

bool is_image(std::string_view text) {
    const auto is_alnum = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    return !text.empty() && text.size() <= 255 && is_alnum(text.front()) && std::ranges::all_of(text, [&](char c) {
        return is_alnum(c) || std::string_view("./:@_-").find(c) != std::string_view::npos;
    });
}

std::string name_of(const uuid& server) { return "airi-" + server.text(); }

std::string create_path(const uuid& server) { return "/containers/create?name=" + name_of(server); }

std::string list_path(std::string_view label, const uuid& id) {
    const auto wanted = json::array().add(std::string(label) + '=' + id.text()).text();
    return with_query(
        "/containers/json", form_encoded({{"all", "1"}, {"filters", json::object().add_raw("label", wanted).text()}}));
}

std::string create_body(const docker_options& options, const uuid& pool, const uuid& server) {
    json::array environment;
    environment.add("PORT=25565");
    if (!options.version.empty()) environment.add("VERSION=" + options.version);
    environment.add("AIRI_SERVER_ID=" + server.text()).add("AIRI_SERVER_POOL=" + pool.text());
    json::object binding;
    binding.add("HostIp", interface_of(options.address)).add("HostPort", "");  // empty: the engine chooses one
    json::object host;
    host.add_raw("PortBindings", json::object().add_raw(game_port, json::array().add(binding).text()).text())
        .add("Memory", options.memory_mib * 1024 * 1024);
    return json::object()
        .add("Image", options.image)
        .add_raw("Env", environment.text())
        .add_raw("Labels", json::object().add(pool_label, pool.text()).add(server_label, server.text()).text())
        .add_raw("ExposedPorts", json::object().add_raw(game_port, "{}").text())
        .add_raw("HostConfig", host.text())
        .text();
}

std::string message_of(std::string_view body) {
    const auto parsed = json::document::parse(body);
    const auto text = parsed ? parsed->root()["message"].string() : std::nullopt;
    return std::string(text.value_or("").substr(0, 300));
}

std::optional<std::string> read_id(std::string_view body) {
    const auto parsed = json::document::parse(body);
    const auto id = parsed ? parsed->root()["Id"].string() : std::nullopt;
    if (!id || !is_id(*id)) return std::nullopt;
    return std::string(*id);
}

std::optional<container> read_container(std::string_view body) {
    const auto parsed = json::document::parse(body);
    auto id = read_id(body);
    if (!parsed || !id) return std::nullopt;
    const auto root = parsed->root();
    const auto running = root["State"]["Running"].boolean();
    if (!running) return std::nullopt;
    const auto labels = root["Config"]["Labels"];
    return container{std::move(*id), label_of(labels, pool_label), label_of(labels, server_label), *running,
        published(root["NetworkSettings"]["Ports"])};
}

std::optional<std::vector<container>> read_list(std::string_view body) {
    const auto parsed = json::document::parse(body);
    if (!parsed || parsed->root().type() != json::kind::array) return std::nullopt;
    std::vector<container> out;
    bool sound = true;
    parsed->root().each([&](json::value each) {
        const auto id = each["Id"].string();
        sound = sound && id && is_id(*id);
        if (!sound) return;
        const auto labels = each["Labels"];
        container one{std::string(*id), label_of(labels, pool_label), label_of(labels, server_label), false, 0};
        if (!one.pool.is_nil() && !one.server.is_nil()) out.push_back(std::move(one));
    });
    if (!sound) return std::nullopt;
    return out;
}

}  // namespace docker

std::unique_ptr<server_driver> open_docker_driver(airi::executor executor, docker_options options) {
    return std::make_unique<docker_driver>(executor, std::move(options));
}

}  // namespace airi::workers::gaming
