#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include <boost/asio/ssl.hpp>
#include <fstream>

#include "platform/http/client.hpp"
#include "tests/platform/http_raw_server.hpp"
#include "tests/support/cpp/contains.hpp"

namespace airi::tests {
namespace {

namespace ssl = boost::asio::ssl;
using airi::test::contains;
using http::errc;

struct certificate {
    std::string pem;
    std::string key_pem;
};

std::string drained(BIO* from) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(from, &data);
    std::string out(data, static_cast<std::size_t>(size));
    BIO_free(from);
    return out;
}

// Signs itself; `names` as OpenSSL writes alternative names, `valid_until` in seconds from now.
certificate make_certificate(const char* names, long valid_until) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -7200);
    X509_gmtime_adj(X509_getm_notAfter(made), valid_until);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
        reinterpret_cast<const unsigned char*>("airi test"), -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(made));
    X509_EXTENSION* alternative = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
    X509_add_ext(made, alternative, -1);
    X509_EXTENSION_free(alternative);
    X509_sign(made, key, EVP_sha256());
    BIO* pem = BIO_new(BIO_s_mem());
    BIO* key_pem = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(pem, made);
    PEM_write_bio_PrivateKey(key_pem, key, nullptr, nullptr, 0, nullptr, nullptr);
    X509_free(made);
    EVP_PKEY_free(key);
    return {drained(pem), drained(key_pem)};
}

// Makes a certificate trusted by clients that are opened while this lives.
class trusting {
public:
    explicit trusting(const certificate& which) {
        const int file = ::mkstemp(path_);
        ::close(file);
        std::ofstream(path_) << which.pem;
        ::setenv("SSL_CERT_FILE", path_, 1);
    }
    ~trusting() {
        ::unsetenv("SSL_CERT_FILE");
        ::unlink(path_);
    }

private:
    char path_[32] = "/tmp/airi-trust-XXXXXX";
};

// Answers every request on every connection; a body without a length is ended by closing without a TLS
// farewell.
class tls_server {
public:
    struct record {
        int connections = 0;
        std::string server_name;
    };

    tls_server(asio::io_context& on, const certificate& with, std::string answer)
        : acceptor_(on, {asio::ip::make_address("127.0.0.1"), 0}),
          context_(ssl::context::tls_server),
          seen_(std::make_shared<record>()) {
        context_.use_certificate_chain(asio::buffer(with.pem));
        context_.use_private_key(asio::buffer(with.key_pem), ssl::context::pem);
        asio::co_spawn(on, serve(&acceptor_, &context_, std::move(answer), seen_), asio::detached);
    }
    std::string url(std::string_view host) const {
        return "https://" + std::string(host) + ":" + std::to_string(acceptor_.local_endpoint().port()) + "/";
    }
    ssl::context& context() { return context_; }
    const record& seen() const { return *seen_; }

private:
    static constexpr auto values = asio::as_tuple(asio::use_awaitable);

    static awaitable<> serve(
        asio::ip::tcp::acceptor* from, ssl::context* with, std::string answer, std::shared_ptr<record> seen) {
        for (;;) {
            auto [ec, socket] = co_await from->async_accept(values);
            if (ec) co_return;
            ++seen->connections;
            auto stream = std::make_shared<ssl::stream<asio::ip::tcp::socket>>(std::move(socket), *with);
            asio::co_spawn(stream->get_executor(), talk(stream, answer, seen), asio::detached);
        }
    }

    static awaitable<> talk(
        std::shared_ptr<ssl::stream<asio::ip::tcp::socket>> with, std::string answer, std::shared_ptr<record> seen) {
        const auto [shaken] = co_await with->async_handshake(ssl::stream_base::server, values);
        if (shaken) co_return;
        const char* name = SSL_get_servername(with->native_handle(), TLSEXT_NAMETYPE_host_name);
        seen->server_name = name ? name : "";
        std::string buffer;
        for (;;) {
            const auto [ec, size] =
                co_await asio::async_read_until(*with, asio::dynamic_buffer(buffer), "\r\n\r\n{}", values);
            if (ec) co_return;
            buffer.erase(0, size);
            co_await asio::async_write(*with, asio::buffer(answer), values);
            if (!contains(answer, "Content-Length")) co_return;
        }
    }

    asio::ip::tcp::acceptor acceptor_;
    ssl::context context_;
    std::shared_ptr<record> seen_;
};

const std::string hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

// The body, or the error's message.
awaitable<std::string> fetch(http::client* with, std::string url) {
    http::request what;
    what.url = std::move(url);
    what.body = "{}";
    what.limits.connect = milliseconds(400);
    auto answer = co_await with->send(std::move(what));
    if (!answer) co_return answer.error().message();
    auto body = co_await (*answer)->read_all(1000);
    co_return body ? *body : body.error().message();
}

std::string said(errc e) { return make_error_code(e).message(); }

}  // namespace

TEST_CASE("TLS works with a trusted certificate for the host, and connections are reused") {
    const auto own = make_certificate("DNS:localhost,IP:127.0.0.1", 3600);
    const trusting it(own);
    asio::io_context on;
    tls_server server(on, own, hello);
    const auto client = http::open_client(on.get_executor());
    CHECK(run(on, fetch(client.get(), server.url("localhost"))) == "hello");
    CHECK(server.seen().server_name == "localhost");
    CHECK(run(on, fetch(client.get(), server.url("localhost"))) == "hello");
    CHECK(server.seen().connections == 1);
    CHECK(run(on, fetch(client.get(), server.url("127.0.0.1"))) == "hello");
    CHECK(server.seen().server_name.empty());
}

TEST_CASE("an untrusted, mismatched or expired certificate is rejected") {
    const auto own = make_certificate("DNS:localhost", 3600);
    const auto other = make_certificate("DNS:other.example", 3600);
    const auto old = make_certificate("DNS:localhost", -3600);
    asio::io_context on;
    for (const auto* each : {&other, &old}) {
        const trusting it(*each);
        tls_server server(on, *each, hello);
        const auto client = http::open_client(on.get_executor());
        CHECK(run(on, fetch(client.get(), server.url("localhost"))) == said(errc::tls_failed));
    }
    tls_server server(on, own, hello);
    const auto client = http::open_client(on.get_executor());
    CHECK(run(on, fetch(client.get(), server.url("localhost"))) == said(errc::tls_failed));
    CHECK(run(on, fetch(client.get(), server.url("127.0.0.1"))) == said(errc::tls_failed));
}

TEST_CASE("TLS below 1.2 is rejected") {
    const auto own = make_certificate("DNS:localhost", 3600);
    const trusting it(own);
    asio::io_context on;
    tls_server server(on, own, hello);
    SSL_CTX_set_security_level(server.context().native_handle(), 0);
    SSL_CTX_set_min_proto_version(server.context().native_handle(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(server.context().native_handle(), TLS1_1_VERSION);
    const auto client = http::open_client(on.get_executor());
    CHECK(run(on, fetch(client.get(), server.url("localhost"))) == said(errc::tls_failed));
}

TEST_CASE("a stalled handshake ends at the connect timeout") {
    asio::io_context on;
    raw_server server(on, {{pause(600)}});
    const auto client = http::open_client(on.get_executor());
    const auto url = "https" + server.url().substr(4);
    CHECK(run(on, fetch(client.get(), url)) == said(errc::connect_timeout));
}

TEST_CASE("an end without close_notify is an error unless the length is known") {
    const auto own = make_certificate("DNS:localhost", 3600);
    const trusting it(own);
    asio::io_context on;
    tls_server server(on, own, "HTTP/1.1 200 OK\r\n\r\nhello");
    const auto client = http::open_client(on.get_executor());
    CHECK(run(on, fetch(client.get(), server.url("localhost"))) == said(errc::cut));
}

TEST_CASE("a server without TLS is an error of its own") {
    asio::io_context on;
    raw_server server(on, {{send("HTTP/1.1 400 Bad Request\r\n\r\n"), hang_up()}});
    const auto client = http::open_client(on.get_executor());
    CHECK(run(on, fetch(client.get(), "https" + server.url().substr(4))) == said(errc::tls_failed));
}

}  // namespace airi::tests
