// The programs are hardened as the distribution's own are; read from their ELF headers (System V ABI, elf(5)).
#include <doctest/doctest.h>
#include <elf.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/support/cpp/source_tree.hpp"

namespace {

class program {
public:
    explicit program(const std::filesystem::path& path) : bytes_(airi::test::read_text(path)) {
        REQUIRE(std::memcmp(bytes_.data(), ELFMAG, SELFMAG) == 0);
        for (const auto& part : table<Elf64_Phdr>(header().e_phoff, header().e_phnum)) {
            segments_.insert(part.p_type);
            if (part.p_type == PT_GNU_STACK) has_executable_stack_ = (part.p_flags & PF_X) != 0;
        }
        for (const auto& section : table<Elf64_Shdr>(header().e_shoff, header().e_shnum)) {
            if (section.sh_type == SHT_DYNAMIC)
                for (const auto& one : table<Elf64_Dyn>(section.sh_offset, section.sh_size / sizeof(Elf64_Dyn)))
                    binds_now_ |= one.d_tag == DT_BIND_NOW || (one.d_tag == DT_FLAGS && (one.d_un.d_val & DF_BIND_NOW));
            if (section.sh_type == SHT_DYNSYM) read_imports(section);
        }
    }

    bool is_position_independent() const { return header().e_type == ET_DYN; }
    bool has_read_only_relocations() const { return binds_now_ && segments_.contains(PT_GNU_RELRO); }
    bool has_executable_stack() const { return has_executable_stack_; }
    bool imports(const std::string& name) const { return imports_.contains(name); }
    /// __memcpy_chk and the like, beside __stack_chk_fail.
    bool imports_checked_functions() const {
        return std::any_of(imports_.begin(), imports_.end(), [](const auto& name) { return name.ends_with("_chk"); });
    }

private:
    template <class Row>
    std::vector<Row> table(std::size_t offset, std::size_t count) const {
        REQUIRE(offset + count * sizeof(Row) <= bytes_.size());
        std::vector<Row> out(count);
        std::memcpy(out.data(), bytes_.data() + offset, count * sizeof(Row));
        return out;
    }
    const Elf64_Ehdr& header() const { return *reinterpret_cast<const Elf64_Ehdr*>(bytes_.data()); }

    void read_imports(const Elf64_Shdr& symbols) {
        const auto names = table<Elf64_Shdr>(header().e_shoff, header().e_shnum).at(symbols.sh_link);
        for (const auto& one : table<Elf64_Sym>(symbols.sh_offset, symbols.sh_size / sizeof(Elf64_Sym)))
            if (one.st_shndx == SHN_UNDEF) imports_.insert(bytes_.c_str() + names.sh_offset + one.st_name);
    }

    std::string bytes_;
    std::set<Elf64_Word> segments_;
    std::set<std::string> imports_;
    bool binds_now_ = false, has_executable_stack_ = true;
};

}  // namespace

TEST_CASE("the programs have position independence, read-only relocations, stack protectors and checked copies") {
    const auto folder = airi::test::program_folder();
    int looked_at = 0;
    for (const auto* name : {"airi-gateway", "airi-worker", "airi-picture", "airi-topics", "airi-ctl"}) {
        if (!exists(folder / name)) continue;
        CAPTURE(name);
        const program one(folder / name);
        ++looked_at;
        CHECK(one.is_position_independent());
        CHECK(one.has_read_only_relocations());
        CHECK_FALSE(one.has_executable_stack());
        CHECK(one.imports("__stack_chk_fail"));
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
        // airi-picture calls no function that has a checked form.
        CHECK(one.imports_checked_functions() == (std::string(name) != "airi-picture"));
#endif
    }
    CHECK(looked_at > 0);
}
