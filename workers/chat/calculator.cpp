#include "workers/chat/calculator.hpp"

#include <charconv>
#include <cmath>

namespace airi::workers::chat {
namespace {

constexpr int deepest = 50;

class parser {
public:
    explicit parser(std::string_view text) : rest_(text) {}

    std::optional<double> all() {
        const auto out = sum();
        return out && next() == 0 && std::isfinite(*out) ? out : std::nullopt;
    }

private:
    using number = std::optional<double>;

    char next() {
        while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
        return rest_.empty() ? '\0' : rest_.front();
    }
    bool take(char c) {
        if (next() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }

    number sum() {
        auto out = product();
        while (out) {
            const char sign = next();
            if (sign != '+' && sign != '-') break;
            take(sign);
            const auto right = product();
            if (!right) return std::nullopt;
            *out += sign == '+' ? *right : -*right;
        }
        return out;
    }
    number product() {
        auto out = signed_power();
        while (out) {
            const char sign = next();
            if (sign != '*' && sign != '/') break;
            take(sign);
            const auto right = signed_power();
            if (!right) return std::nullopt;
            *out = sign == '*' ? *out * *right : *out / *right;
        }
        return out;
    }
    // -2^2 is -(2^2), and 2^-1 is 0.5.
    number signed_power() {
        if (++depth_ > deepest) return std::nullopt;
        number out;
        if (take('-')) {
            out = signed_power();
            if (out) out = -*out;
        } else if (take('+')) {
            out = signed_power();
        } else {
            out = power();
        }
        --depth_;
        return out;
    }
    number power() {
        const auto base = atom();
        if (!base || !take('^')) return base;
        const auto exponent = signed_power();
        return exponent ? number(std::pow(*base, *exponent)) : std::nullopt;
    }
    number atom() {
        if (take('(')) {
            const auto out = sum();
            return out && take(')') ? out : std::nullopt;
        }
        const char first = next();
        if ((first < '0' || first > '9') && first != '.') return std::nullopt;
        double out = 0;
        const auto [end, ec] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
        if (ec != std::errc{}) return std::nullopt;
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return out;
    }

    std::string_view rest_;
    int depth_ = 0;
};

}  // namespace

std::optional<double> calculate(std::string_view expression) { return parser(expression).all(); }

}  // namespace airi::workers::chat
