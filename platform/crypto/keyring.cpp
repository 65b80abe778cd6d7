#include "platform/crypto/keyring.hpp"

#include "platform/crypto/digest.hpp"

namespace airi::seal {

keyring::keyring(const secret& current, const secret& previous, std::string_view purpose) {
    for (const auto* one : {&current, &previous}) {
        if (one != &current && one->empty()) continue;
        const auto digest = digest::hmac_sha256(*one, "airi/" + std::string(purpose) + "/mark");
        keys_.push_back({digest::hex(digest.substr(0, 4)) + ".", key::of(*one, purpose)});
    }
}

std::string keyring::seal(std::string_view text, std::string_view place) const {
    return mark() + seal::seal(keys_.front().with, text, place);
}

result<std::string> keyring::open(std::string_view sealed, std::string_view place) const {
    const auto box = sealed.substr(sealed.find('.') + 1);  // a box has no point
    const auto named_by = sealed.substr(0, sealed.size() - box.size());
    for (const auto& [mark, with] : keys_) {
        if (!named_by.empty() && named_by != mark) continue;
        if (auto opened = seal::open(with, box, place)) return opened;
    }
    return errc::broken;
}

}  // namespace airi::seal
