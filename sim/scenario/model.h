// A scenario as the program uses it: validated, defaults filled in, quantities in base units, every
// part with the place in the file that it came from. The words are those of Bao's configuration
// (config, vm_config, platform, remio_dev, shmem). sim/scenario reads it, sim/build builds from it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/time.h"
#include "models/bus/target.h"
#include "sim/scenario/console_model.h"
#include "sim/scenario/network_model.h"
#include "sim/scenario/place.h"
#include "vms/types.h"

namespace sim {

enum class UartModel { cadence, pl011 };

struct UartConfig {
    Place place;
    std::string name;  ///< "uart1"
    UartModel model = UartModel::cadence;
    models::PhysAddr base{};
    std::uint64_t size = 0x1000;
    vms::IntId interrupt{};
    std::uint64_t reference_clock_hz = 100'000'000;
    std::uint64_t baud = 115'200;   ///< the far end's; the driver programs the near end's
    std::string output = "stdout";  ///< "stdout", "none" or a file's path
    std::vector<TypedInput> input;
    std::optional<PatternInput> pattern;
    std::string input_file;  ///< sent from time 0 when not empty
    std::optional<RecordsConfig> records;
    SerialMux mux = SerialMux::none;
    std::vector<SerialChannelConfig> channels;  ///< with mux

    bool writes_file() const { return !output.empty() && output != "stdout" && output != "none"; }
};

struct GicConfig {
    unsigned version = 2;
    models::PhysAddr gicd{};
    models::PhysAddr gicc{};
    models::PhysAddr gich{};
    models::PhysAddr gicv{};
    unsigned list_registers = 4;
    unsigned interrupt_lines = 192;  ///< GICD_TYPER: SGI + PPI + SPI, a multiple of 32
    vms::IntId maintenance{25};
};

struct RamRegion {
    models::PhysAddr base{};
    std::uint64_t size = 0;
};

struct PlatformConfig {
    Place place;
    std::string preset;  ///< "zcu104", "qemu-virt"
    unsigned cpu_num = 4;
    std::uint64_t cpu_hz = 1'200'000'000;
    std::uint64_t counter_hz = 100'000'000;
    std::vector<RamRegion> ram;
    GicConfig gic;
    bool firmware_standby = false;  ///< standby is a PSCI call to EL3, not a plain WFI
    bool corrected_vgic = false;    ///< models::bao::Config::corrected_vgic
    std::vector<UartConfig> uarts;
    std::vector<NicConfig> nics;
};

/// Core and interconnect figures; origin and range of each: the schema.
struct TimingConfig {
    std::uint64_t cpi_milli = 1400;  ///< cycles per 1000 instructions
    std::uint64_t exception_entry_cycles = 40;
    std::uint64_t exception_return_cycles = 40;
    std::uint64_t sysreg_cycles = 4;
    std::uint64_t barrier_cycles = 20;
    models::Picos gic_read = models::Picos::ns(120);
    models::Picos gic_write = models::Picos::ns(40);
    models::Picos device_read = models::Picos::ns(150);
    models::Picos device_write = models::Picos::ns(60);
    std::string path_costs;  ///< a file in place of the built-in table when not empty
    /// Instructions of a named operation of our software ("service.dispatch"), overriding defaults.
    struct OperationCost {
        Place place;
        std::uint64_t instructions = 0;
    };
    std::map<std::string, OperationCost> operations;
};

/// config.shmemlist[i]; the index is the shmem_id.
struct ShmemConfig {
    Place place;
    std::uint64_t size = 0;
    std::optional<models::PhysAddr> phys;  ///< place_phys; else the builder chooses
};

/// vm_config.platform.regions[i]
struct RegionConfig {
    Place place;
    vms::GuestAddr base{};
    std::uint64_t size = 0;
    std::optional<models::PhysAddr> phys;
};

/// vm_config.platform.devs[i]; either a device of the platform by name, or raw.
struct DevConfig {
    Place place;
    std::string device;  ///< "uart1"
    models::PhysAddr pa{};
    vms::GuestAddr va{};
    std::uint64_t size = 0;
    std::vector<vms::IntId> interrupts;
    std::uint64_t id = 0;  ///< stream that the SMMU translates as the VM's; 0: none
};

struct IpcConfig {
    Place place;
    vms::GuestAddr base{};
    std::uint64_t size = 0;
    unsigned shmem_id = 0;
    std::vector<vms::IntId> interrupts;
};

enum class RemioType { frontend = 0, backend = 1 };

/// vm_config.platform.remio_devs[i]
struct RemioDevConfig {
    Place place;
    std::string name;  ///< the scenario's name for it: "con0"
    RemioType type = RemioType::frontend;
    std::uint64_t bind_key = 0;
    vms::GuestAddr va{};     ///< front-end only
    std::uint64_t size = 0;  ///< front-end only
    vms::IntId interrupt{};
    struct {
        vms::GuestAddr base{};
        std::uint64_t size = 0;
        unsigned shmem_id = 0;
    } shmem;
};

/// What the service guest does with one of its devices.
struct BackendConfig {
    Place place;
    std::string device;              ///< name of a remio_dev of this VM
    std::string backend;             ///< "console"
    std::uint64_t queue_size = 256;  ///< QueueSizeMax
    bool indirect = true;            ///< offer VIRTIO_F_RING_INDIRECT_DESC
    bool event_idx = true;           ///< offer VIRTIO_F_RING_EVENT_IDX
    bool in_order = false;           ///< offer VIRTIO_F_IN_ORDER
    bool notification_data = false;  ///< offer VIRTIO_F_NOTIFICATION_DATA
    bool ring_reset = false;         ///< offer VIRTIO_F_RING_RESET
    std::vector<DeviceEventConfig> events;
    ConsoleBackendConfig console;
    NetBackendConfig net;
};

/// What a front-end program does with one of its devices.
struct DriverConfig {
    Place place;
    std::string device;            ///< name of a remio_dev of this VM
    std::string driver;            ///< "console"
    std::uint64_t queue_size = 0;  ///< 0: the profile's rule
    std::string acknowledge;       ///< console: "early", "late"; empty: the profile's rule
    std::string needs_reset;       ///< console: "ignore", "stop", "restart"; empty: the profile's
    std::string early_text;        ///< console: written to emerg_wr before the probe
    NetDriverConfig net;
};

struct WorkloadConfig {
    Place place;
    std::string type;             ///< "console-echo" and so on: vms::workload::name(Kind)
    std::string device;           ///< name of a remio_dev of this VM
    std::string text;             ///< console-echo: written first
    std::uint64_t lines = 0;      ///< console-echo: input lines to echo before it is done
    std::uint64_t bytes = 0;      ///< console-write, -read, -duplex; ipc-ping: of a message
    std::uint64_t chunk = 256;    ///< console-write: bytes a write
    std::uint64_t seed = 0;       ///< of the pattern written
    std::uint64_t port = 0;       ///< console-: of the device
    std::string port_name;        ///< console-: instead of the number
    std::uint64_t stream = 0;     ///< console-soak: of its records
    models::Picos until{};        ///< console-soak: end of writes and resets
    models::Picos reset_every{};  ///< console-soak: mean; 0: no resets
    unsigned vcpu = 0;            ///< of the VM, in the order of its physical CPUs
    std::uint64_t ipc = 0;        ///< ipc-ping, -echo: index into the VM's ipcs
    std::uint64_t doorbell = 0;   ///< ipc-ping, -echo: index that the hypercall is given
    std::uint64_t event = 0;      ///< ipc-ping, -echo: doorbell of the other side
    std::uint64_t count = 0;      ///< ipc-ping, -echo: messages; registers: reads
    models::Picos period{};       ///< ipc-ping, registers: from one to the next
    models::Picos start{};
    models::Picos timer_period{};  ///< a periodic virtual timer beside the work; 0: none
    NetWorkloadConfig net;
};

enum class ProgramKind { service_guest, frontend, idle };

struct SoftwareConfig {
    Place place;
    ProgramKind program = ProgramKind::idle;
    bool polling = false;  ///< service guest: ASK in a loop instead of waiting for interrupts
    /// Service guest fault: answer this many requests, then none. Absent: answer all.
    std::optional<std::uint64_t> stop_answering_after;
    bool poll_rings = false;        ///< service guest: look at net transmit rings, no kicks
    std::uint32_t ring_budget = 0;  ///< service guest: steps of a device before the next one's
    SwitchConfig net_switch;        ///< service guest
    std::vector<InterfaceConfig> interfaces;  ///< service guest: its network controllers
    std::vector<BackendConfig> backends;
    std::string profile = "linux-6.1";  ///< front-end: "linux-6.1", "bare-metal"
    std::vector<DriverConfig> drivers;
    std::vector<WorkloadConfig> workloads;
};

struct VmConfig {
    Place place;
    std::string name;
    std::uint64_t cpu_affinity = 0;  ///< mask of physical CPUs
    vms::GuestAddr gicd{};
    vms::GuestAddr gicc{};
    models::Picos start{};  ///< the VM boots this late
    std::vector<RegionConfig> regions;
    std::vector<DevConfig> devs;
    std::vector<IpcConfig> ipcs;
    std::vector<RemioDevConfig> remio_devs;
    SoftwareConfig software;
};

/// What must hold at the end: a metric against a bound, or against another metric.
struct ExpectConfig {
    Place place;
    std::string metric;
    std::optional<std::int64_t> equals;
    std::optional<std::int64_t> min;
    std::optional<std::int64_t> max;
    std::string equals_metric;
};

struct Scenario {
    std::string file;
    std::vector<std::string> files;  ///< that and all that it includes
    std::string name;
    std::string description;
    models::Picos duration = models::Picos::ms(1000);
    std::uint64_t seed = 1;
    models::Picos quantum = models::Picos::us(100);  ///< how far a CPU computes ahead of the kernel
    models::Picos watchdog = models::Picos::ms(100);
    bool strict = false;  ///< every observation is a failure
    PlatformConfig platform;
    TimingConfig timing;
    std::vector<ShmemConfig> shmemlist;
    std::vector<VmConfig> vms;
    std::vector<HostConfig> hosts;
    std::vector<WireSwitchConfig> switches;
    std::vector<LinkConfig> links;
    std::vector<CaptureConfig> captures;
    std::vector<ExpectConfig> expect;
};

/// The one of that name among items that have names, or null.
template <typename T>
const T* find_named(const std::vector<T>& items, std::string_view name) {
    for (const T& item : items)
        if (item.name == name)
            return &item;
    return nullptr;
}

}  // namespace sim
