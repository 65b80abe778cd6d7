#include "workers/gaming/player_words.hpp"

namespace airi::workers::gaming {

events::chat_requested sealed_message(
    user_id user, conversation_id conversation, std::string_view text, const seal::key& key) {
    events::chat_requested out;
    out.client_message_id = "game-" + uuid::v7().text();
    out.conversation = conversation;
    out.user = user;
    out.message = message_id::of(user.value, "message/" + out.client_message_id);
    out.generation = generation_id::of(out.message.value, "generation");
    out.reply = message_id::of(out.generation.value, "reply");
    out.content = seal::seal(key, text, out.place("content"));
    out.sealed = true;
    out.created_at = now();
    return out;
}

}  // namespace airi::workers::gaming
