// The pure parts of the pool's Docker driver: its setting, requests and answers.
#include <doctest/doctest.h>

#include "tests/support/cpp/print.hpp"
#include "workers/gaming/docker_driver.hpp"

using namespace airi;
using namespace airi::workers::gaming;
using namespace std::string_literals;

namespace {

const auto pool_id = *uuid::parse("0193b0a1-0000-7000-8000-000000000001");
const auto server_id = *uuid::parse("0193b0a1-0000-7000-8000-000000000002");
const std::string container_id(64, 'a');
const std::string labels =
    R"({"airi.pool":"0193b0a1-0000-7000-8000-000000000001","airi.server":"0193b0a1-0000-7000-8000-000000000002"})";

std::string inspected(std::string_view state, std::string_view ports) {
    return R"({"Id":")" + container_id + R"(","State":)" + std::string(state) + R"(,"Config":{"Labels":)" + labels +
           R"(},"NetworkSettings":{"Ports":)" + std::string(ports) + "}}";
}

}  // namespace

TEST_CASE("SAAS-45: DOCKER_HOST is a Unix socket or a TCP address with a port, and nothing else") {
    const auto local = docker::read_address("unix:///var/run/docker.sock");
    REQUIRE(local);
    CHECK(local->unix_socket == "/var/run/docker.sock");
    CHECK(local->url == "http://docker");
    const auto remote = docker::read_address("tcp://10.0.0.5:2375");
    REQUIRE(remote);
    CHECK(remote->unix_socket.empty());
    CHECK(remote->url == "http://10.0.0.5:2375");
    CHECK(docker::read_address("tcp://[::1]:2375")->url == "http://[::1]:2375");
    CHECK(docker::read_address("unix:///" + std::string(106, 'a')));
    for (const auto& bad : {std::string(), "unix://"s, "unix:///"s, "unix://docker.sock"s, "unix:///a b"s,
             "unix:///" + std::string(107, 'a'), "tcp://"s, "tcp://host"s, "tcp://[::1]"s, "tcp://host:0"s,
             "tcp://host:99999"s, "tcp://host:2375/v1"s, "tcp://host:2375?a"s, "tcp://user@host:2375"s,
             "http://host:2375"s, "ssh://host"s, "/var/run/docker.sock"s, "tcp://host:2375\r\nX: y"s})
        CHECK_MESSAGE(!docker::read_address(bad), bad);
}

TEST_CASE("SAAS-45: the name of an image has a tag or a digest, and no blanks or options") {
    for (const auto* good : {"minecraft", "itzg/minecraft-server:java17", "registry.example:5000/a_b/c@sha256:00ff"})
        CHECK_MESSAGE(docker::is_image(good), good);
    for (const auto* bad : {"", " ", "-v", "/a", "a b", "a\n", "a\"b", "\xc3\xa4"})
        CHECK_MESSAGE(!docker::is_image(bad), bad);
}

TEST_CASE("SAAS-45: a container is asked for with its labels, environment, port and memory") {
    CHECK(docker::create_path(server_id) == "/containers/create?name=airi-" + server_id.text());
    docker_options options{.engine = "", .image = "a:1", .version = "1.20.2", .address = "localhost", .memory_mib = 64};
    CHECK(docker::create_body(options, pool_id, server_id) ==
          R"({"Image":"a:1","Env":["PORT=25565","VERSION=1.20.2","AIRI_SERVER_ID=)" + server_id.text() +
              R"(","AIRI_SERVER_POOL=)" + pool_id.text() + R"("],"Labels":)" + labels +
              R"(,"ExposedPorts":{"25565/tcp":{}},"HostConfig":{"PortBindings":{"25565/tcp":)" +
              R"([{"HostIp":"127.0.0.1","HostPort":""}]},"Memory":67108864}})");
    options.address = "games.example";
    options.version = "";
    const auto body = docker::create_body(options, pool_id, server_id);
    CHECK(body.find(R"("HostIp":"")") != body.npos);
    CHECK(body.find("VERSION") == body.npos);
}

TEST_CASE("SAAS-45: containers are listed by a label, whether they run or not") {
    CHECK(docker::list_path("airi.pool", pool_id) ==
          "/containers/json?all=1&filters=%7B%22label%22%3A%5B%22airi.pool%3D" + pool_id.text() + "%22%5D%7D");
}

TEST_CASE("SAAS-45: a container's state, port and labels are read, and a broken answer is none") {
    const auto one = docker::read_container(inspected(R"({"Running":true})",
        R"({"25565/tcp":[{"HostIp":"0.0.0.0","HostPort":"32768"},{"HostIp":"::","HostPort":"32769"}]})"));
    REQUIRE(one);
    CHECK(one->id == container_id);
    CHECK(one->pool == pool_id);
    CHECK(one->server == server_id);
    CHECK(one->running);
    CHECK(one->port == 32768);
    for (const auto* ports : {"{}", "null", R"({"25565/tcp":null})", R"({"80/tcp":[{"HostPort":"80"}]})",
             R"({"25565/tcp":[{"HostPort":"0"}]})", R"({"25565/tcp":[{"HostPort":"65536"}]})"}) {
        const auto none = docker::read_container(inspected(R"({"Running":false})", ports));
        REQUIRE(none);
        CHECK_FALSE(none->running);
        CHECK_MESSAGE(none->port == 0, ports);
    }
    CHECK(!docker::read_container(inspected("{}", "{}")));
    for (const auto* bad : {"", "[]", "{}", R"({"Id":"../../info","State":{"Running":true}})"})
        CHECK_MESSAGE(!docker::read_container(bad), bad);
}

TEST_CASE("SAAS-45: of a list only containers with our labels are read") {
    const auto list =
        docker::read_list(R"([{"Id":")" + container_id + R"(","Labels":)" + labels + R"(},{"Id":")" + container_id +
                          R"(","Labels":{"airi.pool":"x"}},{"Id":")" + container_id + R"(","Labels":null}])");
    REQUIRE(list);
    REQUIRE(list->size() == 1);
    CHECK(list->front().server == server_id);
    CHECK(docker::read_list("[]")->empty());
    for (const auto* bad : {"", "{}", "[1]", R"([{"Id":"../a"}])", R"([{"Id":"ABCDEFABCDEF"}])"})
        CHECK_MESSAGE(!docker::read_list(bad), bad);
}

TEST_CASE("SAAS-45: an engine's error has a message, of which a long one is cut") {
    CHECK(docker::message_of(R"({"message":"No such image: a:1"})") == "No such image: a:1");
    CHECK(docker::message_of(R"({"message":")" + std::string(1'000, 'a') + "\"}").size() == 300);
    for (const auto* none : {"", "oops", "{}", R"({"message":1})"}) CHECK(docker::message_of(none).empty());
    CHECK(docker::read_id(R"({"Id":")" + container_id + "\",\"Warnings\":[]}") == container_id);
    CHECK(!docker::read_id(R"({"Id":"abc"})"));
}
