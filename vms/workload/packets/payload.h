// The test payload: says of itself which flow it belongs to, its place in it and when it was sent,
// and its other bytes follow from flow, place and offset, so that whoever receives it finds loss,
// duplication, reordering and changed bytes without having seen anything else.
//
//   offset 0: 16-bit magic, 2: 16-bit flow, 4: 48-bit sequence, 10: 64-bit send time (ns),
//   18: pattern to the end
//
// Most significant byte first. 18 bytes are what a frame of 64 bytes leaves to UDP over IPv4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace vms::workload::packets {

inline constexpr std::size_t test_payload_minimum = 18;
inline constexpr std::uint16_t test_payload_magic = 0xba05;
inline constexpr std::uint64_t test_payload_max_sequence = (std::uint64_t{1} << 48) - 1;

struct TestPayload {
    std::uint16_t flow = 0;
    std::uint64_t sequence = 0;  ///< to test_payload_max_sequence
    std::uint64_t sent_ns = 0;   ///< simulated time, or the counter's

    constexpr bool operator==(const TestPayload&) const = default;
};

/// Fills all of `out`. False: shorter than the minimum.
bool write_test_payload(std::span<std::byte> out, const TestPayload& p);

/// What stands in it; none: too short, or the magic is another.
std::optional<TestPayload> read_test_payload(std::span<const std::byte> payload);

/// Whether the pattern is that of `p`, to the last byte.
bool test_pattern_holds(std::span<const std::byte> payload, const TestPayload& p);

}  // namespace vms::workload::packets
