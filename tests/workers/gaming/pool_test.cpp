// The pure parts of a pool of game servers: what it reads of processes, and Minecraft's server list ping.
#include <doctest/doctest.h>

#include "tests/support/cpp/print.hpp"
#include "workers/gaming/list_ping.hpp"
#include "workers/gaming/process_driver.hpp"

using namespace airi;
using namespace airi::workers::gaming;
using namespace std::string_literals;

TEST_CASE("SAAS-45: the handle of a process is its id and its start, and nothing else is one") {
    const auto one = process_handle::parse("1234@567890");
    REQUIRE(one);
    CHECK(one->pid == 1234);
    CHECK(one->start == 567890);
    CHECK(one->text() == "1234@567890");
    for (const auto* text : {"", "1234", "@", "1234@", "@5", "0@5", "1@5", "-1@5", "-1234@5", "1234@5x", "1234@-5",
             "99999999999@5", " 1234@5"})
        CHECK_MESSAGE(!process_handle::parse(text), text);
}

TEST_CASE("SAAS-45: the start of a process is read behind its name, whatever that is") {
    const auto stat = read_stat(
        "7 (a) R 1) (x) S 1 7 7 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 424242 1000 10 18446744073709551615 1 1\n");
    REQUIRE(stat);
    CHECK(stat->state == 'S');
    CHECK(stat->start == 424242);
    CHECK(!read_stat(""));
    CHECK(!read_stat("7 (a) S 1 7"));
    CHECK(!read_stat("7 a S 1 7 7 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 424242 1000"));
}

TEST_CASE("SAAS-45: a variable of a process is found by its whole name") {
    const auto variables = "XAIRI_SERVER_ID=1\0AIRI_SERVER_ID_X=2\0\0AIRI_SERVER_ID=3\0AIRI_SERVER_ID=4"s;
    CHECK(variable_of(variables, "AIRI_SERVER_ID") == "3");
    CHECK(variable_of(variables, "AIRI_SERVER_POOL").empty());
    CHECK(variable_of("", "A").empty());
    CHECK(variable_of("A", "A").empty());
}

TEST_CASE("SAAS-45: the server list is asked for by a handshake and a request") {
    CHECK(status_request("localhost", 25565) == "\x13\x00\xff\xff\xff\xff\x0f\x09localhost\x63\xdd\x01"s + "\x01\x00"s);
}

TEST_CASE("SAAS-45: a status is an object in a packet, a part of it is none yet, and all else is rejected") {
    const auto answer = "\x0e\x00\x0c{\"a\":\"bcde\"}"s;
    CHECK(is_status(answer) == true);
    CHECK(is_status(answer + "more") == true);
    for (std::size_t i = 0; i < answer.size(); ++i) CHECK(!is_status(answer.substr(0, i)).has_value());
    for (const auto& bad : {"\x00"s, "\xff\xff\xff\xff\x0f"s, "HTTP/1.1 400 Bad Request\r\n" + std::string(60, ' '),
             "\x03\x01\x01{"s, "\x04\x00\x02[]"s, "\x04\x00\x03{}"s, "\x01\x00"s, "\x80\x80\x80\x80\x80"s})
        CHECK(is_status(bad) == false);
}
