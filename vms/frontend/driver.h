// What the front-end program knows of a device's driver, whatever the device: it is probed, it may
// fail, and it may offer a terminal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "vms/cpu.h"
#include "vms/frontend/fault.h"
#include "vms/frontend/interrupts.h"
#include "vms/frontend/operations.h"
#include "vms/frontend/profile.h"
#include "vms/workload/net/stack_config.h"
#include "vms/workload/net_port.h"
#include "vms/workload/terminal.h"

namespace vms::frontend {

enum class DriverKind : std::uint8_t { console, net };

/// "console"
std::string_view name(DriverKind kind);
std::optional<DriverKind> find_driver(std::string_view name);

struct MemoryRange {
    GuestAddr base{};
    std::uint64_t size = 0;
};

/// What a network driver is told, and the addresses of the stack above it.
struct NetConfig {
    /// Of this interface alone in the whole system: its address when the device says none.
    std::uint32_t number = 0;
    /// Set by the driver instead of the device's.
    std::optional<workload::packets::MacAddress> mac;
    std::uint64_t features = ~std::uint64_t{0};  ///< others are declined
    std::uint32_t receive_queue_size = 0;        ///< 0: DeviceConfig::queue_size
    std::uint32_t transmit_queue_size = 0;       ///< the same
    /// A simple driver only: it polls the used rings and wants no interrupts.
    bool polling = false;
    workload::net::StackConfig stack;
};

/// One remote I/O device of the VM, and who drives it.
struct DeviceConfig {
    std::string name;  ///< the scenario's, for reports
    DriverKind driver = DriverKind::console;
    MemoryRange window;  ///< its registers
    MemoryRange shared;  ///< memory that its back-end sees too
    IntId interrupt{};
    std::uint32_t queue_size = 0;  ///< 0: the profile's rule
    /// Memory of the VM alone, for a driver that puts its rings there when ACCESS_PLATFORM is not
    /// offered; size 0: such a driver has the shared memory only.
    MemoryRange private_memory;

    // console
    std::optional<bool> acknowledges_before_queues;  ///< without: as the profile does
    std::optional<NeedsReset> needs_reset;           ///< without: as the profile does
    std::string early_text;  ///< written to emerg_wr before the probe, where that is offered

    // net
    NetConfig net;
};

struct NetCounters;
struct NetRings;

/// What the host can read of a driver at any time.
struct DriverCounters {
    std::uint64_t interrupts = 0;
    std::uint64_t notifications = 0;    ///< QueueNotify written
    std::uint64_t transmitted = 0;      ///< buffers
    std::uint64_t received = 0;         ///< buffers
    std::uint64_t poll_iterations = 0;  ///< looks at a used ring while waiting

    // console
    std::uint64_t control_sent = 0;
    std::uint64_t control_received = 0;
    std::uint64_t config_changes = 0;  ///< configuration change interrupts
    std::uint64_t restarts = 0;        ///< resets followed by a probe
};

/// Which terminal of a device: that of a port, by its number, or by its name when there is one.
struct TerminalChoice {
    std::uint32_t port = 0;
    std::string name = {};
};

/// What the host can read of a port of a console at any time.
struct PortReport {
    bool present = false;
    bool console = false;     ///< an hvc console; else a generic port
    bool host_open = false;   ///< the device says that somebody is at its far end
    bool guest_open = false;  ///< a program has it open
    std::string name;
    std::uint16_t cols = 0;
    std::uint16_t rows = 0;
    workload::TerminalAccount account;
};

/// What the host can read of a device as its driver has it, at any time.
struct DeviceReport {
    std::uint32_t status = 0;  ///< as the driver wrote it last
    /// Of the last queue whose size the driver has not told the device: what it built, and the
    /// size that the device goes by.
    std::uint32_t built_queue_size = 0;
    std::uint32_t device_queue_size = 0;
    // net
    std::size_t mtu = 0;
    bool transmit_stopped = false;      ///< for want of descriptors
    std::uint32_t transmit_free = 0;    ///< of them now
    std::uint32_t transmit_needed = 0;  ///< free ones with which it goes on
    std::uint32_t transmit_size = 0;
};

/// What a driver runs on.
struct DriverContext {
    Cpu& cpu;
    Interrupts& interrupts;
    const Profile& profile;
    const Operations& operations;
};

class Driver {
  public:
    virtual ~Driver() = default;

    /// Find and start the device.
    virtual Fault probe() = 0;
    /// Put it to work once all devices are found: a network interface is brought up.
    virtual Fault bring_up() { return fault(); }
    /// Why the driver does not work; none while it does.
    virtual Fault fault() const = 0;
    virtual const DriverCounters& counters() const = 0;
    /// The terminal of that choice; waits for a name to become known. Null: the device has none
    /// such.
    virtual workload::Terminal* terminal(const TerminalChoice& /*choice*/) { return nullptr; }
    /// What whoever chooses that terminal has to wait for.
    virtual workload::Hindrance hindrance(const TerminalChoice& /*choice*/) const {
        return workload::Hindrance::none;
    }
    virtual DeviceReport report() const = 0;
    virtual std::size_t ports() const { return 0; }
    virtual PortReport port_report(std::size_t /*port*/) const { return {}; }
    virtual workload::NetInterface* network() { return nullptr; }
    virtual const NetCounters* network_counters() const { return nullptr; }
    /// Of a network device only.
    virtual NetRings network_rings() const;
};

std::unique_ptr<Driver> make_driver(const DriverContext& context, const DeviceConfig& device);

}  // namespace vms::frontend
