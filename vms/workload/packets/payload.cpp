#include "vms/workload/packets/payload.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "vms/workload/packets/wire_order.h"

namespace vms::workload::packets {

namespace {

/// The pattern in words of eight bytes: start + k * step, both a mixture of flow and sequence.
struct Pattern {
    std::uint64_t start;
    std::uint64_t step;

    explicit Pattern(const TestPayload& p)
        : start(mixed(std::uint64_t{p.flow} << 48 | p.sequence)), step(mixed(start) | 1) {}

    /// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    static constexpr std::uint64_t mixed(std::uint64_t z) {
        z += 0x9e37'79b9'7f4a'7c15;
        z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
        z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
        return z ^ (z >> 31);
    }
};

/// A word as it lies in the packet: least significant byte first.
std::uint64_t little(std::uint64_t w) {
    if constexpr (std::endian::native == std::endian::little) {
        return w;
    } else {
        std::uint64_t r = 0;
        for (int i = 0; i < 8; ++i)
            r = r << 8 | (w >> (8 * i) & 0xff);
        return r;
    }
}

}  // namespace

bool write_test_payload(std::span<std::byte> out, const TestPayload& p) {
    if (out.size() < test_payload_minimum)
        return false;
    put16(out, 0, test_payload_magic);
    put16(out, 2, p.flow);
    put16(out, 4, static_cast<std::uint16_t>(p.sequence >> 32 & 0xffff));
    put32(out, 6, static_cast<std::uint32_t>(p.sequence & 0xffff'ffff));
    put64(out, 10, p.sent_ns);
    const Pattern pattern(p);
    std::uint64_t word = pattern.start;
    std::byte* at = out.data() + test_payload_minimum;
    std::size_t left = out.size() - test_payload_minimum;
    for (; left >= sizeof word; left -= sizeof word, at += sizeof word, word += pattern.step) {
        const std::uint64_t w = little(word);
        std::memcpy(at, &w, sizeof w);
    }
    const std::uint64_t w = little(word);
    std::memcpy(at, &w, left);
    return true;
}

std::optional<TestPayload> read_test_payload(std::span<const std::byte> payload) {
    if (payload.size() < test_payload_minimum || get16(payload, 0) != test_payload_magic)
        return std::nullopt;
    return TestPayload{.flow = get16(payload, 2),
                       .sequence = std::uint64_t{get16(payload, 4)} << 32 | get32(payload, 6),
                       .sent_ns = get64(payload, 10)};
}

bool test_pattern_holds(std::span<const std::byte> payload, const TestPayload& p) {
    if (payload.size() < test_payload_minimum)
        return false;
    const Pattern pattern(p);
    std::uint64_t word = pattern.start;
    std::uint64_t difference = 0;
    const std::byte* at = payload.data() + test_payload_minimum;
    std::size_t left = payload.size() - test_payload_minimum;
    for (; left >= sizeof word; left -= sizeof word, at += sizeof word, word += pattern.step) {
        std::uint64_t w = 0;
        std::memcpy(&w, at, sizeof w);
        difference |= w ^ little(word);
    }
    const std::uint64_t w = little(word);
    return difference == 0 && std::memcmp(at, &w, left) == 0;
}

}  // namespace vms::workload::packets
