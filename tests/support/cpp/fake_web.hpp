// An HTTP client whose answers come from the test, and that keeps what it was asked.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/http/client.hpp"

namespace airi::test {

struct web_page {
    unsigned status = 200;
    std::string body{};
    error_code failed{};  ///< instead of an answer
    std::map<std::string, std::string, std::less<>> headers{};
};

class fake_web : public http::client {
public:
    /// The answer to a request.
    std::function<web_page(const http::request&)> answer;
    std::vector<http::request> asked;

    awaitable<result<std::unique_ptr<http::answer>>> send(http::request request) override {
        asked.push_back(std::move(request));
        auto page = answer ? answer(asked.back()) : web_page{404};
        if (page.failed) co_return page.failed;
        co_return std::make_unique<said>(std::move(page));
    }

private:
    class said final : public http::answer {
    public:
        explicit said(web_page page) : page_(std::move(page)) {}
        unsigned status() const override { return page_.status; }
        std::string_view header(std::string_view name) const override {
            const auto found = page_.headers.find(name);
            return found == page_.headers.end() ? std::string_view{} : std::string_view(found->second);
        }
        awaitable<result<std::string>> read() override { co_return std::exchange(page_.body, {}); }
        awaitable<result<std::string>> read_all(std::size_t most) override {
            if (page_.body.size() > most) co_return http::errc::too_large;
            co_return page_.body;
        }
        void give_up_at(std::chrono::steady_clock::time_point) override {}

    private:
        web_page page_;
    };
};

}  // namespace airi::test
