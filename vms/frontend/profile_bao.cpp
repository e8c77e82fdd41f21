// The profile of the console front-end in Bao's public bare-metal guest (bao-baremetal-guest:
// src/core/virtio_console.c, inc/virtio_queue.h, inc/virtio_memory_pool.h,
// src/arch/armv8/gicv2.c). Rings and buffers are laid out and filled before the device is looked
// at; the queue size is the one it was compiled with and is never told to the device; the receive
// queue is never notified and its buffers are used once; a write does not wait.
#include <array>

#include "vms/abi/virtio_console.h"
#include "vms/abi/virtio_mmio.h"
#include "vms/frontend/profile.h"

namespace vms::frontend {

namespace {

namespace feature = abi::mmio::feature;
namespace config = abi::console::config;
using abi::mmio::feature_bit;
using namespace abi::mmio::status_bit;

constexpr std::array identify{
    Step{Do::read_magic},   Step{Do::read_version},    Step{Do::read_device},
    Step{Do::match_device}, Step{Do::write_status, 0}, Step{Do::add_status, acknowledge},
};
constexpr std::array give_up{Step{Do::add_status, failed}};
constexpr std::array negotiate{
    Step{Do::add_status, driver},
    Step{Do::expect_status, acknowledge | driver},
    Step{Do::select_device_word, 0},
    Step{Do::select_driver_word, 0},
    Step{Do::read_device_word, 0},
    Step{Do::write_driver_word, 0},
    Step{Do::select_device_word, 1},
    Step{Do::select_driver_word, 1},
    Step{Do::read_device_word, 1},
    Step{Do::write_driver_word, 1},
    Step{Do::require_all_features},
    // cols and rows are each cut out of a word of their own reading.
    Step{Do::read_config_word, config::cols},
    Step{Do::read_config_word, config::cols},
    Step{Do::read_config_word, config::max_nr_ports},
    Step{Do::read_config_word, config::emerg_wr},
    Step{Do::add_status, features_ok},
    Step{Do::expect_status, acknowledge | driver | features_ok},
};
constexpr std::array queue{
    Step{Do::select_queue},      Step{Do::require_queue_idle}, Step{Do::read_queue_max},
    Step{Do::create_ring},       Step{Do::write_descriptors},  Step{Do::write_driver_area},
    Step{Do::write_device_area}, Step{Do::enable_queue},
};
constexpr std::array ready{Step{Do::add_status, driver_ok},
                           Step{Do::expect_status, acknowledge | driver | features_ok | driver_ok}};
constexpr std::array remove{Step{Do::write_status, 0}};

constexpr std::uint32_t queue_size = 1024;       ///< VIRTQ_SIZE
constexpr std::uint32_t receive_bytes = 64;      ///< VIRTIO_CONSOLE_RX_BUFFER_SIZE
constexpr std::uint64_t page_bytes = 4096;       ///< PAGE_SIZE, to which ring areas are rounded
constexpr std::uint64_t pool_bytes_each = 64;    ///< VIRTQ_MEMORY_POOL_SIZE / VIRTQ_SIZE
constexpr std::uint32_t longest_write = 2048;    ///< estimate: of a line that a program prints
constexpr std::size_t receive_backlog = 4 * 64;  ///< VIRTIO_CONSOLE_RX_CONSOLE_SIZE

constexpr Profile profile{
    .name = "bao-bare-metal",
    .software = Software::bare_metal,
    .transport =
        {
            .identify = identify,
            .identify_failed = give_up,
            .negotiate = negotiate,
            .queue = queue,
            .queue_failed = {},
            .ready = ready,
            .probe_failed = give_up,
            .remove = remove,
            .remove_queue = {},
            .removed = {},
            .features = feature_bit(feature::version_1) | feature_bit(feature::access_platform),
            .ring_alignment = page_bytes,
            .available_ring_alignment = page_bytes,
            .used_ring_alignment = page_bytes,
            .after_used_ring_alignment = page_bytes,
            .built_queue_size = queue_size,
            .pool_slot_bytes = pool_bytes_each,
            .bypasses_shared_region = false,
        },
    .interrupts =
        {
            .setup = InterruptProfile::Setup::bao_guest,
            .configures_trigger = false,
            .drains = false,
            .acknowledges_before_queues = true,
        },
    .console =
        {
            .features = 0,
            .attaches_late = true,
            .fill = ConsoleProfile::Fill::before_ready,
            .refill = Refill::never,
            .kicks_first_fill = false,
            .receive_bytes = receive_bytes,
            .transmit_bytes = longest_write,
            .receive_backlog = receive_backlog,
            .kicks_each_buffer = false,
            .kicks_always = true,
            .waits_masked = false,
            .transmit_interrupts = true,
            .bounces_whole_buffer = false,
            .completion = Completion::by_interrupt,
            .needs_reset = NeedsReset::ignored,
            .config_ends_interrupt = true,
        },
};

}  // namespace

const Profile& bao_bare_metal() {
    return profile;
}

}  // namespace vms::frontend
