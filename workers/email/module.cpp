#include "workers/email/email.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

struct mail_settings {
    std::string from;
    std::string from_email;
    std::string outbox = "mail";
    secret smtp_url;
    std::string ca_file;
    std::string ses_region;
    std::string aws_region;
    std::string ses_endpoint;
    std::string access_key;
    secret secret_key;
    secret link_key;

    static constexpr auto settings = std::tuple{
        setting{"MAIL_FROM", &mail_settings::from,
            "The sender, Name <address>; emails use the name as the product's name; empty: airi <no-reply@localhost>."},
        setting{"FROM_EMAIL", &mail_settings::from_email, "The sender if MAIL_FROM is empty."},
        setting{"MAIL_OUTBOX", &mail_settings::outbox,
            "The folder that emails are written to if neither SMTP nor SES is set."},
        setting{"MAIL_SMTP_URL", &mail_settings::smtp_url, "smtp[s]://[user:password@]host[:port], percent-encoded."},
        setting{"MAIL_CA_FILE", &mail_settings::ca_file,
            "CA certificates trusted for the SMTP server; empty: the system's."},
        setting{"MAIL_SES_REGION", &mail_settings::ses_region, "The AWS region of Amazon SES."},
        setting{"AWS_REGION", &mail_settings::aws_region,
            "The same if MAIL_SES_REGION is empty, AWS_ACCESS_KEY_ID is given and MAIL_SMTP_URL is not."},
        setting{"MAIL_SES_ENDPOINT", &mail_settings::ses_endpoint,
            "Another endpoint of the SES API, http(s)://host[:port]."},
        setting{"AWS_ACCESS_KEY_ID", &mail_settings::access_key, "The access key for SES."},
        setting{"AWS_SECRET_ACCESS_KEY", &mail_settings::secret_key, "The secret access key for SES."},
        setting{"LINK_KEY", &mail_settings::link_key,
            "Opens the links with tokens, and the addresses of people without an account, that are on their way; the "
            "gateway's.",
            {.required = true}},
    };

    std::string sender() const {
        return !from.empty() ? from : !from_email.empty() ? from_email : "airi <no-reply@localhost>";
    }
    /// Of SES; empty where it is not used. AWS_REGION may be there for other programs.
    std::string region() const {
        if (!ses_region.empty()) return ses_region;
        return access_key.empty() || !smtp_url.empty() ? std::string{} : aws_region;
    }

    std::vector<std::string> mistakes() const {
        std::vector<std::string> out;
        if (!email::parse_mailbox(sender())) out.push_back("MAIL_FROM is an address, or Name <address>");
        if (!smtp_url.empty())
            if (const auto wrong = email::smtp_mistake(smtp_url); !wrong.empty())
                out.push_back("MAIL_SMTP_URL " + wrong);
        if (!smtp_url.empty() && !ses_region.empty())
            out.push_back("MAIL_SMTP_URL and MAIL_SES_REGION exclude each other");
        if (!region().empty() && (access_key.empty() || secret_key.empty()))
            out.push_back("MAIL_SES_REGION needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
        return out;
    }
};

std::unique_ptr<email::transport> transport_of(const mail_settings& s, const email::mailbox& sender) {
    if (!s.smtp_url.empty()) return email::open_smtp({s.smtp_url, s.ca_file, std::string(sender.domain())});
    if (const auto region = s.region(); !region.empty())
        return email::open_ses({region, s.ses_endpoint, s.access_key, s.secret_key, s.ca_file});
    return email::open_file_transport(s.outbox);
}

worker wire(worker_host& host, const mail_settings& settings) {
    const auto sender = email::parse_mailbox(settings.sender()).value();
    const auto& pool = host.own(email::open_send_pool(transport_of(settings, sender)));
    const auto& links = host.own(seal::key::of(settings.link_key, "links"));
    return email::declare(host.own(email::ports{host.database(), *pool, sender, links}));
}

}  // namespace

extern const worker_module email_module = module_of<wire>("email");

}  // namespace airi::workers
