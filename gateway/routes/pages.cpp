// The pages: static files with a content policy of their own. Where the product documents one for every answer, a
// browser enforces both. The safety protocol, which no product adds to, has the strictest on each.
#include <algorithm>

#include "gateway/pages/pages.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::string_view policy =
    "default-src 'self'; connect-src 'self'; img-src 'self' data:; style-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
constexpr std::string_view strict_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

std::string_view type_of(std::string_view name) {
    if (name.ends_with(".html")) return "text/html; charset=utf-8";
    if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    if (name.ends_with(".svg")) return "image/svg+xml";
    return "application/octet-stream";
}

route_result serve(std::string_view name, const exchange& exchange, bool strictly = false) {
    const auto file =
        std::find_if(page_files.begin(), page_files.end(), [&](const embedded_file& f) { return f.name == name; });
    if (file == page_files.end()) return not_found("page");
    response out;
    out.content_type = type_of(name);
    const auto tag = "\"" + digest::sha256_hex(file->text).substr(0, 16) + "\"";
    out.headers = {{"Cache-Control", "no-cache"}, {"ETag", tag}};
    // Other origins' pages show pictures of the gallery.
    if (name.ends_with(".svg")) out.headers.emplace_back("Cross-Origin-Resource-Policy", "cross-origin");
    const auto rows = exchange.services.catalogue.rows();
    const auto& product = rows->answers.content_policy;
    if (!strictly && !product.empty()) out.headers.emplace_back("Content-Security-Policy", product);
    out.headers.emplace_back("Content-Security-Policy", strictly ? strict_policy : policy);
    if (exchange.request.header("if-none-match") == tag)
        out.status = 304;
    else
        out.body = file->text;
    return out;
}

awaitable<route_result> index(exchange& exchange) { co_return serve("index.html", exchange); }
awaitable<route_result> admin_page(exchange& exchange) { co_return serve("admin.html", exchange); }
awaitable<route_result> asset(exchange& exchange) { co_return serve(exchange.path.front(), exchange); }
awaitable<route_result> client_module(exchange& exchange) {
    co_return serve("client/" + exchange.path.front(), exchange);
}
awaitable<route_result> stylesheet(exchange& exchange) { co_return serve("style/" + exchange.path.front(), exchange); }
awaitable<route_result> view_module(exchange& exchange) { co_return serve("views/" + exchange.path.front(), exchange); }
awaitable<route_result> docs(exchange& exchange) { co_return serve("docs.html", exchange); }
awaitable<route_result> safety_protocol(exchange& exchange) { co_return serve("safety.html", exchange, true); }
awaitable<route_result> contact(exchange& exchange) { co_return serve("contact.html", exchange); }
awaitable<route_result> appeal(exchange& exchange) { co_return serve("appeal.html", exchange); }
awaitable<route_result> icon(exchange& exchange) { co_return serve("favicon.svg", exchange); }

constexpr std::array rows{
    route{.method = verb::get, .path = "=/", .access = access::anyone, .handler = index},
    route{.method = verb::get, .path = "=/admin", .access = access::anyone, .handler = admin_page},
    route{.method = verb::get, .path = "=/favicon.ico", .access = access::anyone, .handler = icon},
    route{.method = verb::get, .path = "=/docs", .access = access::anyone, .handler = docs},
    route{.method = verb::get, .path = "=/safety", .access = access::anyone, .handler = safety_protocol},
    route{.method = verb::get, .path = "=/crisis/contacts/confirm", .access = access::anyone, .handler = contact},
    route{.method = verb::get, .path = "=/appeal", .access = access::anyone, .handler = appeal},
    route{.method = verb::get, .path = "=/{file}", .access = access::anyone, .handler = asset},
    route{.method = verb::get, .path = "=/client/{file}", .access = access::anyone, .handler = client_module},
    route{.method = verb::get, .path = "=/style/{file}", .access = access::anyone, .handler = stylesheet},
    route{.method = verb::get, .path = "=/views/{file}", .access = access::anyone, .handler = view_module},
};

}  // namespace

extern const std::span<const route> pages{rows};

}  // namespace airi::gateway::routes
