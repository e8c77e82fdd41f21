#include "vms/frontend/profile.h"

#include <array>

#include "vms/abi/virtio_console.h"
#include "vms/abi/virtio_mmio.h"

namespace vms::frontend {

namespace {

namespace feature = abi::mmio::feature;
using abi::mmio::feature_bit;
using namespace abi::mmio::status_bit;

// --- Linux 6.1 ----------------------------------------------------------------------------------
// The order of accesses is that of a logged probe and removal.

constexpr std::array linux_identify{
    Step{Do::read_magic},   Step{Do::read_version},    Step{Do::read_device},
    Step{Do::read_vendor},  Step{Do::write_status, 0}, Step{Do::add_status, acknowledge},
    Step{Do::match_device},
};
constexpr std::array linux_negotiate{
    Step{Do::add_status, driver},
    Step{Do::select_device_word, 1},
    Step{Do::read_device_word, 1},
    Step{Do::select_device_word, 0},
    Step{Do::read_device_word, 0},
    Step{Do::require_version_1},
    Step{Do::select_driver_word, 1},
    Step{Do::write_driver_word, 1},
    Step{Do::select_driver_word, 0},
    Step{Do::write_driver_word, 0},
    Step{Do::validate},
    Step{Do::add_status, features_ok},
    Step{Do::require_features},
};
constexpr std::array linux_queue{
    Step{Do::select_queue},      Step{Do::require_queue_idle}, Step{Do::read_queue_max},
    Step{Do::create_ring},       Step{Do::write_queue_size},   Step{Do::write_descriptors},
    Step{Do::write_driver_area}, Step{Do::write_device_area},  Step{Do::enable_queue},
};
constexpr std::array linux_queue_failed{Step{Do::disable_queue}, Step{Do::read_queue_ready}};
constexpr std::array linux_ready{Step{Do::add_status, driver_ok},
                                 Step{Do::require_status, driver_ok}};
constexpr std::array linux_probe_failed{Step{Do::add_status, failed}};
constexpr std::array linux_remove{Step{Do::write_status, 0}};
constexpr std::array linux_remove_queue{Step{Do::select_queue}, Step{Do::disable_queue},
                                        Step{Do::read_queue_ready}};
constexpr std::array linux_removed{Step{Do::read_status}, Step{Do::add_status, acknowledge}};

/// What Linux 6.1 keeps of the ring and transport features. It would keep RING_PACKED (34) too;
/// the rings here are split ones, so that bit is declined.
constexpr std::uint64_t linux_features =
    feature_bit(feature::ring_indirect_desc) | feature_bit(feature::ring_event_idx) |
    feature_bit(feature::version_1) | feature_bit(feature::access_platform) |
    feature_bit(feature::order_platform);

/// What virtio_net of 6.1 keeps of what is offered. It would keep the segmentation offloads, MQ,
/// RSS, GUEST_ANNOUNCE, CTRL_VLAN and the coalescing commands too; they are declined here.
constexpr std::uint64_t linux_net_features =
    feature_bit(abi::net::feature::csum) | feature_bit(abi::net::feature::guest_csum) |
    feature_bit(abi::net::feature::mtu) | feature_bit(abi::net::feature::mac) |
    feature_bit(abi::net::feature::mrg_rxbuf) | feature_bit(abi::net::feature::status) |
    feature_bit(abi::net::feature::ctrl_vq) | feature_bit(abi::net::feature::ctrl_rx) |
    feature_bit(abi::net::feature::ctrl_mac_addr) | feature_bit(abi::net::feature::speed_duplex);

/// 2 + MAX_SKB_FRAGS: virtio_net stops its queue when a packet of the most fragments might not fit.
constexpr std::uint32_t linux_max_skb_frags = 17;

constexpr std::uint64_t linux_page_bytes = 4096;
/// VIRTIO_CONSOLE_BAD_ID: of a message that is about no port.
constexpr std::uint32_t linux_bad_id = 0xffffffff;
/// n_tty throttles its driver when fewer than 128 bytes of its 4096-byte buffer are left.
constexpr std::size_t linux_tty_backlog = 4096 - 128;

// --- bare metal ---------------------------------------------------------------------------------
// Status is always read, modified and written; each feature word is settled before the next;
// QueueSize is left as the device has it. A device that is not the driver's is left alone
// (4.2.2.2).

constexpr std::array bare_metal_identify{
    Step{Do::read_magic},   Step{Do::read_version},    Step{Do::read_device},
    Step{Do::match_device}, Step{Do::write_status, 0}, Step{Do::add_status, acknowledge},
};
constexpr std::array bare_metal_failed{Step{Do::add_status, failed}};
constexpr std::array bare_metal_negotiate{
    Step{Do::add_status, driver},    Step{Do::expect_status, acknowledge | driver},
    Step{Do::select_device_word, 0}, Step{Do::select_driver_word, 0},
    Step{Do::read_device_word, 0},   Step{Do::write_driver_word, 0},
    Step{Do::select_device_word, 1}, Step{Do::select_driver_word, 1},
    Step{Do::read_device_word, 1},   Step{Do::require_version_1},
    Step{Do::write_driver_word, 1},  Step{Do::add_status, features_ok},
    Step{Do::require_features},
};
constexpr std::array bare_metal_queue{
    Step{Do::select_queue},      Step{Do::require_queue_idle},   Step{Do::read_queue_max},
    Step{Do::create_ring},       Step{Do::write_requested_size}, Step{Do::write_descriptors},
    Step{Do::write_driver_area}, Step{Do::write_device_area},    Step{Do::enable_queue},
};
constexpr std::array bare_metal_ready{
    Step{Do::add_status, driver_ok},
    Step{Do::expect_status, acknowledge | driver | features_ok | driver_ok}};
constexpr std::array bare_metal_remove{Step{Do::write_status, 0}, Step{Do::await_reset}};

constexpr Profile linux_6_1_profile{
    .name = "linux-6.1",
    .software = Software::linux_kernel,
    .transport =
        {
            .identify = linux_identify,
            .identify_failed = {},
            .negotiate = linux_negotiate,
            .queue = linux_queue,
            .queue_failed = linux_queue_failed,
            .ready = linux_ready,
            .probe_failed = linux_probe_failed,
            .remove = linux_remove,
            .remove_queue = linux_remove_queue,
            .removed = linux_removed,
            .identifies_once = true,
            .features = linux_features,
            .ring_alignment = linux_page_bytes,
            .used_ring_alignment = linux_page_bytes,
            .bypasses_shared_region = true,
        },
    .interrupts =
        {
            .setup = InterruptProfile::Setup::all_interrupts,
            .configures_trigger = true,
            .drains = true,
            .acknowledges_before_queues = true,
        },
    .console =
        {
            .features = feature_bit(abi::console::feature::size) |
                        feature_bit(abi::console::feature::multiport),
            .reads_max_ports = MaxPortsRead::always,
            .attaches_late = false,
            .fill = ConsoleProfile::Fill::after_ready,
            .receive_bytes = linux_page_bytes,
            .transmit_bytes = linux_page_bytes,
            .receive_backlog = linux_tty_backlog,
            .kicks_each_buffer = true,
            .kicks_always = false,
            .waits_masked = true,
            .transmit_interrupts = true,
            .bounces_whole_buffer = true,
            .needs_reset = NeedsReset::ignored,
            .generic_ports = true,
            .device_ready_id = linux_bad_id,
            .resize_rows_first = true,
            .control_bytes = linux_page_bytes,
        },
    .net =
        {
            .features = linux_net_features,
            .mac_between_generations = true,
            .validates_mtu = true,
            .attaches_late = false,
            .deferred = true,
            .sets_rx_mode = true,
            .buffers = NetProfile::Buffers::bounced,
            .kicks_always = false,
            .transmit_interrupts = true,
            .stop_below = 2 + linux_max_skb_frags,
            .refill_budget = 64,  // NAPI_POLL_WEIGHT
            .backlog = 1000,      // DEFAULT_TX_QUEUE_LEN
        },
};

constexpr Profile bare_metal_profile{
    .name = "bare-metal",
    .software = Software::bare_metal,
    .transport =
        {
            .identify = bare_metal_identify,
            .identify_failed = {},
            .negotiate = bare_metal_negotiate,
            .queue = bare_metal_queue,
            .queue_failed = {},
            .ready = bare_metal_ready,
            .probe_failed = bare_metal_failed,
            .remove = bare_metal_remove,
            .remove_queue = {},
            .removed = {},
            .probe_heeds_needs_reset = true,
            .features = feature_bit(feature::version_1) | feature_bit(feature::access_platform),
            .ring_alignment = 16,
            .used_ring_alignment = 4,
            .bypasses_shared_region = false,
        },
    .interrupts =
        {
            .setup = InterruptProfile::Setup::only_enable,
            .configures_trigger = false,
            .drains = false,
            .acknowledges_before_queues = true,
        },
    .console =
        {
            .features = 0,
            .attaches_late = true,
            .fill = ConsoleProfile::Fill::before_ready,
            .receive_bytes = 256,
            .transmit_bytes = 2048,
            .receive_backlog = 65536,
            .kicks_each_buffer = false,
            .kicks_always = true,
            .waits_masked = false,
            .transmit_interrupts = false,
            .bounces_whole_buffer = false,
        },
    .net = {},
};

}  // namespace

const Profile& linux_6_1() {
    return linux_6_1_profile;
}

const Profile& bare_metal() {
    return bare_metal_profile;
}

std::span<const Profile* const> profiles() {
    static constexpr std::size_t count = 4;
    static const std::array<const Profile*, count> all{&linux_6_1(), &bare_metal(),
                                                       &bao_bare_metal(), &zephyr()};
    return all;
}

const Profile* find_profile(std::string_view name) {
    for (const Profile* p : profiles())
        if (p->name == name)
            return p;
    return nullptr;
}

}  // namespace vms::frontend
