// The emulated distributor's registers (GICv2 architecture, 4.3), by what the emulation needs:
// where a field array lies and how wide a field is.
#pragma once

#include <cstdint>

namespace models::bao::vgicd {

constexpr std::uint64_t ctlr = 0x000;
constexpr std::uint64_t typer = 0x004;
constexpr std::uint64_t iidr = 0x008;
constexpr std::uint64_t isenabler = 0x100;
constexpr std::uint64_t icenabler = 0x180;
constexpr std::uint64_t ispendr = 0x200;
constexpr std::uint64_t icpendr = 0x280;
constexpr std::uint64_t isactiver = 0x300;
constexpr std::uint64_t icactiver = 0x380;
constexpr std::uint64_t ipriorityr = 0x400;
constexpr std::uint64_t itargetsr = 0x800;
constexpr std::uint64_t icfgr = 0xc00;
constexpr std::uint64_t sgir = 0xf00;
constexpr std::uint64_t id_registers = 0xfd0;

}  // namespace models::bao::vgicd
