// How a letter leaves: into a folder, over SMTP, or to Amazon's SES. Each call blocks, on a thread of the sender's.
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"
#include "workers/email/mime_message.hpp"

namespace airi::workers::email {

class transport {
public:
    virtual ~transport() = default;
    /// Ends when the letter is taken, with email::errc, or soon after a stop is asked for. Thread safe.
    virtual result<> deliver(const letter&, std::stop_token) = 0;
};

/// One file <event id>.eml a letter, for its owner alone: a letter delivered again is the same file.
std::unique_ptr<transport> open_outbox(std::filesystem::path folder);

/// smtps://, or smtp:// with STARTTLS where the server has it. A password goes to another host only over TLS.
struct smtp_options {
    secret url;           ///< smtp[s]://[user:password@]host[:port]
    std::string ca_file;  ///< the authorities to believe; empty: the system's
    std::string name;     ///< ours, for EHLO
};
/// What is wrong with the URL, or an empty text.
std::string smtp_mistake(const secret& url);
std::unique_ptr<transport> open_smtp(smtp_options);

struct ses_options {
    std::string region;
    std::string endpoint;  ///< empty: Amazon's of the region
    std::string access_key;
    secret secret_key;
    std::string ca_file;
};
std::unique_ptr<transport> open_ses(ses_options);

}  // namespace airi::workers::email
