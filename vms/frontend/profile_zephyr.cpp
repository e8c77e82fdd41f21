// The profile of Zephyr's drivers (drivers/virtio/virtio_mmio.c, virtqueue.c;
// drivers/serial/uart_virtio_console.c built with UART_VIRTIO_CONSOLE_F_MULTIPORT;
// drivers/interrupt_controller/intc_gic.c). Features are accepted one by one, each by a whole word
// of its own; a console of one character a buffer on rings of one, and one UART over all of them;
// FEATURES_OK only where MULTIPORT is offered, which is how the source has it.
//
// Zephyr declines ACCESS_PLATFORM and takes rings and buffers from its heap: built for Bao, the
// heap must lie in the shared region, and here it does.
#include <array>

#include "vms/abi/virtio_console.h"
#include "vms/abi/virtio_mmio.h"
#include "vms/frontend/profile.h"

namespace vms::frontend {

namespace {

namespace feature = abi::mmio::feature;
using abi::console::feature::multiport;
using abi::mmio::feature_bit;
using namespace abi::mmio::status_bit;

constexpr std::array identify{
    Step{Do::read_magic},      Step{Do::read_version}, Step{Do::read_device},
    Step{Do::write_status, 0}, Step{Do::await_reset},  Step{Do::add_status, acknowledge},
};
constexpr std::array negotiate{
    Step{Do::add_status, driver},
    Step{Do::assume_feature, feature::version_1},
    Step{Do::select_driver_word, 1},
    Step{Do::write_driver_word, 1},
    Step{Do::select_device_word, 0},
    Step{Do::read_device_word, 0},
    Step{Do::end_unless_accepted, multiport},
    Step{Do::select_driver_word, 0},
    Step{Do::write_driver_word, 0},
    Step{Do::add_status, features_ok},
    Step{Do::require_features},
};
constexpr std::array queue{
    Step{Do::select_queue},      Step{Do::read_queue_max},    Step{Do::create_ring},
    Step{Do::select_queue},      Step{Do::read_queue_max},    Step{Do::write_queue_size},
    Step{Do::write_descriptors}, Step{Do::write_driver_area}, Step{Do::write_device_area},
    Step{Do::enable_queue},
};
constexpr std::array ready{Step{Do::add_status, driver_ok}};
constexpr std::array remove{Step{Do::write_status, 0}, Step{Do::await_reset}};
constexpr std::array remove_failed_queue{Step{Do::select_queue}, Step{Do::disable_queue}};

constexpr std::uint32_t control_receive_buffers = 16;  ///< ..._RX_CONTROL_BUFSIZE
constexpr std::uint32_t control_transmit_buffers = 8;  ///< ..._TX_CONTROL_BUFSIZE
constexpr std::uint32_t control_bytes = 8;             ///< ..._NAME_BUFSIZE 0: no log of names
constexpr std::uint32_t ports = 32;                    ///< VIRTIO_CONSOLE_MAX_PORTS

constexpr Profile profile{
    .name = "zephyr",
    .software = Software::bare_metal,
    .transport =
        {
            .identify = identify,
            .identify_failed = {},
            .negotiate = negotiate,
            .queue = queue,
            .queue_failed = {},
            .ready = ready,
            .probe_failed = {},
            .remove = remove,
            .remove_queue = remove_failed_queue,
            .removed = {},
            .features = feature_bit(feature::version_1),
            .ring_alignment = 16,
            .used_ring_alignment = 4,
            .bypasses_shared_region = false,
        },
    .interrupts =
        {
            .setup = InterruptProfile::Setup::zephyr,
            .configures_trigger = true,
            .drains = false,
            .acknowledges_before_queues = true,
        },
    .console =
        {
            .features = feature_bit(multiport),
            .attaches_late = false,
            .fill = ConsoleProfile::Fill::on_demand,
            .refill = Refill::when_read,
            .receive_bytes = 1,
            .transmit_bytes = 1,
            .receive_backlog = 1,
            .kicks_each_buffer = true,
            .kicks_always = true,
            .waits_masked = false,
            .transmit_interrupts = true,
            .bounces_whole_buffer = false,
            .completion = Completion::by_interrupt,
            .needs_reset = NeedsReset::ignored,
            .data_queue_size = 1,
            .generic_ports = false,
            .one_uart = true,
            .device_ready_id = 0,
            .max_ports = ports,
            .control_bytes = control_bytes,
            .control_receive_queue_size = control_receive_buffers,
            .control_transmit_queue_size = control_transmit_buffers,
        },
};

}  // namespace

const Profile& zephyr() {
    return profile;
}

}  // namespace vms::frontend
