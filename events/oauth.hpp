// Somebody came back from an identity provider, or brought its word: the identity worker is to find out who it is.
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

/// One sign-in at a provider, a row of identity_flows. What it holds (a code, a token) stays there and never travels.
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

/// Where the worker says that it is done with a flow. What came of it stands in Postgres.
inline std::string channel_of(const flow_id& flow) { return "identity:" + flow.text(); }

}  // namespace airi::events
