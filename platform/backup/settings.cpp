#include "platform/backup/settings.hpp"

#include "platform/crypto/seal.hpp"

namespace airi::backup {

std::vector<std::string> vault_settings::mistakes() const {
    auto out = seal::mistakes_of("BACKUP_KEY", key, key_previous);
    for (auto& one : storage::place_mistakes("BACKUP", url, access())) out.push_back(std::move(one));
    for (auto& one : storage::place_mistakes("ERASURE_LEDGER", ledger_url, ledger_access()))
        out.push_back(std::move(one));
    return out;
}

}  // namespace airi::backup
