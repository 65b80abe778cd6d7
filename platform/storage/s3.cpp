#include <array>

#include "platform/base/log.hpp"
#include "platform/base/percent.hpp"
#include "platform/base/sleep.hpp"
#include "platform/http/client.hpp"
#include "platform/http/url.hpp"
#include "platform/storage/s3_list.hpp"
#include "platform/storage/sigv4.hpp"
#include "platform/storage/storage.hpp"

namespace airi::storage {
namespace {

constexpr std::size_t most_of_list = 4 * 1024 * 1024, most_of_error = 64 * 1024;
constexpr std::array pauses{milliseconds{100}, milliseconds{400}, milliseconds{1'600}};

struct call {
    std::string method, path, query, body;
    header_list headers;
    std::size_t most = most_of_error;  // bytes of the answer's body
};
struct reply {
    unsigned status = 0;
    std::string body;
};

error_code error_of(const reply& got, const std::string& code) {
    if (code == "QuotaExceeded" || code == "XMinioStorageFull" || got.status == 507) return errc::full;
    switch (got.status) {
        case 301:
        case 307:
        case 400:
        case 401:
        case 403: return errc::denied;
        // Of anything else that is missing, as the bucket or the user, an administrator must know.
        case 404: return code == "NoSuchKey" ? errc::not_found : errc::denied;
        case 412: return errc::exists;
        default: return errc::unavailable;
    }
}

class s3 final : public store {
public:
    s3(executor on, s3_options options)
        : options_(std::move(options)),
          signer_{options_.access_key, options_.secret_key, options_.region, "s3"},
          client_(http::open_client(on)) {
        if (!options_.prefix.empty()) options_.prefix += '/';
        if (const auto url = http::parse_url(options_.endpoint)) host_ = url->authority;
    }

    awaitable<result<>> put(std::string name, std::string bytes) override {
        co_return co_await put_object(std::move(name), std::move(bytes), {});
    }
    // A repeated request may find the object of the first one, whose answer was lost.
    awaitable<result<>> put_new(std::string name, std::string bytes) override {
        co_return co_await put_object(std::move(name), std::move(bytes), {{"if-none-match", "*"}});
    }

    awaitable<result<std::string>> get(std::string name, std::size_t most) override {
        if (!is_object_name(name)) co_return errc::bad_name;
        auto got = co_await ask({"GET", path_of(name), {}, {}, {}, most}, name);
        if (!got) co_return got.error();
        co_return std::move(got->body);
    }

    awaitable<result<page>> list(std::string prefix, std::string after) override {
        auto query = "list-type=2&max-keys=1000&prefix=" + percent_encoded(options_.prefix + prefix);
        if (!after.empty()) query += "&start-after=" + percent_encoded(options_.prefix + after);
        const auto got =
            co_await ask({"GET", '/' + percent_encoded(options_.bucket), query, {}, {}, most_of_list}, prefix);
        if (!got) co_return got.error();
        auto read = read_s3_list(got->body, options_.prefix);
        if (!read) co_return errc::unavailable;
        co_return std::move(*read);
    }

    awaitable<result<>> remove(std::string name) override {
        if (!is_object_name(name)) co_return errc::bad_name;
        const auto got = co_await ask({"DELETE", path_of(name), {}, {}, {}}, name);
        if (!got && got.error() != errc::not_found) co_return got.error();
        co_return result<>{};
    }

private:
    std::string path_of(const std::string& name) const {
        return '/' + percent_encoded(options_.bucket) + '/' + percent_encoded(options_.prefix + name, "/");
    }

    awaitable<result<>> put_object(std::string name, std::string bytes, header_list headers) {
        if (!is_object_name(name)) co_return errc::bad_name;
        headers.emplace_back("content-type", "application/octet-stream");
        const auto got = co_await ask({"PUT", path_of(name), {}, std::move(bytes), std::move(headers)}, name);
        if (!got) co_return got.error();
        co_return result<>{};
    }

    awaitable<result<reply>> ask(call what, std::string name) {
        for (std::size_t attempt = 0;; ++attempt) {
            auto got = co_await ask_once(what);
            error_code error = errc::unavailable;
            std::string code;
            if (got && got->status / 100 == 2) co_return std::move(*got);
            if (got) {
                code = s3_error_code(got->body);
                error = error_of(*got, code);
            } else if (got.error() == http::errc::too_large) {
                co_return errc::too_large;
            }
            if (error == errc::not_found || error == errc::exists) co_return error;
            if (error != errc::unavailable || attempt == pauses.size()) {
                log::error(
                    "storage.failed", {{"verb", what.method}, {"object", name}, {"status", got ? got->status : 0U},
                                          {"code", code}, {"error", got ? error.message() : got.error().message()}});
                co_return error;
            }
            co_await sleep(pauses[attempt]);
        }
    }

    awaitable<result<reply>> ask_once(const call& what) {
        http::request out;
        out.method = what.method;
        out.url = options_.endpoint + what.path + (what.query.empty() ? "" : '?' + what.query);
        out.headers = sign(signer_, {what.method, host_, what.path, what.query, what.headers, what.body}, now());
        out.body = what.body;
        out.limits.body_bytes = what.most;
        const auto answer = co_await client_->send(std::move(out));
        if (!answer) co_return answer.error();
        const auto status = (*answer)->status();
        auto body = co_await (*answer)->read_all(status / 100 == 2 ? what.most : most_of_error);
        if (!body) co_return body.error();
        co_return reply{status, std::move(*body)};
    }

    s3_options options_;
    const signer signer_;
    std::string host_;
    std::unique_ptr<http::client> client_;
};

}  // namespace

std::unique_ptr<store> open_s3(executor on, s3_options options) {
    while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
    return std::make_unique<s3>(std::move(on), std::move(options));
}

}  // namespace airi::storage
