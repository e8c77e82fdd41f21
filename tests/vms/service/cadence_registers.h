// The Cadence UART as a driver sees it (UG1087, module UART): FIFOs, status, sticky interrupt
// causes.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "vms/types.h"

namespace vms::service::test {

/// As much of the register file as a driver sees: FIFOs, status, sticky interrupt causes.
class CadenceRegisters {
  public:
    explicit CadenceRegisters(GuestAddr at) : base_(at) {}

    bool decodes(GuestAddr a) const { return a.value - base_.value < 0x1000; }

    std::vector<std::pair<std::uint64_t, std::uint64_t>> writes;
    std::uint32_t mask = 0;    // Intrpt_mask
    std::uint32_t causes = 0;  // Chnl_int_sts
    std::uint32_t control = 0;
    bool reset_sticks = false;
    std::deque<char> rx;
    std::size_t tx_fill = 0;
    std::string sent;
    bool overflow = false;

    bool line() const { return (causes & mask) != 0; }
    /// The transmitter sends all that the FIFO holds.
    void drain() {
        tx_fill = 0;
        causes |= 1u << 3;
    }

    std::uint64_t load(GuestAddr a, Width w) {
        EXPECT_EQ(w, Width::word);
        switch (a.value - base_.value) {
            case 0x00:
                return control;
            case 0x10:
                return mask;
            case 0x14:
                return causes;
            case 0x2c:
                return (rx.empty() ? 1u << 1 : 0u) | (tx_fill == 0 ? 1u << 3 : 0u) |
                       (tx_fill == 64 ? 1u << 4 : 0u);
            case 0x30: {
                if (rx.empty())
                    return 0;
                const char c = rx.front();
                rx.pop_front();
                return static_cast<std::uint8_t>(c);
            }
            default:
                ADD_FAILURE() << "read of " << std::hex << a.value - base_.value;
                return 0;
        }
    }
    void store(GuestAddr a, Width w, std::uint64_t v) {
        EXPECT_EQ(w, Width::word);
        const std::uint64_t offset = a.value - base_.value;
        const auto value = static_cast<std::uint32_t>(v);
        writes.emplace_back(offset, v);
        switch (offset) {
            case 0x00:
                control = reset_sticks ? value : value & ~3u;
                break;
            case 0x08:
                mask |= value;
                break;
            case 0x0c:
                mask &= ~value;
                break;
            case 0x14:
                causes &= ~value;
                break;
            case 0x30:
                overflow = overflow || tx_fill == 64;
                ++tx_fill;
                causes &= ~(1u << 3);
                sent.push_back(static_cast<char>(v));
                break;
            default:
                break;
        }
    }

  private:
    GuestAddr base_;
};

}  // namespace vms::service::test
