// Stripe's API (https://docs.stripe.com/api): the calls that the payments worker makes, and its objects in the form
// that sql/functions/payments.sql stores. Accounts and webhook endpoints render objects in different versions of the
// API: what moved with 2025-03-31.basil is found in both places.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/json.hpp"
#include "platform/base/secret.hpp"
#include "platform/http/client.hpp"

namespace airi::workers::providers::stripe {

inline constexpr std::string_view api_version = "2026-03-25.dahlia";

struct account {
    std::string base_url = "https://api.stripe.com";
    secret key;  ///< sk_live_… or sk_test_…, or a restricted one, rk_…

    bool configured() const { return !key.empty(); }
    /// Of real money. Events of the other mode are not ours.
    bool live() const;
};

/// The account's mistake for people; empty: none.
std::string mistake_of(const account&);

/// away, busy (429, 409) and failed (5xx): again without a bound, for a webhook that was acknowledged does not come
/// again. unauthorized: misconfigured. rejected: refused, `answer` says why. missing: no such object. untested: an
/// event in a version of the API that no test covers; refused.
enum class errc { away = 1, busy, failed, unauthorized, rejected, missing, untested };
error_code make_error_code(errc);

struct answer {
    error_code error;                      ///< none: `object` is there
    std::optional<json::document> object;  ///< of a rejection: {"error": {type, code, message, …}}

    json::value root() const { return object ? object->root() : json::value{}; }
};
/// Pure.
answer read_answer(unsigned status, std::string_view body);

/// Names as Stripe writes them, items[0][price], with their values.
using parameters = std::vector<std::pair<std::string, std::string>>;

class client {
public:
    /// `http` must outlive it.
    client(http::client& http, account);

    /// `path` behind /v1/.
    awaitable<answer> get(std::string path) const;
    /// The same `key` and parameters within a day: the first answer.
    awaitable<answer> post(std::string path, parameters, std::string key) const;
    awaitable<answer> remove(std::string path, std::string key) const;
    bool live() const { return account_.live(); }
    bool configured() const { return account_.configured(); }

private:
    awaitable<answer> send(std::string method, std::string path, std::string form, std::string key) const;

    http::client& http_;
    account account_;
};

/// An event's objects that have changed.
struct event {
    std::string id, type;
    std::string object;  ///< id of its object; an invoice that is only a preview has none
    std::string customer;
    std::string version;  ///< of the API, in which the event was written: 2026-03-25.dahlia
    bool live = false;
    std::string subscription, invoice, payment, session;  ///< to be read again; may be empty

    bool concerns_us() const {
        return !subscription.empty() || !invoice.empty() || !payment.empty() || !session.empty();
    }
};
/// None when the text is no event of the API's first version.
std::optional<event> read_event(std::string_view body);
/// True for the major versions whose events tests have: the nameless ones before 2024-09-30, acacia to dahlia.
bool is_tested(std::string_view version);

/// The objects as JSON texts of our own form.
std::string subscription_of(json::value);
std::string invoice_of(json::value);
/// `disputes`: the list of the payment's, newest first; absent: there are none.
std::string payment_of(json::value, json::value disputes);
/// The id in a member that holds an id or, expanded, the object.
std::string id_of(json::value);
/// The subscription of an invoice; empty: it has none.
std::string subscription_id_of(json::value invoice);

}  // namespace airi::workers::providers::stripe

template <>
struct boost::system::is_error_code_enum<airi::workers::providers::stripe::errc> : std::true_type {};
