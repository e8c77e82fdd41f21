// The named points at which the back-end's computation is charged. On the target each is a symbol
// that a measuring tool finds; in the simulator each has a cost (port/sim/operation_costs.h).
// Memory and device accesses made between the points are performed, not charged.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vms::service {

enum class Operation : std::uint8_t {
    boot,                 ///< from reset to the main loop, device accesses excluded
    irq_entry,            ///< vector entry: registers saved, interrupt looked up
    irq_exit,             ///< registers restored, exception return to the main loop
    loop_pass,            ///< one look at a device's flags by the main loop
    ask,                  ///< registers of the ASK hypercall set up and its answer unpacked
    dispatch,             ///< window and width checked, register decoded
    mmio_read,            ///< a register of the VirtIO transport read
    mmio_write,           ///< a register of the VirtIO transport written
    answer,               ///< registers of the completing hypercall set up
    notify,               ///< registers of the NOTIFY hypercall set up
    device_activate,      ///< queues validated and frozen
    device_reset,         ///< transport, queues and device back to their initial state
    ring_poll,            ///< a look at the available index
    ring_pop_chain,       ///< head taken from the available ring, chain set up
    ring_pop_descriptor,  ///< one descriptor copied and checked
    ring_push_used,       ///< one used element written
    ring_publish,         ///< used index written, notification decided
    memory_copy_line,     ///< up to 64 bytes between a buffer and private memory
    console_step,         ///< one step of the console's ring work, bytes excluded
    console_tx_byte,      ///< one byte from a buffer into the serial port's staging
    console_rx_byte,      ///< one byte from the kept input towards a buffer
    net_step,             ///< one step of the network device's ring work, frames excluded
    net_tx_frame,         ///< header of a frame checked, frame handed to the switch
    net_rx_frame,         ///< filter and size checked, header of a frame made
    net_rx_part,          ///< one further receive buffer joined to a frame
    net_control,          ///< one command of the control queue, MAC tables excluded
    net_filter_entry,     ///< one address of a MAC table taken over
    net_checksum_line,    ///< up to 64 bytes summed
    switch_forward,       ///< source learned, destination looked up
    switch_offer,         ///< one copy of a frame offered to a port
    gem_start,            ///< the network controller's set-up, device accesses excluded
    gem_service,          ///< one service of the network controller, frames excluded
    gem_rx_frame,         ///< one received frame: its descriptor read and given back
    gem_tx_frame,         ///< one frame to send: its descriptor written, the copy excluded
    gem_tx_reclaim,       ///< one sent frame's descriptor looked at
    gem_cache_line,       ///< one line of a buffer cleaned to memory, or invalidated
    uart_start,           ///< the UART's set-up, device accesses excluded
    uart_service,         ///< causes of a UART interrupt worked out
    uart_fifo_write,      ///< one byte from staging into the FIFO
    uart_fifo_read,       ///< one byte from the FIFO into the kept input
    console_control,      ///< a control message of a console, from or to the driver
    line_frame,           ///< a frame or a prefixed line begun on a shared serial line
    line_send_byte,       ///< one byte of a shared line encoded into the serial port's staging
    line_receive_byte,    ///< one byte of a shared line decoded
    device_event,         ///< the timetable looked at and an event handed to its device
    count,
};

inline constexpr std::size_t operation_count = static_cast<std::size_t>(Operation::count);

}  // namespace vms::service
