#include <filesystem>

#include "workers/files/files.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

struct files_settings {
    std::string program;

    static constexpr auto settings = std::tuple{
        setting{"PICTURE_PROGRAM", &files_settings::program,
            "The program that decodes users' pictures; empty: the airi-picture beside this one."},
    };

    std::string path() const {
        if (!program.empty()) return program;
        return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "airi-picture").string();
    }
};

worker wire(worker_host& host, const files_settings& settings) {
    const auto& pictures = host.own(files::open_picture_maker(settings.path()));
    return files::declare(host.own(files::ports{host.database(), *pictures}));
}

}  // namespace

extern const worker_module files_module = module_of<wire>("files");

}  // namespace airi::workers
