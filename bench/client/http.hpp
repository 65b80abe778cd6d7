// A keep-alive HTTP/1.1 client connection, one request at a time.
#pragma once

#include <functional>

#include "bench/client/link.hpp"

namespace airi::bench {

class http_link final : public link {
public:
    explicit http_link(loop& reactor) : link(reactor) {}

    std::function<void()> on_open;
    std::function<void(int status, std::string_view body)> on_answer;
    std::function<void(std::string_view piece)> on_piece;  ///< a chunk of the body, as it arrives
    std::function<void()> on_end;

    static std::string get(std::string_view path, std::string_view token);
    static std::string post(
        std::string_view path, std::string_view token, std::string_view body, std::string_view headers = {});

private:
    void opened() override {
        if (on_open) on_open();
    }
    std::size_t received(std::string_view bytes) override;
    void ended() override {
        if (on_end) on_end();
    }
    std::size_t read_head(std::string_view bytes);
    std::size_t read_chunk(std::string_view bytes);

    int status_ = 0;  // 0 while waiting for a head
    bool chunked_ = false;
    std::size_t length_ = 0;
};

}  // namespace airi::bench
