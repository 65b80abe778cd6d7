#include "platform/base/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <csignal>

namespace airi {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (auto& each : texts) out.push_back(each.data());
    out.push_back(nullptr);
    return out;
}

void give(posix_spawn_file_actions_t& actions, int ours, int theirs, int mode) {
    if (ours >= 0)
        posix_spawn_file_actions_adddup2(&actions, ours, theirs);
    else
        posix_spawn_file_actions_addopen(&actions, theirs, "/dev/null", mode, 0);
}

}  // namespace

pid_t spawn(const spawn_options& options) {
    auto words = options.arguments, environment = options.environment;
    words.insert(words.begin(), options.program);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    give(actions, options.input, STDIN_FILENO, O_RDONLY);
    give(actions, options.output, STDOUT_FILENO, O_WRONLY);
    if (!options.error_log) give(actions, -1, STDERR_FILENO, O_WRONLY);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    const int session = options.own_session ? POSIX_SPAWN_SETSID : 0;
    posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | session));
    pid_t pid = -1;
    const int failed = posix_spawnp(
        &pid, options.program.c_str(), &actions, &attributes, pointers(words).data(), pointers(environment).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed == 0 ? pid : -1;
}

}  // namespace airi
