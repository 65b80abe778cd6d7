#include "workers/modules.hpp"

int main(int count, char** arguments) { return airi::workers::run_program(count, arguments, airi::workers::modules()); }
