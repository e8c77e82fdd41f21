// What a device type brings to the VirtIO transport: its identity, features and configuration, and
// the work that it does on its queues once it is activated. The transport owns the status, the
// features and the queues; the device never sees a register.
#pragma once

#include <cstdint>
#include <span>

#include "vms/service/counters.h"
#include "vms/service/device_event.h"
#include "vms/service/incident.h"
#include "vms/service/shared_memory.h"
#include "vms/service/virtio/split_queue.h"

namespace vms::service {

/// A feature that may only be accepted together with another (VirtIO v1.4, 2.2.1: a device refuses
/// FEATURES_OK otherwise). Bit numbers.
struct FeatureDependency {
    unsigned feature = 0;
    unsigned needs = 0;
};

/// What is fixed about a device.
struct DeviceProfile {
    std::uint32_t device_type = 0;
    std::uint64_t features = 0;  ///< offered
    std::uint32_t queues = 0;
    std::uint32_t queue_size_max = 0;
    std::uint32_t config_bytes = 0;
    /// A reset shows the driver what was done before it: bytes in a driver's buffer are then
    /// delivered, and whoever clears up after the reset finds them. Otherwise they are void.
    bool publishes_at_reset = false;
    std::span<const FeatureDependency> dependencies{};
};

/// What a device gets when the driver has set DRIVER_OK: valid until reset().
struct DeviceContext {
    const SharedMemory* memory = nullptr;
    std::span<SplitQueue> queues;  ///< frozen; those that the driver did not enable are not active
    std::uint64_t features = 0;    ///< negotiated
    DeviceCounters* counters = nullptr;

    bool has(unsigned feature) const { return (features >> feature & 1) != 0; }
};

/// What a device asks of its transport when something changes on its side.
class DeviceHost {
  public:
    /// The configuration space has changed (2.5); `notify`: the driver is to be interrupted.
    virtual void config_changed(bool notify) = 0;
    /// There may be ring work that no kick announces.
    virtual void work_wanted() = 0;
    /// Chains were completed outside of work(), in another device's turn: they are to be published.
    virtual void publication_wanted() = 0;
    /// Counted by the device already; for those who observe the service guest.
    virtual void report(Incident incident, std::uint64_t detail) = 0;
    /// DRIVER_OK, and neither DEVICE_NEEDS_RESET nor FAILED.
    virtual bool running() const = 0;

  protected:
    ~DeviceHost() = default;
};

class VirtioDevice {
  public:
    virtual DeviceProfile profile() const = 0;
    /// How many queues there are with these features; never more than the profile says.
    virtual std::uint32_t queues(std::uint64_t /*features*/) const { return profile().queues; }

    /// Configuration space; offset and width are naturally aligned and begin within config_bytes.
    virtual std::uint32_t read_config(std::uint32_t offset, Width width) = 0;
    virtual void write_config(std::uint32_t offset, Width width, std::uint32_t value) = 0;

    virtual void activate(const DeviceContext& context) = 0;
    /// Back to before activate(); open chains are void already.
    virtual void reset() = 0;
    /// The driver added buffers to this queue and said so.
    virtual void kicked(std::uint32_t queue) = 0;
    /// The driver took this queue back; its open chains are void already.
    virtual void queue_stopped(std::uint32_t queue) = 0;
    /// One bounded step of ring work: at most one chain of each queue. True: more can be done now.
    virtual bool work() = 0;
    /// Whether the last work() has left something that needs room elsewhere which other devices
    /// need too, and whether there is some now.
    virtual bool waits_for_room() const { return false; }
    virtual bool room_has_come() const { return false; }
    /// A change of the outside world that the configuration has planned.
    virtual void event(const DeviceEvent& /*event*/) {}

    /// Once, by the transport, before anything else.
    void attach(DeviceHost& host) { host_ = &host; }

    VirtioDevice(const VirtioDevice&) = delete;
    VirtioDevice& operator=(const VirtioDevice&) = delete;

  protected:
    VirtioDevice() = default;
    ~VirtioDevice() = default;

    DeviceHost& host() { return *host_; }

  private:
    DeviceHost* host_ = nullptr;
};

}  // namespace vms::service
