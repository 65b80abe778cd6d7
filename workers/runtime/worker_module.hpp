// A worker as airi-worker knows it: its name, its settings, and how it is wired. Each worker defines one in its
// module.cpp, named <worker>_module; CMakeLists.txt makes the list of them from workers/workers.cmake.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/settings.hpp"
#include "workers/runtime/worker_host.hpp"

namespace airi::workers {

struct worker_module {
    using wiring = std::function<void(worker_host&)>;

    std::string_view name;
    /// The settings that this worker has beside worker_settings.
    std::vector<setting_help> (*settings)();
    /// Reads them; the result gives a host this worker's work.
    wiring (*load)(settings_reader&);
};

/// The settings of a worker that has none of its own.
struct no_settings {
    static constexpr auto settings = std::tuple{};
};

namespace module_detail {

template <auto Wire>
struct wired;

template <class Work, class Settings, Work (*Wire)(worker_host&, const Settings&)>
struct wired<Wire> {
    using settings = Settings;
    static void on(worker_host& host, const Settings& settings) { host.set_work(Wire(host, host.own(settings))); }
};

template <class Work, Work (*Wire)(worker_host&)>
struct wired<Wire> {
    using settings = no_settings;
    static void on(worker_host& host, const no_settings&) { host.set_work(Wire(host)); }
};

template <auto Wire>
worker_module::wiring load(settings_reader& from) {
    typename wired<Wire>::settings settings;
    from.load(settings);
    return [settings = std::move(settings)](worker_host& host) { wired<Wire>::on(host, settings); };
}

}  // namespace module_detail

/// `Wire` is a function that makes a `worker`, or a `task`, from (worker_host&) or (worker_host&, const Settings&). The
/// settings live as long as the host.
template <auto Wire>
constexpr worker_module module_of(std::string_view name) {
    return {name, settings_help<typename module_detail::wired<Wire>::settings>, module_detail::load<Wire>};
}

}  // namespace airi::workers
