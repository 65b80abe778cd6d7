// A compressor whose work is done on other threads, in the order of the calls. Used by the archiver.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class thread_pool;
}

namespace airi::workers::archive {

/// As compressor. The pool must outlive it. What waits for the threads is in memory.
class parallel_compressor {
public:
    explicit parallel_compressor(boost::asio::thread_pool&);

    void add(std::string_view bytes);
    /// The frame, once it is complete; the last call. Throws what the compressor throws.
    std::string end();

private:
    struct state;
    void hand_over();

    std::shared_ptr<state> state_;
    std::string pending_;
};

}  // namespace airi::workers::archive
