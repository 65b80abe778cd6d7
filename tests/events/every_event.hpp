// Walks every event, for the tests of codec and schemas.
#pragma once

#include "events/all.hpp"
#include "events/sample.hpp"

namespace airi::test {

/// Calls `each` with a sample of every event.
template <class Each>
void for_each_event(Each each) {
    std::apply([&](const auto&... event) { (each(events::sample<std::remove_cvref_t<decltype(event)>>()), ...); },
        events::all{});
}

}  // namespace airi::test
