// Every client frame, by domain: the schemas, the AsyncAPI document and the reader of clients' frames are made from
// this list.
#pragma once

#include <string_view>
#include <tuple>
#include <variant>

#include "events/frames/avatars.hpp"
#include "events/frames/connection.hpp"
#include "events/frames/conversations.hpp"
#include "events/frames/crisis.hpp"
#include "events/frames/disclosures.hpp"
#include "events/frames/gaming.hpp"
#include "events/frames/generations.hpp"
#include "events/frames/messages.hpp"
#include "events/frames/notifications.hpp"
#include "events/frames/payments.hpp"
#include "events/frames/presence.hpp"
#include "events/frames/usage.hpp"

namespace airi::events::frames {

template <class... Frames>
using from_client = std::tuple<Frames...>;
template <class... Frames>
using from_server = std::tuple<Frames...>;

/// The frames of a domain by sender; their schemas are in schemas/frames/<name>.json.
template <class Client, class Server>
struct domain {
    using client = Client;
    using server = Server;
    std::string_view name;
};

inline constexpr std::tuple domains{
    domain<from_client<>, from_server<avatar_processed>>{"avatars"},
    domain<from_client<ping, subscribe, unsubscribe>, from_server<pong, subscribed, unsubscribed, error, reconnect>>{
        "connection"},
    domain<from_client<typing_start, typing_stop>, from_server<conversation_updated, typing_started, typing_stopped>>{
        "conversations"},
    domain<from_client<>, from_server<crisis_resources, safety_state_change, crisis_alert>>{"crisis"},
    domain<from_client<>, from_server<ai_disclosure>>{"disclosures"},
    domain<from_client<>, from_server<gaming_status_changed>>{"gaming"},
    domain<from_client<message_send, message_cancel, resume>, from_server<message_accepted, message_created, resumed>>{
        "messages"},
    domain<from_client<>, from_server<message_start, message_delta, message_snapshot, message_restart, message_held,
                              message_complete, message_rejected, message_failed, message_cancelled>>{"generations"},
    domain<from_client<>, from_server<notification_new>>{"notifications"},
    domain<from_client<>, from_server<subscription_updated>>{"payments"},
    domain<from_client<>, from_server<presence>>{"presence"},
    domain<from_client<>, from_server<usage_updated>>{"usage"},
};

template <class... Domain>
auto clients_of(const std::tuple<Domain...>&) -> decltype(std::tuple_cat(typename Domain::client{}...));
template <class... Frames>
auto variant_of(const std::tuple<Frames...>&) -> std::variant<Frames...>;

/// A tuple of every frame that a client may send, and one of them.
using client_frames = decltype(clients_of(domains));
using client_frame = decltype(variant_of(client_frames{}));

}  // namespace airi::events::frames
