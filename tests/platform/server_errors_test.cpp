// Every error of each server has a meaning, and none has one by accident: the tables are walked.
#include <doctest/doctest.h>
#include <librdkafka/rdkafka.h>

#include <iterator>
#include <sstream>

#include "platform/kafka/errors.hpp"
#include "platform/postgres/sqlstate.hpp"
#include "platform/redis/errors.hpp"
#include "workers/runtime/delivery.hpp"

using namespace airi;

namespace {

// Names or numbers of errors, separated by blanks, that mean the same.
struct expectation {
    failure kind;
    std::string_view errors;
};

std::vector<std::string> words_of(std::string_view text) {
    std::istringstream in{std::string(text)};
    return {std::istream_iterator<std::string>(in), {}};
}

// Appendix A of PostgreSQL 15, without successes and warnings.
constexpr expectation sqlstates[] = {
    {failure::outage,
        "08000 08001 08003 08004 08006 08007 25006 25P03 26000 40000 40001 40003 40P01 53000 53100 53200 53300 "
        "53400 55006 55P03 57000 57014 57P01 57P02 57P03 57P04 57P05 58000 58030 58P01 58P02 72000 F0000 F0001"},
    {failure::misconfigured, "0P000 28000 28P01 3D000 3F000 42703 42704 42883 42P01 XX001 XX002"},
    {failure::refused,
        "22000 22001 22002 22003 22004 22005 22007 22008 22009 2200B 2200C 2200D 2200F 2200G 2200H 2200L 2200M "
        "2200N 2200S 2200T 22010 22011 22012 22013 22014 22015 22016 22018 22019 2201B 2201E 2201F 2201G 2201W "
        "2201X 22021 22022 22023 22024 22025 22026 22027 2202E 2202G 2202H 22030 22031 22032 22033 22034 22035 "
        "22036 22037 22038 22039 2203A 2203B 2203C 2203D 2203E 2203F 2203G 22P01 22P02 22P03 22P04 22P05 22P06 "
        "22P07 23000 23001 23502 23503 23505 23514 23P01 40002 42501 44000 54000 54001"},
    {failure::broken,
        "03000 08P01 09000 0A000 0B000 0F000 0F001 0L000 0LP01 0Z000 0Z002 20000 21000 24000 25000 25001 25002 "
        "25003 25004 25005 25007 25008 25P01 25P02 27000 2B000 2BP01 2D000 2F000 2F002 2F003 2F004 2F005 34000 "
        "38000 38001 38002 38003 38004 39000 39001 39004 39P01 39P02 39P03 3B000 3B001 42000 42601 42602 42611 "
        "42622 42701 42702 42710 42712 42723 42725 42803 42804 42809 42830 42846 428C9 42939 42P02 42P03 42P04 "
        "42P05 42P06 42P07 42P08 42P09 42P10 42P11 42P12 42P13 42P14 42P15 42P16 42P17 42P18 42P19 42P20 42P21 "
        "42P22 54011 54023 55000 55P02 55P04 HV000 HV001 HV002 HV004 HV005 HV006 HV007 HV008 HV009 HV00A HV00B "
        "HV00C HV00D HV00J HV00K HV00L HV00M HV00N HV00P HV00Q HV00R HV010 HV014 HV021 HV024 HV090 HV091 P0000 "
        "P0001 P0002 P0003 P0004 XX000"},
};

// The error replies in redis-server 7.0; MOVED and ASK are a cluster's.
constexpr expectation replies[] = {
    {failure::outage,
        "BUSY CLUSTERDOWN INPROG IOERR LOADING MASTERDOWN MISCONF NOGOODSLAVE NOMASTERLINK NOREPLICAS OOM READONLY "
        "TRYAGAIN UNBLOCKED"},
    {failure::misconfigured, "ASK CROSSSLOT DENIED MOVED NOAUTH NOPERM NOPROTO WRONGPASS"},
    {failure::broken, "BUSYGROUP BUSYKEY ERR EXECABORT INVALIDOBJ NOGROUP NOSCRIPT NOTBUSY UNKILLABLE WRONGTYPE"},
};

std::vector<const rd_kafka_err_desc*> errors_of_kafka() {
    const rd_kafka_err_desc* all = nullptr;
    std::size_t count = 0;
    rd_kafka_get_err_descs(&all, &count);
    std::vector<const rd_kafka_err_desc*> out;
    for (std::size_t i = 0; i < count; ++i)
        if (all[i].desc && all[i].code != RD_KAFKA_RESP_ERR_NO_ERROR) out.push_back(&all[i]);
    return out;
}

bool is_waited_for_without_a_bound(const error_code& error) {
    const workers::retry_policy once{.attempts = 1};
    workers::delivery of(once);
    for (int i = 0; i < 100; ++i)
        if (const auto next = of.after(error);
            !std::holds_alternative<workers::try_again>(next) || !std::get<workers::try_again>(next).outage)
            return false;
    return true;
}

}  // namespace

TEST_CASE("every SQLSTATE has a meaning") {
    for (const auto& [kind, states] : sqlstates)
        for (const auto& state : words_of(states)) {
            CAPTURE(state);
            const auto means = postgres::meaning_of(state);
            REQUIRE(means.has_value());
            CHECK(failure_of(means->code) == kind);
        }
    CHECK_FALSE(postgres::meaning_of("ZZ000").has_value());
    CHECK_FALSE(postgres::meaning_of("").has_value());
    CHECK(postgres::meaning_of("42501", "aclcheck_error")->code == postgres::errc::unmigrated);
    CHECK(postgres::meaning_of("0A000", "RevalidateCachedQuery")->code == postgres::errc::conflict);
    CHECK(postgres::meaning_of("AI001")->code == postgres::errc::fenced);
}

TEST_CASE("every error reply of Redis has a meaning") {
    for (const auto& [kind, codes] : replies)
        for (const auto& code : words_of(codes)) {
            CAPTURE(code);
            const auto means = redis::meaning_of(code);
            REQUIRE(means.has_value());
            CHECK(failure_of(*means) == kind);
        }
    CHECK(redis::meaning_of("OOM command not allowed when used memory > 'maxmemory'.") == redis::errc::unavailable);
    CHECK(redis::meaning_of("ERR unknown command") == redis::errc::refused);
    CHECK(redis::meaning_of("ERR The user executing the script can't run this command or subcommand") ==
          redis::errc::misconfigured);
    CHECK_FALSE(redis::meaning_of("OO").has_value());
    CHECK_FALSE(redis::meaning_of("OOMS").has_value());
    CHECK_FALSE(redis::meaning_of("").has_value());
}

TEST_CASE("every error code that librdkafka knows has a meaning") {
    const auto all = errors_of_kafka();
    CHECK(all.size() > 100);
    for (const auto* error : all) {
        CAPTURE(error->name);
        CHECK(kafka::meaning_of(error->code).has_value());
    }
    CHECK_FALSE(kafka::meaning_of(30'000).has_value());
    CHECK(kafka::error_of(30'000) == failure::outage);
    CHECK_FALSE(kafka::error_of(RD_KAFKA_RESP_ERR_NO_ERROR));
}

TEST_CASE("errors that only the server's state causes are waited for without a bound") {
    // Locks, time-outs, deadlocks, full disks, no memory, I/O errors, a restart, a standby, corruption, missing roles.
    for (const auto* state : {"55P03", "57014", "40001", "40P01", "53100", "53200", "53300", "58030", "57P01", "57P03",
             "25006", "08006", "26000", "XX001", "XX002", "28P01", "3F000", "42P01"}) {
        CAPTURE(state);
        CHECK(is_waited_for_without_a_bound(postgres::meaning_of(state)->code));
    }
    for (const auto* code : {"OOM", "READONLY", "LOADING", "MISCONF", "NOREPLICAS", "MASTERDOWN", "BUSY", "NOAUTH",
             "NOPERM", "CLUSTERDOWN", "MOVED"}) {
        CAPTURE(code);
        CHECK(is_waited_for_without_a_bound(*redis::meaning_of(code)));
    }
    for (const int code : {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT,
             RD_KAFKA_RESP_ERR__QUEUE_FULL, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
             RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
             RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED}) {
        CAPTURE(rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code)));
        CHECK(is_waited_for_without_a_bound(kafka::error_of(code)));
    }
    CHECK_FALSE(is_waited_for_without_a_bound(postgres::errc::fenced));
    CHECK_FALSE(is_waited_for_without_a_bound(redis::errc::refused));
    CHECK_FALSE(is_waited_for_without_a_bound(kafka::errc::too_large));
}
