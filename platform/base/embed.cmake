# cmake -DOUT=<file.cpp> -DNAME=<namespace::array> -DFOLDER=<folder> -DFILES=<a;b> -P embed.cmake: the bytes of files as
# one C++ source that defines `extern const std::span<const airi::embedded_file> <array>`. A file is named by its path
# below the folder.
string(REGEX MATCH "^(.*)::([^:]+)$" whole "${NAME}")
set(scope "${CMAKE_MATCH_1}")
set(array "${CMAKE_MATCH_2}")
set(text "#include <span>\n\n#include \"platform/base/embedded.hpp\"\n\nnamespace ${scope} {\nnamespace {\n\n")
set(table "")
list(SORT FILES)
foreach(file IN LISTS FILES)
    file(RELATIVE_PATH name "${FOLDER}" "${file}")
    file(READ "${file}" hex HEX)
    # A literal of escapes only: no escape can run into what follows it.
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${hex}")
    string(MAKE_C_IDENTIFIER "bytes_of_${name}" bytes)
    string(APPEND text "constexpr char ${bytes}[] = \"${escaped}\";\n")
    string(APPEND table "    {\"${name}\", {${bytes}, sizeof(${bytes}) - 1}},\n")
endforeach()
string(APPEND text "constexpr airi::embedded_file files[] = {\n${table}};\n\n}  // namespace\n\n")
string(APPEND text "extern const std::span<const airi::embedded_file> ${array};\n")
string(APPEND text "const std::span<const airi::embedded_file> ${array}{files};\n\n")
string(APPEND text "}  // namespace ${scope}\n")
file(WRITE "${OUT}" "${text}")
