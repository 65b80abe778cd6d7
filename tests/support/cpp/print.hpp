// doctest printers for results and errors. Boost's own printer of a result prints its value too, and many values have
// no printer: include this wherever a CHECK contains a result.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "platform/base/result.hpp"

template <class T>
struct doctest::StringMaker<boost::system::result<T>> {
    static String convert(const boost::system::result<T>& r) { return r ? "a value" : r.error().message().c_str(); }
};

template <>
struct doctest::StringMaker<boost::system::error_code> {
    static String convert(const boost::system::error_code& ec) {
        return (std::string(ec.category().name()) + ": " + ec.message()).c_str();
    }
};

template <>
struct doctest::StringMaker<airi::failure> {
    static String convert(airi::failure kind) { return airi::name_of(kind).data(); }
};

template <>
struct doctest::StringMaker<std::vector<std::string>> {
    static String convert(const std::vector<std::string>& all) {
        std::string out;
        for (const auto& one : all) out += (out.empty() ? "" : ", ") + one;
        return ("[" + out + "]").c_str();
    }
};
