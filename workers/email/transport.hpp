// How a message is sent: into a folder, over SMTP, or through Amazon SES. Each call blocks a thread of the send pool.
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
    /// Returns when the message is accepted, with email::errc, or soon after a stop is requested. Thread safe.
    virtual result<> deliver(const mime_message&, std::stop_token) = 0;
};

/// Writes each message to <event id>.eml, readable by its owner only; the same message again replaces the file.
std::unique_ptr<transport> open_file_transport(std::filesystem::path folder);

/// smtps://, or smtp:// with STARTTLS where the server offers it. A password is sent to another host only over TLS.
struct smtp_options {
    secret url;           ///< smtp[s]://[user:password@]host[:port]
    std::string ca_file;  ///< trusted authorities; empty: the system's
    std::string name;     ///< our name, for EHLO
};
/// What is wrong with the URL; empty: nothing.
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
