// Compares an archive with its manifests. Used by airi-ctl.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "workers/archive/archive.hpp"

namespace airi::workers::archive {

struct contents {
    std::int64_t manifests = 0, objects = 0, records = 0, bytes = 0;
    std::int64_t lost = 0;      ///< records that the broker had deleted before they were archived
    std::int64_t unopened = 0;  ///< sealed objects whose key was not given: only their digests were compared
    std::int64_t unnamed = 0;   ///< objects that no manifest names: of an archiver that died
    std::int64_t faults = 0;
    instant first, last;  ///< times of its records, if it has any
};

/// The contents of a topic by its manifests; reads no object.
result<contents> list_topic(files&, const std::string& topic);

/// Reads every object. `fault` gets an object's name and what is wrong with it; the verification goes on. An error is
/// the storage's.
result<contents> verify_topic(files&, const std::string& topic,
    const std::function<void(const std::string& name, const std::string& what)>& fault);

}  // namespace airi::workers::archive
