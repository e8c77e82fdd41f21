// The work of the front-end's software, cut into named operations that a core model turns into
// time. No row is measured: each is an estimate of the real driver's path, one column for a Linux
// kernel and one for a bare-metal program, and each can be overridden by its name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "vms/cpu.h"
#include "vms/types.h"

namespace vms::frontend {

enum class Operation : std::uint8_t {
    boot,              ///< from reset to the first device
    cpu_on,            ///< prepare another CPU, down to the PSCI call
    secondary_boot,    ///< of a CPU that was switched on, interrupt controller excluded
    cpu_call,          ///< handler of another CPU's SGI
    register_access,   ///< what surrounds one access to a device register
    probe_device,      ///< a driver's bookkeeping for one device
    ring_create,       ///< one virtqueue, without clearing its memory
    ring_add,          ///< one buffer made available
    ring_get,          ///< one used buffer taken back
    ring_poll,         ///< one look at the used index that finds nothing new
    ring_kick,         ///< decide whether the device wants to be notified
    buffer_map,        ///< find a bounce slot
    buffer_unmap,      ///< give it back
    copy_line,         ///< copy (or clear) 64 bytes
    console_write,     ///< one write, from the terminal layer to the ring
    console_read,      ///< one read from what has been received
    console_receive,   ///< one received buffer handed to the terminal layer
    console_control,   ///< one control message made or handled
    irq_entry,         ///< vector to the handler, interrupt-controller accesses excluded
    irq_exit,          ///< handler to the exception return
    virtio_interrupt,  ///< the transport's handler, register accesses excluded
    ipc_doorbell,      ///< a program's ring of a doorbell, down to the hypercall
    ipc_interrupt,     ///< handler of a doorbell
    timer_tick,        ///< handler of the periodic timer
    net_socket_send,   ///< one packet from the socket call to the driver: route, neighbour, buffer
    net_socket_receive,  ///< one packet from the driver through IP to the socket and the call
    net_answer,          ///< one packet answered below the sockets: ARP, echo, neighbours
    net_transmit,        ///< one packet in the driver, without ring and mapping
    net_transmitted,     ///< one transmitted packet freed
    net_receive,         ///< one packet in the driver, up to the IP layer
    net_refill,          ///< one receive buffer allocated
    net_schedule,        ///< a queue's interrupt puts its poll on the list
    net_poll,            ///< one poll, without its packets
    net_command,         ///< one control command, without the ring
    net_checksum_line,   ///< sum 64 bytes
    workload_call,       ///< a program's read or write, as far as the driver
    workload_line,       ///< a program makes or checks 64 bytes
    workload_wake,       ///< a program continues after a wait
    count,
};

inline constexpr std::size_t operation_count = static_cast<std::size_t>(Operation::count);
static_assert(operation_count <= most_operations);

/// The stable name of an operation: "frontend.ring_add".
std::string_view name(Operation operation);
std::optional<Operation> find_operation(std::string_view name);

/// Whose software it is: which column of the estimates.
enum class Software : std::uint8_t { linux_kernel, bare_metal };

/// The work of each operation for one front-end program.
class Operations {
  public:
    explicit Operations(Software software);

    const NamedWork& operator[](Operation o) const { return work_[static_cast<std::size_t>(o)]; }
    void set(Operation o, const Work& work) {
        work_[static_cast<std::size_t>(o)] = {work, static_cast<std::uint8_t>(o)};
    }
    /// Override the instructions of a named operation; false: there is none of that name.
    bool set_instructions(std::string_view name, std::uint32_t instructions);

  private:
    std::array<NamedWork, operation_count> work_{};
};

/// Operations that are done together and take their time at once.
class Bill {
  public:
    Bill& add(const NamedWork& w, std::uint32_t n = 1) { return add(w.work * n, w.operation, n); }
    /// Lines of data that are passed over by copying; each is another.
    Bill& add_lines(const NamedWork& line, std::uint32_t lines) {
        Work work = line.work * lines;
        work.data_lines = line.work.data_lines * lines;
        return add(work, line.operation, lines);
    }
    Bill& add(const Bill& other) {
        for (std::size_t i = 0; i < other.count_; ++i)
            enter(other.entries_[i].operation, other.entries_[i].times);
        work_ = work_ + other.work_;
        return *this;
    }
    void retire(Cpu& cpu, std::uint32_t n = 1) const {
        for (std::size_t i = 0; i < count_; ++i)
            cpu.performed(entries_[i].operation, entries_[i].times * n);
        cpu.retire(n == 1 ? work_ : work_ * n);
    }

  private:
    struct Entry {
        std::uint8_t operation = 0;
        std::uint32_t times = 0;
    };
    static constexpr std::size_t most = 8;  ///< different operations on one bill

    Bill& add(const Work& work, std::uint8_t operation, std::uint32_t n) {
        enter(operation, n);
        work_ = work_ + work;
        return *this;
    }
    void enter(std::uint8_t operation, std::uint32_t n) {
        for (std::size_t i = 0; i < count_; ++i) {
            if (entries_[i].operation == operation) {
                entries_[i].times += n;
                return;
            }
        }
        if (count_ < most)
            entries_[count_++] = {operation, n};
    }

    Work work_;
    std::array<Entry, most> entries_{};
    std::size_t count_ = 0;
};

/// Bytes that Operation::copy_line and Operation::workload_line stand for: a cache line.
inline constexpr std::uint64_t line_bytes = 64;

constexpr std::uint32_t lines_of(std::uint64_t bytes) {
    return static_cast<std::uint32_t>((bytes + line_bytes - 1) / line_bytes);
}

}  // namespace vms::frontend
