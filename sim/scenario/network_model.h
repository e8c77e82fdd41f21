// The network of a scenario as the program uses it (model.h): controllers of the platform, what is
// on the wire, and what the software of the VMs is told about it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/base/time.h"
#include "models/bus/target.h"
#include "sim/scenario/place.h"
#include "vms/types.h"
#include "vms/workload/packets/addresses.h"

namespace sim {

/// A network controller of the platform, a Cadence GEM.
struct NicConfig {
    Place place;
    std::string name;  ///< "gem3"
    models::PhysAddr base{};
    std::uint64_t size = 0x1000;
    std::vector<vms::IntId> interrupts;  ///< of the controller; of wake-on-LAN
    std::uint64_t stream_id = 0;         ///< by which the SMMU knows its accesses
    vms::workload::packets::MacAddress mac;
    std::uint8_t phy_address = 0;
    models::Picos autonegotiation{};
    std::uint64_t pclk_hz = 0;
    std::uint64_t tx_buffer_bytes = 0;
    std::uint64_t rx_buffer_bytes = 0;
    models::Picos descriptor_read{};
    models::Picos descriptor_write{};
    models::Picos data_latency{};
    std::uint64_t data_rate = 0;  ///< bits a second
};

enum class HostType { echo, sink, generator, replay };
enum class PaceUnit { line_rate, interval, frames_per_second, bits_per_second };
enum class Spacing { constant, poisson, burst };

/// Frames of a generator: how large, and how often of so many.
struct FrameShare {
    std::uint64_t bytes = 64;  ///< with FCS
    std::uint32_t weight = 1;
};

/// What only a generator has.
struct GeneratorConfig {
    vms::workload::packets::IpAddress target;
    std::optional<vms::workload::packets::MacAddress> target_mac;  ///< none: asked for
    std::uint16_t source_port = 0;
    std::uint16_t flow = 1;
    bool closed_loop = false;
    PaceUnit pace = PaceUnit::line_rate;
    models::Picos interval{};
    std::uint64_t rate = 0;  ///< frames or bits a second, by `pace`
    Spacing spacing = Spacing::constant;
    std::uint32_t burst = 1;
    std::uint64_t frame_min = 64;
    std::uint64_t frame_max = 64;
    std::vector<FrameShare> mix;  ///< in place of the two when not empty
    std::uint32_t window = 1;
    models::Picos think{};
    models::Picos timeout{};
    std::uint64_t count = 0;  ///< 0: no limit
};

/// A host on the wire.
struct HostConfig {
    Place place;
    std::string name;
    HostType type = HostType::echo;
    vms::workload::packets::MacAddress mac;
    std::optional<vms::workload::packets::Ipv4Address> ipv4;
    std::optional<vms::workload::packets::Ipv6Address> ipv6;
    models::Picos delay{};
    std::size_t queue = 0;
    bool answer_echo = true;
    std::uint16_t port = 0;  ///< UDP: echo's and sink's own, a generator's destination
    bool any_port = false;
    models::Picos start{};
    std::optional<models::Picos> until;
    GeneratorConfig generator;
    std::string file;  ///< replay
    bool as_fast_as_possible = false;
    std::uint64_t passes = 1;
    models::Picos pause{};
};

/// An Ethernet switch between links.
struct WireSwitchConfig {
    Place place;
    std::string name;
    models::Picos latency{};
    std::size_t queue = 0;
    std::size_t table = 0;
    models::Picos ageing{};
};

/// What befalls the frames of one direction of a link; shares in parts per billion.
struct ImpairmentConfig {
    std::uint64_t loss = 0;
    std::uint64_t duplicate = 0;
    std::uint64_t reorder = 0;
    models::Picos reorder_delay{};
    models::Picos jitter{};
};

struct OutageConfig {
    models::Picos from{};
    models::Picos until{};
};

/// A cable between two ends, each a network controller, a host or a switch.
struct LinkConfig {
    Place place;
    std::string name;
    std::vector<std::string> between;
    std::uint64_t rate = 0;  ///< bits a second
    models::Picos propagation{};
    /// Of what each end sends, in the order of `between`.
    std::vector<ImpairmentConfig> impairments;
    std::vector<OutageConfig> outages;
};

/// Where frames are written to a file: an end of a link, or a network device or interface of a VM.
struct CaptureConfig {
    Place place;
    std::string at;    ///< a link or a VM
    std::string name;  ///< an end of the link, a device of the VM; empty: the link's first end
    std::string file;
};

// --- software ---------------------------------------------------------------------------------

/// Of a network device that was given none: 02:00:00:00:B:B, B:B its bind key.
inline vms::workload::packets::MacAddress default_mac(std::uint64_t bind_key) {
    return {{2, 0, 0, 0, static_cast<std::uint8_t>(bind_key >> 8),
             static_cast<std::uint8_t>(bind_key)}};
}

/// What a net back-end offers; the words are those of the VirtIO specification, 5.1.3.
struct NetBackendConfig {
    std::optional<vms::workload::packets::MacAddress> mac;  ///< none: made from the bind key
    std::uint16_t mtu = 1500;
    std::uint64_t speed = 0;     ///< bits a second; 0: unknown
    std::uint8_t duplex = 1;     ///< as in the configuration space
    bool follows_uplink = true;  ///< link status
    bool offer_mac = true;
    bool offer_status = true;
    bool offer_mtu = true;
    bool offer_speed_duplex = true;
    bool mrg_rxbuf = true;
    bool csum = true;
    bool guest_csum = true;
    bool ctrl_vq = true;
    bool ctrl_rx = true;
    bool ctrl_rx_extra = true;
    bool ctrl_mac_addr = true;
    std::uint32_t stations = 16;
    bool wait_for_room = false;  ///< for a controller with a full ring
};

/// The switch of a service guest.
struct SwitchConfig {
    models::Picos ageing{};
    std::uint32_t storm_frames = 16;
    models::Picos storm_interval{};
    std::uint32_t uplink_stations = 256;
    std::string source_check = "pinned";
    bool bridge_uplinks = false;
};

/// What a service guest does with a network controller that is passed through to it.
struct InterfaceConfig {
    Place place;
    std::string name;  ///< "gem3"
    std::uint32_t rx_buffers = 256;
    std::uint32_t tx_buffers = 256;
    std::uint32_t budget = 64;    ///< received frames at a time
    std::optional<bool> polling;  ///< none: as the rings of network devices
    /// Memory for descriptors and buffers; none: the end of the VM's first region.
    std::optional<vms::GuestAddr> dma_base;
    std::uint64_t dma_size = 0;  ///< 0: as much as it takes
};

struct NeighbourConfig {
    vms::workload::packets::IpAddress address;
    vms::workload::packets::MacAddress mac;
};

/// A net driver, and the addresses of the stack above it.
struct NetDriverConfig {
    std::optional<vms::workload::packets::MacAddress> mac;
    std::vector<std::string> declined_features;
    std::uint32_t receive_queue_size = 0;
    std::uint32_t transmit_queue_size = 0;
    bool polling = false;
    std::optional<vms::workload::packets::Ipv4Address> ipv4;
    unsigned prefix = 24;
    std::optional<vms::workload::packets::Ipv4Address> gateway;
    std::optional<vms::workload::packets::Ipv6Address> ipv6;
    bool link_local = false;
    std::vector<NeighbourConfig> neighbours;
    std::uint64_t socket_bytes = 0;
};

/// What only network workloads have.
struct NetWorkloadConfig {
    vms::workload::packets::IpAddress peer;
    std::uint16_t port = 0;        ///< 0: the usual one
    std::uint16_t local_port = 0;  ///< 0: by the flow
    std::uint16_t flow = 0;
    std::vector<FrameShare> mix;
    std::uint64_t batch = 1;
    std::uint64_t window = 1;
    models::Picos think{};
    models::Picos timeout{};
    models::Picos idle{};
    models::Picos duration{};
};

}  // namespace sim
