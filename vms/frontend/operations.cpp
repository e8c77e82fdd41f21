#include "vms/frontend/operations.h"

#include <algorithm>

namespace vms::frontend {

namespace {

/// Instructions, loads, stores, lines of code, lines of data. All are estimates: read off the
/// length of the respective paths by eye, to be replaced by measured ones.
struct Estimate {
    std::uint32_t instructions;
    std::uint32_t loads;
    std::uint32_t stores;
    std::uint32_t code_lines;
    std::uint32_t data_lines;

    constexpr Work work() const {
        Work w;
        w.instructions = instructions;
        w.loads = loads;
        w.stores = stores;
        w.code_lines = code_lines;
        w.data_lines = data_lines;
        return w;
    }
};

struct Row {
    Operation operation;
    std::string_view name;
    Estimate linux_kernel;
    Estimate bare_metal;
};

constexpr std::array<Row, operation_count> rows{{
    {Operation::boot, "frontend.boot", {20000, 5000, 3000, 900, 600}, {400, 60, 120, 30, 12}},
    {Operation::cpu_on, "frontend.cpu_on", {5200, 1300, 900, 260, 120}, {30, 6, 6, 3, 2}},
    {Operation::secondary_boot,
     "frontend.secondary_boot",
     {7400, 1800, 1200, 340, 160},
     {120, 20, 30, 10, 6}},
    {Operation::cpu_call, "frontend.cpu_call", {160, 40, 24, 14, 8}, {8, 2, 2, 1, 1}},
    {Operation::register_access, "frontend.register_access", {14, 3, 2, 3, 2}, {5, 1, 1, 1, 1}},
    {Operation::probe_device,
     "frontend.probe_device",
     {9000, 2200, 1500, 420, 200},
     {80, 16, 16, 8, 4}},
    {Operation::ring_create, "frontend.ring_create", {2600, 600, 500, 120, 60}, {60, 10, 20, 6, 4}},
    {Operation::ring_add, "frontend.ring_add", {190, 48, 32, 16, 10}, {40, 10, 9, 4, 4}},
    {Operation::ring_get, "frontend.ring_get", {140, 38, 18, 12, 8}, {28, 8, 4, 3, 3}},
    {Operation::ring_poll, "frontend.ring_poll", {22, 6, 1, 3, 2}, {8, 2, 0, 1, 1}},
    {Operation::ring_kick, "frontend.ring_kick", {40, 10, 3, 4, 3}, {6, 2, 0, 1, 1}},
    {Operation::buffer_map, "frontend.buffer_map", {320, 70, 40, 26, 12}, {12, 3, 2, 2, 1}},
    {Operation::buffer_unmap, "frontend.buffer_unmap", {180, 40, 24, 14, 8}, {8, 2, 2, 1, 1}},
    {Operation::copy_line, "frontend.copy_line", {10, 4, 4, 1, 2}, {10, 4, 4, 1, 2}},
    {Operation::console_write, "frontend.console_write", {260, 60, 40, 22, 12}, {30, 6, 6, 3, 2}},
    {Operation::console_read, "frontend.console_read", {240, 60, 36, 20, 12}, {20, 5, 4, 2, 2}},
    {Operation::console_receive,
     "frontend.console_receive",
     {420, 100, 64, 36, 18},
     {20, 5, 4, 2, 2}},
    {Operation::console_control,
     "frontend.console_control",
     {700, 170, 110, 56, 26},
     {24, 6, 6, 3, 2}},
    {Operation::irq_entry, "frontend.irq_entry", {190, 40, 44, 16, 10}, {60, 4, 34, 5, 5}},
    {Operation::irq_exit, "frontend.irq_exit", {130, 44, 14, 12, 8}, {44, 34, 2, 4, 5}},
    {Operation::virtio_interrupt,
     "frontend.virtio_interrupt",
     {90, 24, 10, 8, 6},
     {16, 4, 2, 2, 2}},
    {Operation::ipc_doorbell, "frontend.ipc_doorbell", {420, 100, 70, 32, 14}, {12, 2, 3, 2, 1}},
    {Operation::ipc_interrupt, "frontend.ipc_interrupt", {380, 90, 60, 30, 16}, {10, 3, 2, 2, 1}},
    {Operation::timer_tick, "frontend.timer_tick", {650, 160, 90, 50, 28}, {24, 4, 4, 3, 2}},
    // Linux: sendto down to dev_hard_start_xmit, sk_buff included (ip_make_skb, __ip_append_data,
    // neigh_output, __dev_queue_xmit through pfifo_fast); bare metal writes headers in place.
    {Operation::net_socket_send,
     "frontend.net_socket_send",
     {2400, 640, 420, 150, 52},
     {90, 20, 24, 5, 3}},
    // ip_rcv, udp_rcv, the socket's queue, the copy's bookkeeping and recvmsg.
    {Operation::net_socket_receive,
     "frontend.net_socket_receive",
     {1900, 520, 300, 120, 44},
     {60, 16, 8, 4, 3}},
    // ip_rcv and icmp_echo with its ip_append_data; arp_rcv is shorter.
    {Operation::net_answer, "frontend.net_answer", {2100, 540, 360, 130, 46}, {110, 26, 28, 6, 4}},
    // start_xmit and xmit_skb.
    {Operation::net_transmit, "frontend.net_transmit", {160, 42, 28, 12, 8}, {14, 4, 4, 2, 1}},
    // napi_consume_skb and the socket's memory accounting.
    {Operation::net_transmitted, "frontend.net_transmitted", {150, 40, 24, 10, 6}, {4, 1, 1, 1, 1}},
    // receive_mergeable, page_to_skb or build_skb, napi_gro_receive, eth_type_trans.
    {Operation::net_receive, "frontend.net_receive", {620, 160, 110, 44, 18}, {16, 5, 3, 2, 1}},
    // add_recvbuf_mergeable with its page fragment.
    {Operation::net_refill, "frontend.net_refill", {110, 28, 18, 8, 5}, {4, 1, 1, 1, 1}},
    {Operation::net_schedule, "frontend.net_schedule", {80, 20, 14, 6, 4}, {3, 1, 1, 1, 1}},
    // __napi_poll, virtnet_poll, napi_complete_done.
    {Operation::net_poll, "frontend.net_poll", {230, 58, 36, 18, 10}, {8, 2, 1, 1, 1}},
    {Operation::net_command, "frontend.net_command", {140, 34, 26, 10, 6}, {24, 6, 6, 2, 1}},
    {Operation::net_checksum_line,
     "frontend.net_checksum_line",
     {20, 8, 0, 1, 1},
     {56, 32, 0, 1, 1}},
    {Operation::workload_call, "frontend.workload_call", {480, 120, 80, 38, 16}, {10, 2, 2, 1, 1}},
    {Operation::workload_line, "frontend.workload_line", {192, 16, 16, 2, 2}, {192, 16, 16, 2, 2}},
    {Operation::workload_wake, "frontend.workload_wake", {900, 220, 150, 70, 34}, {6, 2, 0, 1, 1}},
}};

constexpr bool rows_in_order() {
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (static_cast<std::size_t>(rows[i].operation) != i)
            return false;
    return true;
}
static_assert(rows_in_order(), "one row for each operation, in its order");

}  // namespace

std::string_view name(Operation operation) {
    return rows[static_cast<std::size_t>(operation)].name;
}

std::optional<Operation> find_operation(std::string_view name) {
    const auto row = std::ranges::find(rows, name, &Row::name);
    if (row == rows.end())
        return std::nullopt;
    return row->operation;
}

Operations::Operations(Software software) {
    for (const Row& row : rows)
        set(row.operation,
            (software == Software::linux_kernel ? row.linux_kernel : row.bare_metal).work());
}

bool Operations::set_instructions(std::string_view name, std::uint32_t instructions) {
    const std::optional<Operation> o = find_operation(name);
    if (o)
        work_[static_cast<std::size_t>(*o)].work.instructions = instructions;
    return o.has_value();
}

}  // namespace vms::frontend
