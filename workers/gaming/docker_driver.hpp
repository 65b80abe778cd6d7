// The servers of a pool as containers of a Docker engine, which outlive the worker that started them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workers/gaming/server_driver.hpp"

namespace airi::workers::gaming {

/// All but `no_image`, `conflict` and `denied` may pass by themselves.
enum class docker_errc {
    no_image = 1,  ///< the engine has no image of that name
    conflict,      ///< a container that is not ours has the name
    denied,        ///< the engine rejects the request
    failed,        ///< the engine could not do it
    malformed,     ///< the answer is none of the engine's API
    ended,         ///< the server ended as soon as it was started
    removing,      ///< the engine still removes the container
};
error_code make_error_code(docker_errc);

struct docker_options {
    std::string engine;  ///< DOCKER_HOST
    std::string image;
    std::string version;  ///< of the game; empty: the image's own
    std::string address;  ///< at which players and companions reach the engine's machine
    std::int64_t memory_mib = 0;
};

/// Docker Engine API v1.43 (https://docs.docker.com/reference/api/engine/version/v1.43/). A container listens on its
/// port 25565, which the engine publishes at a port that it chooses: on the loopback interface if `address` is of it,
/// otherwise on all. It has PORT, VERSION, AIRI_SERVER_ID and AIRI_SERVER_POOL as its environment, the labels
/// airi.server and airi.pool, and the name airi-<server>, by which one whose creation was not answered is found. It is
/// ended by its removal, with the volumes that have no name. What the engine says about an error is in the log.
std::unique_ptr<server_driver> open_docker_driver(airi::executor, docker_options);

namespace docker {

/// The engine that DOCKER_HOST names: unix:///path, or tcp://host:port without TLS. Empty: the text is neither.
struct engine_address {
    std::string unix_socket;  ///< an absolute path; empty: none
    std::string url;          ///< the start of each URL, without a slash at its end
};
std::optional<engine_address> read_address(std::string_view text);

/// True: it can be the name of an image: at most 255 letters, digits and ./:@_-, the first one a letter or a digit.
bool is_image(std::string_view text);

std::string name_of(const uuid& server);
/// Paths and queries below the engine's address.
std::string create_path(const uuid& server);
std::string list_path(std::string_view label, const uuid& id);
std::string create_body(const docker_options&, const uuid& pool, const uuid& server);

/// The `message` of an error's answer, at most 300 bytes of it; empty: it has none.
std::string message_of(std::string_view body);
/// The `Id` of a container that was created. Empty: none, as ids are 12 to 64 hexadecimal digits.
std::optional<std::string> read_id(std::string_view body);

struct container {
    std::string id;
    uuid pool, server;  ///< nil: without such a label
    bool running = false;
    int port = 0;  ///< of the engine's machine; 0: not published
};
/// An answer of GET /containers/{id}/json.
std::optional<container> read_container(std::string_view body);
/// An answer of GET /containers/json; `running` and `port` are not read. Containers without our labels are left out.
std::optional<std::vector<container>> read_list(std::string_view body);

}  // namespace docker
}  // namespace airi::workers::gaming

template <>
struct boost::system::is_error_code_enum<airi::workers::gaming::docker_errc> : std::true_type {};
