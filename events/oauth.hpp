// A user came back from an identity provider, or sent its token: the oauth worker finds out who they are. The topic and
// the channel have their released names, which begin with "identity".
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

/// One sign-in at a provider, a row of identity_flows. Its code and token stay in that row.
using flow_id = id<struct flow_tag>;

struct identity_requested {
    flow_id flow;
    std::string provider;

    static constexpr std::string_view topic = "identity.requested.v1";
    static constexpr auto key = &identity_requested::flow;
    static constexpr auto fields = std::tuple{
        field("flow_id", &identity_requested::flow),
        field("provider", &identity_requested::provider, {.max_length = 20}),
    };
};

/// The channel of frames::identity_found. The result of the flow is in Postgres.
inline std::string channel_of(const flow_id& flow) { return "identity:" + flow.text(); }

}  // namespace airi::events
