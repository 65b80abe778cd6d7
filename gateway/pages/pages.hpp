// The files of the page at /, embedded in the program.
#pragma once

#include <cstddef>
#include <string_view>

namespace airi::gateway {

struct page_file {
    std::string_view name;
    std::string_view content;
};
extern const page_file page_files[];
extern const std::size_t page_file_count;

}  // namespace airi::gateway
