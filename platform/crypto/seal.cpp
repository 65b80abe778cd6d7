#include "platform/crypto/seal.hpp"

#include <sodium.h>

#include <cstdint>
#include <optional>

#include "platform/base/ascii.hpp"
#include "platform/base/error_table.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::seal {
namespace {

constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t mark_size = 4;
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == 32);

constexpr error_row<errc> error_rows[] = {
    {errc::broken, "the seal does not open", failure::refused},
    {errc::unknown_master, "wrapped under an unknown ENCRYPTION_KEY", failure::outage},
};

using bytes = unsigned char*;
using const_bytes = const unsigned char*;
const_bytes bytes_of(std::string_view text) { return reinterpret_cast<const_bytes>(text.data()); }
bytes bytes_of(std::string& text) { return reinterpret_cast<bytes>(text.data()); }

// base64url. A sealed text is no secret, so this need not take the same time for each of a length, as libsodium's does
// at several times the cost.
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr auto values = [] {
    std::array<std::uint8_t, 256> out{};
    out.fill(64);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return out;
}();

std::string spelled(std::string_view raw) {
    std::string out((raw.size() * 4 + 2) / 3, '\0');
    auto to = out.data();
    std::uint32_t held = 0;
    int bits = 0;
    for (const unsigned char c : raw) {
        held = held << 8 | c;
        for (bits += 8; bits >= 6; bits -= 6) *to++ = alphabet[held >> (bits - 6) & 63];
    }
    if (bits > 0) *to = alphabet[held << (6 - bits) & 63];
    return out;
}

// None unless spelled() makes this text.
std::optional<std::string> read(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string out(text.size() * 3 / 4, '\0');
    auto to = out.data();
    std::uint32_t held = 0;
    int bits = 0;
    std::uint8_t wrong = 0;
    for (const unsigned char c : text) {
        wrong |= values[c] & 64;
        held = held << 6 | values[c];
        if ((bits += 6) < 8) continue;
        bits -= 8;
        *to++ = static_cast<char>(held >> bits);
    }
    if (wrong || (held & ((1u << bits) - 1))) return std::nullopt;
    return out;
}

// Nonce and box, behind `lead` free bytes.
std::string boxed(const_bytes with, std::string_view text, std::string_view place, std::size_t lead) {
    std::string out(lead + nonce_size + text.size() + tag_size, '\0');
    const auto nonce = bytes_of(out) + lead;
    randombytes_buf(nonce, nonce_size);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        nonce + nonce_size, nullptr, bytes_of(text), text.size(), bytes_of(place), place.size(), nullptr, nonce, with);
    return out;
}

// Writes what is in the box, as long as the box less nonce and tag.
bool unboxed(const_bytes with, std::string_view box, std::string_view place, bytes into) {
    if (box.size() < nonce_size + tag_size) return false;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(into, nullptr, nullptr, bytes_of(box) + nonce_size,
               box.size() - nonce_size, bytes_of(place), place.size(), bytes_of(box), with) == 0;
}

// Chooses the fastest of what the processor has.
void get_ready() { [[maybe_unused]] static const int ready = sodium_init(); }

std::string place_of(user_id whose) { return "user_keys/" + whose.text(); }

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.seal", error_rows);
    return table.code(e);
}

key key::fresh() {
    get_ready();
    key out;
    randombytes_buf(out.bytes_.data(), out.bytes_.size());
    return out;
}

key key::of(const secret& from, std::string_view purpose) {
    auto derived = digest::hmac_sha256(from, purpose);
    key out;
    derived.copy(reinterpret_cast<char*>(out.bytes_.data()), out.bytes_.size());
    sodium_memzero(derived.data(), derived.size());
    return out;
}

key::key(key&& other) noexcept : bytes_(other.bytes_) { sodium_memzero(other.bytes_.data(), other.bytes_.size()); }
key::~key() { sodium_memzero(bytes_.data(), bytes_.size()); }

std::string seal(const key& with, std::string_view text, std::string_view place) {
    return spelled(boxed(with.bytes_.data(), text, place, 0));
}

result<std::string> open(const key& with, std::string_view sealed, std::string_view place) {
    const auto box = read(sealed);
    if (!box || box->size() < nonce_size + tag_size) return errc::broken;
    std::string out(box->size() - nonce_size - tag_size, '\0');
    if (!unboxed(with.bytes_.data(), *box, place, bytes_of(out))) return errc::broken;
    return out;
}

std::string fingerprint(const key& with, std::string_view text) {
    return fingerprint_of_digest(with, digest::sha256_hex(lowered(text)));
}

std::string fingerprint_of_digest(const key& with, std::string_view hex) {
    const secret bytes(std::string(reinterpret_cast<const char*>(with.bytes_.data()), with.bytes_.size()));
    return "keyed:" + digest::hmac_sha256_hex(bytes, "fingerprint/" + std::string(hex));
}

master::master(const secret& current, const secret& previous) {
    get_ready();
    for (const auto& one : {current, previous})
        if (!one.empty())
            keys_.push_back(
                {digest::hmac_sha256(one, "airi/user-keys/mark").substr(0, mark_size), key::of(one, "airi/user-keys")});
}

std::string master::wrap(const key& what, user_id whose) const {
    const auto& [mark, with] = keys_.front();
    const std::string_view text(reinterpret_cast<const char*>(what.bytes_.data()), what.bytes_.size());
    auto out = boxed(with.bytes_.data(), text, place_of(whose), mark_size);
    return digest::hex(out.replace(0, mark_size, mark));
}

result<key> master::unwrap(std::string_view wrapped, user_id whose) const {
    std::array<char, mark_size + nonce_size + 32 + tag_size> raw;
    std::size_t size = 0;
    if (sodium_hex2bin(reinterpret_cast<bytes>(raw.data()), raw.size(), wrapped.data(), wrapped.size(), nullptr, &size,
            nullptr) != 0 ||
        size != raw.size())
        return errc::broken;
    const std::string_view all(raw.data(), raw.size());
    for (const auto& [mark, with] : keys_) {
        if (!all.starts_with(mark)) continue;
        key out;
        if (!unboxed(with.bytes_.data(), all.substr(mark_size), place_of(whose), out.bytes_.data()))
            return errc::broken;
        return out;
    }
    return errc::unknown_master;
}

std::string master::previous_mark() const { return keys_.size() < 2 ? std::string{} : digest::hex(keys_.back().mark); }

std::vector<std::string> mistakes_of(const std::string& name, const secret& current, const secret& previous) {
    std::vector<std::string> out;
    if (!current.empty() && current.reveal().size() < 32) out.push_back(name + " has fewer than 32 bytes");
    if (previous.empty()) return out;
    if (previous.reveal().size() < 32) out.push_back(name + "_PREVIOUS has fewer than 32 bytes");
    if (previous.reveal() == current.reveal()) out.push_back(name + "_PREVIOUS is " + name);
    return out;
}

}  // namespace airi::seal
