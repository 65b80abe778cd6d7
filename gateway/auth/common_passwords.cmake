# cmake -DIN=<frequency_lists.py> -DOUT=<file> -P common_passwords.cmake: the words of zxcvbn's lists, of which a
# password may have the length, one a line, with a line break before the first one.
file(READ "${IN}" text)
string(REGEX MATCHALL "\"[^\"]*,[^\"]*\"" lists "${text}")
string(REPLACE ";" "," words "${lists}")
string(REPLACE "\"" "" words "${words}")
string(REPLACE "," "\n" words "${words}")
set(short "\n[^\n]?[^\n]?[^\n]?[^\n]?[^\n]?[^\n]?[^\n]?")
string(REGEX REPLACE "${short}(${short})*\n" "\n" words "\n${words}\n")
file(WRITE "${OUT}" "${words}")
