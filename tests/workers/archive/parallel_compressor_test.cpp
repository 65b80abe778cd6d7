#include "workers/archive/parallel_compressor.hpp"

#include <doctest/doctest.h>

#include <boost/asio/thread_pool.hpp>
#include <deque>

#include "workers/archive/compression.hpp"

using namespace airi::workers;

TEST_CASE("frames that several threads make at once have their bytes in the order of the calls") {
    boost::asio::thread_pool threads(3);
    std::deque<archive::parallel_compressor> all;
    std::vector<std::string> added(4);
    for (std::size_t i = 0; i < added.size(); ++i) all.emplace_back(threads);
    for (int line = 0; line < 40'000; ++line)
        for (std::size_t i = 0; i < added.size(); ++i) {
            const auto text = std::to_string(i) + " has line " + std::to_string(line) + '\n';
            all[i].add(text);
            added[i] += text;
        }
    for (std::size_t i = 0; i < added.size(); ++i)
        CHECK((archive::decompressed(all[i].end(), added[i].size()) == added[i]));
    CHECK(archive::decompressed(archive::parallel_compressor(threads).end(), 0) == "");
}

TEST_CASE("a frame that is given up leaves the others whole") {
    boost::asio::thread_pool threads(2);
    archive::parallel_compressor kept(threads);
    {
        archive::parallel_compressor left(threads);
        left.add(std::string(1'000'000, 'x'));
    }
    kept.add("kept");
    CHECK(archive::decompressed(kept.end(), 4) == "kept");
}
