// One front-end VM with one network device: window 0x0a003a00, interrupt 79, shared memory of 4 MiB
// at 0x80000000.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "machine.h"
#include "net_model.h"
#include "vms/frontend/frontend.h"
#include "vms/frontend/net.h"

namespace frontend_test {

inline constexpr std::uint64_t net_window = 0x0a003a00;
inline constexpr std::uint64_t net_shared_base = 0x80000000;
inline constexpr std::uint64_t net_shared_bytes = 0x400000;

inline vms::frontend::DeviceConfig net_device() {
    vms::frontend::DeviceConfig d;
    d.name = "net0";
    d.driver = vms::frontend::DriverKind::net;
    d.window = {{net_window}, 0x200};
    d.shared = {{net_shared_base}, net_shared_bytes};
    d.interrupt = {79};
    return d;
}

/// What a driver hands up.
struct Received final : vms::workload::FrameSink {
    struct Frame {
        Bytes bytes;
        bool checksum_known;
    };
    std::vector<Frame> frames;
    std::uint64_t count = 0;
    std::size_t kept = 1000;

    void frame(std::span<const std::byte> f, bool known) override {
        ++count;
        if (frames.size() == kept)
            return;
        Bytes b(f.size());
        std::memcpy(b.data(), f.data(), f.size());
        frames.push_back({std::move(b), known});
    }
};

/// A driver on its own.
struct NetRig {
    Machine m;
    NetModel device{m};
    const vms::frontend::Profile& profile;
    vms::frontend::Operations operations;
    vms::frontend::Interrupts interrupts;
    Received received;

    explicit NetRig(const vms::frontend::Profile& p)
        : profile(p),
          operations(p.software),
          interrupts(m, {Machine::gicd_base, Machine::gicc_base}, p.interrupts, operations) {
        m.add_ram(net_shared_base, net_shared_bytes);
        m.add_device(net_window, 0x200, device);
        interrupts.start();
    }
    vms::frontend::DriverContext context() { return {m, interrupts, profile, operations}; }

    /// Probed and up, with the log of what that took cleared.
    bool start(vms::frontend::NetDriver& d) {
        d.attach(received);
        const bool up =
            d.probe() == vms::frontend::Fault::none && d.bring_up() == vms::frontend::Fault::none;
        settle();
        m.log.clear();
        return up;
    }
    /// Let everything come to rest.
    void settle() { m.retire_nanoseconds(1'000'000); }
};

/// A frame of this many bytes, its bytes counting from `first` on.
inline Bytes numbered_frame(std::size_t bytes, unsigned first = 0) {
    Bytes b(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
        b[i] = static_cast<std::uint8_t>(first + i);
    return b;
}
/// The same with an empty VirtIO header before it.
inline Bytes with_header(const Bytes& frame, std::uint8_t flags = 0, std::uint16_t start = 0,
                         std::uint16_t offset = 0) {
    Bytes b(12 + frame.size());
    b[0] = flags;
    b[6] = static_cast<std::uint8_t>(start);
    b[8] = static_cast<std::uint8_t>(offset);
    std::copy(frame.begin(), frame.end(), b.begin() + 12);
    return b;
}

inline bool send(vms::frontend::NetDriver& d, const Bytes& frame, bool more = false,
                 vms::workload::PartialChecksum checksum = {}) {
    return d.send(std::as_bytes(std::span{frame}), checksum, more);
}

constexpr std::uint64_t bit(unsigned n) {
    return std::uint64_t{1} << n;
}
inline constexpr std::uint64_t csum = bit(0);
inline constexpr std::uint64_t guest_csum = bit(1);
inline constexpr std::uint64_t mtu_feature = bit(3);
inline constexpr std::uint64_t mrg_rxbuf = bit(15);
inline constexpr std::uint64_t ctrl_mac_addr = bit(23);
inline constexpr std::uint64_t indirect = bit(28);
inline constexpr std::uint64_t event_index = bit(29);

inline const vms::frontend::NetCounters& counters(const vms::frontend::NetDriver& d) {
    return *d.network_counters();
}

/// Bytes of a command: class, command, data.
inline Bytes command(std::initializer_list<int> bytes) {
    Bytes b;
    for (const int v : bytes)
        b.push_back(static_cast<std::uint8_t>(v));
    return b;
}

}  // namespace frontend_test
