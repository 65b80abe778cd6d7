// Any bytes as one value that a stranger chooses: an address, a URL, a mailbox, a date, an image, a token, what
// identity and message providers answer.
#include <boost/asio/ip/address.hpp>
#include <cstdlib>

#include "gateway/files/image_header.hpp"
#include "platform/base/ip_address.hpp"
#include "platform/base/percent.hpp"
#include "platform/base/utf8.hpp"
#include "platform/crypto/sealed_value.hpp"
#include "platform/crypto/tokens.hpp"
#include "platform/http/url.hpp"
#include "platform/redis/url.hpp"
#include "platform/safety/conversation.hpp"
#include "platform/schema/formats.hpp"
#include "workers/email/errors.hpp"
#include "workers/email/mime_message.hpp"
#include "workers/moderation/crisis.hpp"
#include "workers/oauth/oidc_provider.hpp"
#include "workers/providers/sms/twilio.hpp"

using namespace airi;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

// Nothing that could end a line of a header.
bool one_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos; }

void check_addresses(std::string_view text) {
    is_loopback_host(text);
    counted_network(std::string(text));
    if (const auto url = http::parse_url(text)) {
        require(!url->host.empty() && url->target.starts_with('/'));
        require(one_line(url->authority) && one_line(url->target) && url->target.find(' ') == std::string::npos);
    }
    redis::parse_url(secret(std::string(text)));
    if (const auto mailbox = workers::email::parse_mailbox(text))
        require(one_line(mailbox->name) && workers::email::is_address(mailbox->address));
    require(percent_encoded(text).find_first_of(" \r\n&=?#/") == std::string::npos);
}

void check_formats(std::string_view text) {
    for (const auto* name : {"date", "date-time", "uuid", "email", "uri", "cursor"}) {
        const auto* const format = schema::find_format(name);
        if (format->fits(text)) require(one_line(text) && is_utf8(text));
    }
}

void check_images(std::string_view bytes) {
    for (const auto* type : {"image/png", "image/jpeg", "image/webp"}) gateway::image_size_of(type, bytes);
}

void check_tokens(std::string_view text) {
    static const tokens::keyring keys(
        {"https://api.example.com", "airi"}, tokens::key::of(secret(std::string(32, 'k'))));
    static const auto key = seal::key::of(secret(std::string(32, 'k')), "fuzz");
    static const auto user = user_id::fresh();
    require(!keys.verify(text, now()));
    const auto opened = seal::open_value(&key, user, "users.birth_date", text);
    require(!opened || *opened == text);
    workers::oauth::person read;
    workers::oauth::provider provider;
    provider.issuer = "https://accounts.example.com";
    workers::oauth::read_configuration(text, provider);
    const auto set = workers::oauth::key_set::of(text);
    require(!workers::oauth::read_id_token(text, set, {provider.issuer, {"airi"}, "00", false, now()}));
}

void check_answers(std::string_view text) {
    namespace twilio = workers::providers::twilio;
    for (const unsigned status : {201u, 400u, 429u}) twilio::read_created(status, text, text);
    static_cast<void>(twilio::read_found(text, "mark"));
    require(is_utf8(text) ? is_utf8(twilio::spoken(text, "en")) : true);
    static_cast<void>(workers::email::ses_outcome(400, text));
    static_cast<void>(safety::conversation::parse(text));
    static_cast<void>(safety::policy::parse(text));
    workers::moderation::stored_state::parse(text);
    workers::moderation::crisis_decision::parse(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_addresses(text);
    check_formats(text);
    check_images(text);
    check_tokens(text);
    check_answers(text);
    return 0;
}
