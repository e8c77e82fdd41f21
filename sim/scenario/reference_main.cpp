// Writes the scenario reference to the file that is named: the target update-scenario-reference.
#include <cstdio>
#include <fstream>

#include "sim/scenario/reference.h"

int main(int argc, char* argv[]) {
    if (argc != 2) {
        std::fputs("usage: scenario-reference FILE\n", stderr);
        return 2;
    }
    std::ofstream out(argv[1]);
    out << sim::reference_markdown();
    return out.flush() ? 0 : 1;
}
