#include "vms/service/port/sim/operation_costs.h"

#include <algorithm>

namespace vms::service {

namespace {

struct Row {
    Operation operation;
    std::string_view name;
    Work work;
    std::string_view provenance;
};

constexpr Work work(std::uint32_t instructions, std::uint32_t loads, std::uint32_t stores,
                    std::uint32_t code_lines, std::uint32_t data_lines) {
    return {instructions, loads, stores, 0, 0, 0, code_lines, data_lines};
}
constexpr Work with_sysreg(Work w, std::uint32_t n) {
    w.sysreg = n;
    return w;
}
constexpr Work with_barriers(Work w, std::uint32_t n) {
    w.barriers = n;
    return w;
}

// Instructions, loads, stores, lines of code, lines of data.
constexpr std::array<Row, operation_count> rows{{
    {Operation::boot, "service.boot", with_sysreg(work(2000, 200, 600, 40, 60), 8),
     "estimate: zero .bss pages touched, tables of 16 devices"},
    {Operation::irq_entry, "service.irq_entry", with_sysreg(work(44, 4, 24, 4, 6), 3),
     "estimate: 21 registers saved; look-up among the devices"},
    {Operation::irq_exit, "service.irq_exit", with_sysreg(work(28, 23, 1, 2, 4), 2),
     "estimate: 21 registers restored"},
    {Operation::loop_pass, "service.loop_pass", work(10, 4, 0, 1, 1),
     "estimate: flags of one device tested"},
    {Operation::ask, "service.ask", work(24, 2, 3, 2, 2),
     "estimate: 8 registers set, 7 results unpacked"},
    {Operation::dispatch, "service.dispatch", work(26, 6, 2, 3, 2),
     "estimate: window, width and alignment compared, switch on the offset"},
    {Operation::mmio_read, "mmio.read", work(18, 5, 1, 2, 2),
     "estimate: a switch target that returns one member"},
    {Operation::mmio_write, "mmio.write", work(24, 5, 2, 3, 2),
     "estimate: a switch target that checks and sets one member"},
    {Operation::answer, "service.answer", work(16, 2, 2, 2, 1), "estimate: 8 registers set"},
    {Operation::notify, "service.notify", work(16, 2, 2, 2, 1), "estimate: 8 registers set"},
    {Operation::device_activate, "device.activate", work(320, 60, 60, 14, 10),
     "estimate: 3 areas of 2 queues checked"},
    {Operation::device_reset, "device.reset", work(160, 10, 60, 8, 8),
     "estimate: registers and queues of one device cleared"},
    {Operation::ring_poll, "ring.poll", with_barriers(work(12, 4, 1, 1, 2), 1),
     "estimate: one load, one comparison, one load barrier"},
    {Operation::ring_pop_chain, "ring.pop_chain", work(34, 8, 6, 3, 3),
     "estimate: slot masked, head checked, chain object set up"},
    {Operation::ring_pop_descriptor, "ring.pop_descriptor", work(30, 6, 4, 3, 2),
     "estimate: 16 bytes copied, flags and range compared"},
    {Operation::ring_push_used, "ring.push_used", work(14, 3, 3, 1, 2),
     "estimate: slot masked, two words stored"},
    {Operation::ring_publish, "ring.publish", with_barriers(work(22, 5, 2, 2, 3), 2),
     "estimate: index stored, event word compared, two barriers"},
    {Operation::memory_copy_line, "memory.copy_line", work(20, 8, 8, 1, 2),
     "estimate: 64 bytes in 8-byte steps"},
    {Operation::console_step, "console.step", work(30, 10, 3, 3, 3),
     "estimate: state of both queues tested"},
    {Operation::console_tx_byte, "console.tx_byte", work(6, 1, 2, 1, 1),
     "estimate: a byte into a ring"},
    {Operation::console_rx_byte, "console.rx_byte", work(6, 1, 2, 1, 1),
     "estimate: a byte out of a ring"},
    {Operation::net_step, "net.step", work(24, 8, 2, 3, 3), "estimate: state of two queues tested"},
    {Operation::net_tx_frame, "net.tx_frame", work(60, 12, 10, 5, 4),
     "estimate: header unpacked, flags, type and sizes compared"},
    {Operation::net_rx_frame, "net.rx_frame", work(70, 14, 12, 6, 4),
     "estimate: addresses compared, sizes compared, 12 bytes of header stored"},
    {Operation::net_rx_part, "net.rx_part", work(20, 4, 4, 2, 2),
     "estimate: rest compared, cursors moved on"},
    {Operation::net_control, "net.control", work(60, 12, 6, 5, 3),
     "estimate: class and command decoded, one mode stored"},
    {Operation::net_filter_entry, "net.filter_entry", work(20, 6, 2, 1, 1),
     "estimate: 6 bytes packed and stored"},
    {Operation::net_checksum_line, "net.checksum_line", work(44, 8, 0, 1, 1),
     "estimate: 64 bytes in 8-byte loads, halves added"},
    {Operation::switch_forward, "switch.forward", work(70, 16, 6, 5, 4),
     "estimate: two addresses packed, hashed and compared, age stored, counters"},
    {Operation::switch_offer, "switch.offer", work(16, 5, 3, 2, 2),
     "estimate: call through a table, result counted"},
    {Operation::gem_start, "gem.start", work(9000, 40, 2300, 20, 300),
     "estimate: 512 descriptors of 3 words, 17 instructions each"},
    {Operation::gem_service, "gem.service", work(60, 12, 6, 6, 3),
     "estimate: state of both rings and of the link's watch tested"},
    {Operation::gem_rx_frame, "gem.rx_frame", with_barriers(work(150, 4, 4, 4, 2), 1),
     "estimate: 50 instructions and a load of uncached memory that stalls for 100 more"},
    {Operation::gem_tx_frame, "gem.tx_frame", with_barriers(work(50, 8, 6, 4, 2), 1),
     "estimate: sizes and room compared, one uncached store"},
    {Operation::gem_tx_reclaim, "gem.tx_reclaim", work(112, 2, 1, 1, 1),
     "estimate: 12 instructions and a load of uncached memory that stalls for 100 more"},
    {Operation::gem_cache_line, "gem.cache_line", work(6, 0, 0, 1, 1),
     "estimate: a loop around DC CVAC or DC IVAC"},
    {Operation::uart_start, "uart.start", work(2600, 4, 2, 6, 2),
     "estimate: search of the baud divisors, 10 instructions each"},
    {Operation::uart_service, "uart.service", work(24, 4, 3, 3, 2),
     "estimate: causes tested, mask worked out"},
    {Operation::uart_fifo_write, "uart.fifo_write", work(8, 3, 2, 1, 1),
     "estimate: a byte out of a ring and its store's address"},
    {Operation::uart_fifo_read, "uart.fifo_read", work(10, 2, 3, 1, 1),
     "estimate: status tested, a byte into a ring"},
    {Operation::console_control, "console.control", work(70, 16, 14, 5, 4),
     "estimate: 8 bytes taken apart or put together, a port's state tested and set"},
    {Operation::line_frame, "line.frame", work(40, 8, 8, 3, 3),
     "estimate: whose turn it is among the channels, header set up"},
    {Operation::line_send_byte, "line.send_byte", work(22, 3, 2, 2, 1),
     "estimate: check by table, compared with two codes, a byte into a ring"},
    {Operation::line_receive_byte, "line.receive_byte", work(24, 5, 4, 3, 2),
     "estimate: a step of a state machine, check by table"},
    {Operation::device_event, "device.event", work(60, 12, 8, 4, 3),
     "estimate: counter read and compared, the device's state set, timer armed"},
}};

constexpr bool rows_in_order() {
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (static_cast<std::size_t>(rows[i].operation) != i)
            return false;
    return true;
}
static_assert(rows_in_order());

}  // namespace

std::string_view name(Operation operation) {
    return rows[static_cast<std::size_t>(operation)].name;
}

std::string_view provenance(Operation operation) {
    return rows[static_cast<std::size_t>(operation)].provenance;
}

std::optional<Operation> find_operation(std::string_view name) {
    const auto* row =
        std::find_if(rows.begin(), rows.end(), [name](const Row& r) { return r.name == name; });
    if (row == rows.end())
        return std::nullopt;
    return row->operation;
}

OperationCosts::OperationCosts() {
    for (const Row& r : rows)
        set(r.operation, r.work);
}

bool OperationCosts::set_instructions(std::string_view name, std::uint32_t instructions) {
    const std::optional<Operation> o = find_operation(name);
    if (!o)
        return false;
    work_[static_cast<std::size_t>(*o)].instructions = instructions;
    return true;
}

}  // namespace vms::service
