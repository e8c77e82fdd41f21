// The small value types that software and models share: guest-physical addresses, access widths,
// GIC interrupt ids and the description of retired work. Freestanding: usable on the target.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace vms {

/// An address as the VM sees it: guest-physical (Arm: intermediate physical address, IPA).
struct GuestAddr {
    std::uint64_t value = 0;

    constexpr auto operator<=>(const GuestAddr&) const = default;
    constexpr GuestAddr operator+(std::uint64_t bytes) const { return {value + bytes}; }
};

/// Bytes moved by one load or store.
enum class Width : std::uint8_t { byte = 1, half = 2, word = 4, dword = 8 };

constexpr unsigned bytes(Width w) {
    return static_cast<unsigned>(w);
}

/// All ones in the low `w` bytes.
constexpr std::uint64_t mask(Width w) {
    return w == Width::dword ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * bytes(w))) - 1;
}

/// A GIC interrupt id (INTID): 0-15 SGI, 16-31 PPI, 32 and up SPI. A device tree's SPI cell is id
/// - 32.
struct IntId {
    std::uint16_t value = 0;

    constexpr auto operator<=>(const IntId&) const = default;
};

/// Work retired by software: counts, not time. A core model turns it into cycles.
/// The columns are those of data/bao-path-costs.csv. Device accesses are not work: they are
/// performed, and the bus and the device say how long they take.
struct Work {
    std::uint32_t instructions = 0;  ///< without the instructions that access devices
    std::uint32_t loads = 0;
    std::uint32_t stores = 0;
    std::uint32_t sysreg = 0;      ///< system-register accesses
    std::uint32_t barriers = 0;    ///< DMB, DSB, ISB
    std::uint32_t exclusives = 0;  ///< load- and store-exclusive
    std::uint32_t code_lines = 0;  ///< distinct 64-byte lines of code touched
    std::uint32_t data_lines = 0;  ///< distinct 64-byte lines of data touched

    constexpr bool operator==(const Work&) const = default;

    constexpr Work operator+(const Work& o) const {
        return {instructions + o.instructions,
                loads + o.loads,
                stores + o.stores,
                sysreg + o.sysreg,
                barriers + o.barriers,
                exclusives + o.exclusives,
                code_lines + o.code_lines,
                data_lines + o.data_lines};
    }
    constexpr Work operator*(std::uint32_t n) const {
        return {instructions * n, loads * n,      stores * n, sysreg * n,
                barriers * n,     exclusives * n, code_lines, data_lines};
    }
};

/// Work that has a name among its program's operations (service::Operation, frontend::Operation),
/// so that a report can say what a CPU's time went into.
struct NamedWork {
    Work work;
    std::uint8_t operation = 0;
};
/// A program has at most so many.
inline constexpr std::size_t most_operations = 64;

}  // namespace vms
