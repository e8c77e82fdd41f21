// The hypercalls of the Bao hypervisor that guests use: remote I/O and the IPC doorbell. Facts of
// Bao's remote I/O and IPC modules (main, July 2026, commit 738e3dc); calling convention: Arm
// DEN0028 (SMCCC), fast 64-bit calls in the vendor-specific hypervisor service range.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vms::abi::bao {

// Function ids, in x0.
inline constexpr std::uint64_t hypercall_ipc = 0xC6000001;        ///< x1 = ipc index, x2 = event
inline constexpr std::uint64_t hypercall_remote_io = 0xC6000002;  ///< arguments: see `arg`

/// Argument registers of a remote I/O hypercall.
namespace arg {
inline constexpr std::size_t function = 0;
inline constexpr std::size_t device = 1;   ///< index into the calling VM's remio_devs
inline constexpr std::size_t address = 2;  ///< 0 for ASK
inline constexpr std::size_t op = 3;
inline constexpr std::size_t value = 4;    ///< 0 for ASK
inline constexpr std::size_t request = 5;  ///< request id of a completion
inline constexpr std::size_t count = 6;
}  // namespace arg

/// The operation. READ and WRITE complete a request; the op of the completion decides whether the
/// front-end's register takes the value.
enum class RemoteIoOp : std::uint64_t { write = 0, read = 1, ask = 2, notify = 3 };

/// Result registers of a successful ASK.
namespace ask_result {
inline constexpr std::size_t status = 0;        ///< `result`
inline constexpr std::size_t address = 1;       ///< full guest address in the front-end
inline constexpr std::size_t op = 2;            ///< RemoteIoOp: write or read
inline constexpr std::size_t value = 3;         ///< a write's whole 64-bit register
inline constexpr std::size_t access_width = 4;  ///< bytes, unmasked
inline constexpr std::size_t request = 5;       ///< 8 bits
inline constexpr std::size_t more = 6;          ///< 1 when further requests are pending
}  // namespace ask_result

/// x0 on return, as a signed value.
namespace result {
inline constexpr std::int64_t success = 0;
inline constexpr std::int64_t nothing_pending = 1;  ///< ASK on an empty list, or a malformed ASK
inline constexpr std::int64_t bad_request = -1;     ///< completion of an unknown or finished id
inline constexpr std::int64_t unknown_hypercall = -2;
inline constexpr std::int64_t invalid_argument =
    -3;                                            ///< unknown op, device or ipc index out of range
inline constexpr std::int64_t unknown_smccc = -1;  ///< not a function id that Bao knows
}  // namespace result

/// Bao keeps bind keys, request ids and interrupts in 8 bits: larger interrupt ids are truncated.
inline constexpr std::uint32_t max_interrupt = 255;

}  // namespace vms::abi::bao
