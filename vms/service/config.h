// What a service guest is told at its construction: the machine that it runs on, the peripherals
// that are passed through to it and the devices that it offers. On the target a constant of the
// image, in the simulator made from the scenario.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vms/service/counters.h"
#include "vms/service/device_event.h"
#include "vms/service/drivers/peripheral.h"
#include "vms/service/net/stations.h"
#include "vms/types.h"

namespace vms::service {

struct BackendKind;

inline constexpr std::size_t max_devices = 16;
inline constexpr std::size_t max_peripherals = 16;
static_assert(max_peripherals <= PeripheralSet::capacity);
/// In place of an index into GuestConfig::peripherals.
inline constexpr std::size_t no_peripheral = ~std::size_t{0};

enum class PeripheralKind : std::uint8_t {
    none,
    cadence_uart,
    pl011,
    cadence_gem,
};

constexpr bool is_serial(PeripheralKind kind) {
    return kind == PeripheralKind::cadence_uart || kind == PeripheralKind::pl011;
}

/// How a UART carries console ports.
enum class SerialMode : std::uint8_t {
    direct,    ///< one port, its bytes as they are
    framed,    ///< several ports, vms/abi/serial_mux.h
    prefixed,  ///< several ports, vms/abi/serial_prefix.h
};

/// A device of the machine that is passed through to the service guest.
struct PeripheralConfig {
    static constexpr std::size_t max_interrupts = 2;

    PeripheralKind kind = PeripheralKind::none;
    GuestAddr base{};  ///< of its registers
    std::array<IntId, max_interrupts> interrupts{};
    std::size_t interrupt_count = 1;
    std::uint64_t clock_hz = 100'000'000;  ///< reference clock
    std::uint64_t baud = 115'200;          ///< UARTs
    SerialMode serial_mode = SerialMode::direct;
    std::array<std::uint8_t, 6> mac{};  ///< network controllers
    /// Network controllers: private memory of the guest for descriptors and buffers.
    GuestAddr dma_base{};
    std::uint64_t dma_size = 0;
    std::uint32_t rx_buffers = 256;
    std::uint32_t tx_buffers = 256;
    std::uint32_t max_frame = 1518;   ///< bytes without FCS, a VLAN tag included
    std::uint32_t budget = 64;        ///< received frames before others have their turn, from 1
    bool polling = false;             ///< looked at in every pass instead of interrupting
    std::uint8_t phy_address = 0xff;  ///< on the management bus; 0xff: whichever answers
};

/// A short text without heap; what is too long is cut off, and refused by check().
class ShortText {
  public:
    static constexpr std::size_t capacity = 32;

    constexpr ShortText() = default;
    constexpr ShortText(std::string_view text) : whole_(text.size() <= capacity) {
        for (const char c : text.substr(0, capacity))
            text_[size_++] = c;
    }
    constexpr ShortText(const char* text) : ShortText(std::string_view(text)) {}
    constexpr std::string_view view() const { return {text_.data(), size_}; }
    constexpr bool whole() const { return whole_; }

  private:
    std::array<char, capacity> text_{};
    std::size_t size_ = 0;
    bool whole_ = true;
};

struct ConsolePortConfig {
    std::size_t serial =
        no_peripheral;         ///< the UART that carries the port; none: output is discarded
    std::uint8_t channel = 0;  ///< framed: its number on the line, 0 to 63
    ShortText label{};         ///< prefixed: its name on the line
    ShortText name{};          ///< MULTIPORT: told to the driver with PORT_NAME, UTF-8
    bool console = true;       ///< MULTIPORT: told to be a console, with CONSOLE_PORT
    bool present = true;       ///< MULTIPORT: there from the beginning; otherwise plugged in later
    bool far_end_open = true;  ///< somebody is at the far end from the beginning
    std::uint16_t cols = 0;    ///< MULTIPORT, of all but port 0: told with RESIZE when not 0
    std::uint16_t rows = 0;
};

/// What only a console has.
struct ConsoleConfig {
    std::uint16_t cols = 0;  ///< of port 0; both not 0: offer VIRTIO_CONSOLE_F_SIZE
    std::uint16_t rows = 0;
    bool multiport = false;          ///< offer VIRTIO_CONSOLE_F_MULTIPORT
    bool resize_rows_first = false;  ///< RESIZE with the rows first, as Linux takes it
    bool emergency_write = true;     ///< offer VIRTIO_CONSOLE_F_EMERG_WRITE
    std::array<ConsolePortConfig, max_console_ports> ports{};
    std::size_t port_count = 1;  ///< max_nr_ports
};

/// Where a network device's link status comes from.
enum class LinkSource : std::uint8_t {
    uplink,     ///< the physical interfaces: up when one of them has a link, or when there is none
    always_up,  ///< frames between front-ends need no wire
};

/// What only a network device has: the features of VirtIO v1.4, 5.1.3, that it offers, and what
/// its configuration space says.
struct NetConfig {
    std::array<std::uint8_t, 6> mac{};  ///< not a group address; offered as VIRTIO_NET_F_MAC
    std::uint16_t mtu = 1500;           ///< 68 to 9216; frames beyond it are dropped
    std::uint32_t speed_mbps = 1000;    ///< up to 0x7fffffff, or 0xffffffff: unknown
    std::uint8_t duplex = 1;            ///< 0 half, 1 full, 0xff unknown
    LinkSource link = LinkSource::uplink;
    bool offer_mac = true;
    bool offer_status = true;
    bool offer_mtu = true;
    bool offer_speed_duplex = true;
    bool mrg_rxbuf = true;
    bool csum = true;
    bool guest_csum = true;
    bool ctrl_vq = true;  ///< without it none of the three below
    bool ctrl_rx = true;
    bool ctrl_rx_extra = true;
    bool ctrl_mac_addr = true;
    /// A frame for a physical interface with a full ring waits in the driver's, and what is behind
    /// it too; else it is dropped.
    bool wait_for_room = false;
    std::uint32_t stations = 16;  ///< addresses that the switch learns behind its port, from 1
};

/// Whether a traffic station returns what it is sent.
enum class TrafficEcho : std::uint8_t {
    none,
    at_once,  ///< in the same pass of the main loop: one notification tells of both
    /// One frame at a time, when the device's driver has acknowledged the interrupt that told it
    /// that its frame is used.
    once_acknowledged,
};

/// A station of the switch without hardware, for measurements (net/traffic_port.h).
struct TrafficConfig {
    bool present = false;
    std::array<std::uint8_t, 6> mac{};  ///< of the station; not a group address
    TrafficEcho echo = TrafficEcho::none;
    std::uint16_t frame_bytes = 0;  ///< length of frames that it sends; 0: none
    /// The network device that they are for, or whose acknowledgement is waited for.
    std::size_t device = 0;
};

/// The software switch between network devices and physical interfaces. It has a port for each
/// network device, then one for each physical interface, then one for the traffic station, in the
/// order of the configuration.
struct SwitchConfig {
    std::uint32_t ageing_seconds = 300;  ///< a station not seen for longer is unknown; 0: never
    /// A port may have flooded in an interval; 0: any. The default is derived: one in a hundred of
    /// the shortest frames of 1 Gbit/s (IEEE 802.3, 84 byte times each: 1488 in 1 ms), rounded up.
    std::uint32_t storm_frames = 16;
    std::uint32_t storm_interval_us = 1000;
    SourceCheck source_check = SourceCheck::pinned;
    bool bridge_uplinks = false;          ///< forward from one physical interface to another
    std::uint32_t uplink_stations = 256;  ///< addresses learned behind a physical interface
    TrafficConfig traffic;
};

/// One remote I/O device of the service guest's VM, and what stands behind it.
struct DeviceConfig {
    std::uint32_t remio_index = 0;  ///< index into the VM's remio_devs
    GuestAddr window_base{};        ///< of the MMIO window, as the front-end sees it
    std::uint64_t window_size = 0x200;
    GuestAddr shmem_base{};
    std::uint64_t shmem_size = 0;
    IntId interrupt{};                     ///< remio_dev.interrupt of the back-end
    const BackendKind* backend = nullptr;  ///< find_backend("console")
    std::uint32_t queue_size = 256;        ///< QueueSizeMax
    bool indirect = true;                  ///< offer VIRTIO_F_INDIRECT_DESC
    bool event_idx = true;                 ///< offer VIRTIO_F_EVENT_IDX
    bool ring_reset = false;               ///< offer VIRTIO_F_RING_RESET
    bool in_order = false;                 ///< offer VIRTIO_F_IN_ORDER
    bool notification_data = false;        ///< offer VIRTIO_F_NOTIFICATION_DATA
    ConsoleConfig console;
    NetConfig net;
};

struct GuestConfig {
    GuestAddr gicd{};
    GuestAddr gicc{};
    std::array<PeripheralConfig, max_peripherals> peripherals{};
    std::size_t peripheral_count = 0;
    std::array<DeviceConfig, max_devices> devices{};
    std::size_t device_count = 0;
    /// In the order of their times.
    std::array<DeviceEvent, max_device_events> events{};
    std::size_t event_count = 0;
    /// ASK every device in turn instead of waiting for its interrupts.
    bool polling = false;
    /// Look at the transmit rings of network devices in turn instead of waiting for kicks: the
    /// guest never sleeps, and a driver that sends traps no more. Independent of `polling`, which
    /// is about the requests of the hypervisor.
    bool poll_rings = false;
    SwitchConfig net;
    /// Steps of ring work for a device before the next one has its turn.
    std::uint32_t ring_budget = 16;
    /// Injected fault: from then on requests are taken and never answered.
    bool stop_answering = false;
    std::uint64_t stop_answering_after = 0;  ///< requests answered before
};

enum class ConfigProblem : std::uint8_t {
    none,
    too_many_devices,
    too_many_peripherals,
    no_peripheral_kind,
    bad_interrupt_count,
    no_clock,
    bad_network_memory,
    peripherals_share_registers,
    shared_interrupt,
    no_backend,
    bad_queue_size,
    window_too_small,
    bad_port_count,
    no_serial,
    serial_in_use,
    bad_channel,
    bad_label,
    name_too_long,
    no_first_port,
    too_many_ports_on_line,
    too_many_events,
    events_out_of_order,
    bad_event,
    no_interrupt,
    no_shared_memory,
    no_ring_budget,
    bad_mac,
    shared_mac,
    bad_mtu,
    bad_speed,
    no_control_queue,
    no_stations,
    bad_traffic,
};

constexpr std::string_view name(ConfigProblem problem) {
    switch (problem) {
        case ConfigProblem::none:
            return "none";
        case ConfigProblem::too_many_devices:
            return "more devices than a service guest can have";
        case ConfigProblem::too_many_peripherals:
            return "more peripherals than a service guest can have";
        case ConfigProblem::no_peripheral_kind:
            return "no such kind of peripheral";
        case ConfigProblem::bad_interrupt_count:
            return "a peripheral has 1 or 2 interrupts";
        case ConfigProblem::no_clock:
            return "clock or baud rate is 0";
        case ConfigProblem::bad_network_memory:
            return "a network controller's buffers do not fit its memory, or a value is out of "
                   "range";
        case ConfigProblem::peripherals_share_registers:
            return "two peripherals have the same registers";
        case ConfigProblem::shared_interrupt:
            return "an interrupt id is used twice";
        case ConfigProblem::no_backend:
            return "no such back-end";
        case ConfigProblem::bad_queue_size:
            return "queue size not a power of two from 1 to 1024";
        case ConfigProblem::window_too_small:
            return "window smaller than a VirtIO register file";
        case ConfigProblem::bad_port_count:
            return "a console has 1 to 8 ports, and 1 without multiport";
        case ConfigProblem::no_serial:
            return "a console port names a peripheral that is no UART";
        case ConfigProblem::serial_in_use:
            return "a UART in mode direct carries two console ports";
        case ConfigProblem::bad_channel:
            return "a channel number above 63, or used twice on a UART";
        case ConfigProblem::bad_label:
            return "a label is not 1 to 24 printable characters without ':', or used twice on a "
                   "UART";
        case ConfigProblem::name_too_long:
            return "a port's name is longer than 32 bytes";
        case ConfigProblem::no_first_port:
            return "without multiport, port 0 is there from the beginning";
        case ConfigProblem::too_many_ports_on_line:
            return "a UART carries at most 32 console ports";
        case ConfigProblem::too_many_events:
            return "more events than a service guest can have";
        case ConfigProblem::events_out_of_order:
            return "events are not in the order of their times";
        case ConfigProblem::bad_event:
            return "an event of a device, port or feature that is not there";
        case ConfigProblem::no_interrupt:
            return "interrupt id not 16 to 1019";
        case ConfigProblem::no_shared_memory:
            return "no shared memory";
        case ConfigProblem::no_ring_budget:
            return "ring budget is 0";
        case ConfigProblem::bad_mac:
            return "MAC address missing, or a group address";
        case ConfigProblem::shared_mac:
            return "two network devices have the same MAC address";
        case ConfigProblem::bad_mtu:
            return "MTU not 68 to 9216";
        case ConfigProblem::bad_speed:
            return "speed not up to 0x7fffffff or 0xffffffff, or duplex not 0, 1 or 0xff";
        case ConfigProblem::no_control_queue:
            return "receive modes and MAC commands need the control queue";
        case ConfigProblem::no_stations:
            return "a port of the switch has to learn at least one address";
        case ConfigProblem::bad_traffic:
            return "traffic station: MAC, frame length 14 to 9234, or not a network device";
    }
    return "unknown";
}

enum class ConfigSubject : std::uint8_t { guest, peripheral, device, event };

/// A problem of a configuration and what has it.
struct ConfigFinding {
    ConfigProblem problem = ConfigProblem::none;
    ConfigSubject subject = ConfigSubject::guest;
    std::size_t index = 0;  ///< of the peripheral, device or event

    bool operator==(const ConfigFinding&) const = default;
};

/// The first problem.
ConfigFinding check(const GuestConfig& config);

}  // namespace vms::service
