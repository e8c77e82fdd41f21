// How a fault in a scenario is told (diagnostic.h).
#include "sim/scenario/diagnostic.h"

#include <fmt/format.h>

#include "sim/scenario/spelling.h"

namespace sim {

std::string format(const Diagnostic& d) {
    std::string head = d.place.file;
    if (d.place.line > 0)
        head += fmt::format(":{}:{}", d.place.line, d.place.column);
    if (!d.place.key.empty())
        head += (head.empty() ? "" : ": ") + d.place.key;
    return printable(head.empty() ? d.message : head + ": " + d.message);
}

std::string format_short(const Place& p) {
    return p.line > 0 ? fmt::format("{}:{}", p.file, p.line) : p.file;
}

}  // namespace sim
