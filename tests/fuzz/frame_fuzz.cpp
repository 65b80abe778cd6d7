// Any bytes as a client's WebSocket frame, a payload from Redis, an event, a resume token.
#include "events/all.hpp"
#include "events/codec.hpp"
#include "gateway/messaging/client_frame.hpp"
#include "gateway/messaging/reply_stream.hpp"
#include "platform/base/log.hpp"
#include "sql/generations.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    airi::log::send_to([](std::string_view) {});
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    airi::gateway::read_client_frame(text);
    airi::events::read_payload(text);
    airi::events::read_entry_id(text);
    airi::gateway::read_resume_token(text);
    airi::sql::generations::read_claim(text);
    airi::sql::generations::read_end(text);
    std::apply([&](const auto&... event) { (airi::events::decode<std::remove_cvref_t<decltype(event)>>(text), ...); },
        airi::events::all{});
    airi::parse_instant(text);
    return 0;
}
