// The way of a device that masters the bus to memory. Its addresses are guest-physical of the VM
// that owns it: the hypervisor programs the SMMU with that VM's stage-2 translation under the
// device's stream identity (Arm SMMU architecture, IHI 0062D, chapter 2: stage 2 only). RAM is
// reached by pointer; everything else, devices included, is a translation fault, which the device
// sees as a bus error and the observer is told of.
//
// A device acts at the kernel's time, in a process of its own. A CPU that runs ahead in local time
// does so only up to the next thing that is due, so what it reads of a word that the device writes
// is exact when it reads it with Cpu::observe() or Cpu::poll(), and what it hands over with
// Cpu::publish() is not seen early.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

#include "models/base/time.h"
#include "models/core/stage2.h"
#include "models/core/timeline.h"
#include "vms/types.h"

namespace models {

/// A DMA access that no stage-2 translation allows.
struct DmaFault {
    vms::GuestAddr address{};
    std::uint64_t bytes = 0;
    bool write = false;
    Picos time{};
};

class DmaPort {
  public:
    /// Not attached to a VM: every access is a fault.
    explicit DmaPort(Timeline& timeline) : timeline_(&timeline) {}

    /// Addresses are those of the VM with this map, which outlives the port.
    void attach(const Stage2& stage2) { stage2_ = &stage2; }
    bool attached() const { return stage2_ != nullptr; }
    /// Told of every fault.
    void on_fault(std::function<void(const DmaFault&)> f) { on_fault_ = std::move(f); }

    /// [a, a + n) to be read, or nullptr: a fault.
    const std::byte* readable(vms::GuestAddr a, std::uint64_t n) { return find(a, n, false); }
    /// [a, a + n) to be written, or nullptr: a fault. After writing: written().
    std::byte* writable(vms::GuestAddr a, std::uint64_t n) { return find(a, n, true); }
    /// [p, p + n) has been written at the kernel's time: CPUs that poll a word of it look again.
    void written(const std::byte* p, std::uint64_t n) {
        if (timeline_->any_watch())
            timeline_->published_range(p, n, kernel_now(), device);
    }

    bool read(vms::GuestAddr a, std::span<std::byte> to) {
        const std::byte* p = readable(a, to.size());
        if (p == nullptr)
            return false;
        std::memcpy(to.data(), p, to.size());
        return true;
    }
    bool write(vms::GuestAddr a, std::span<const std::byte> from) {
        std::byte* p = writable(a, from.size());
        if (p == nullptr)
            return false;
        std::memcpy(p, from.data(), from.size());
        written(p, from.size());
        return true;
    }

    std::uint64_t faults() const { return faults_; }

  private:
    /// A device's process runs before the CPUs' threads of the same time.
    static constexpr CpuId device{0};

    std::byte* find(vms::GuestAddr a, std::uint64_t n, bool write) {
        if (stage2_ != nullptr)
            for (const Stage2::Ram& r : stage2_->ram()) {
                const std::uint64_t offset = a.value - r.base.value;
                if (offset < r.size && n <= r.size - offset)
                    return r.host + offset;
            }
        ++faults_;
        if (on_fault_)
            on_fault_({a, n, write, kernel_now()});
        return nullptr;
    }

    Timeline* timeline_;
    const Stage2* stage2_ = nullptr;
    std::function<void(const DmaFault&)> on_fault_;
    std::uint64_t faults_ = 0;
};

}  // namespace models
