// The workloads over a shared-memory object with doorbells: one VM asks, another answers.
#include <cstddef>
#include <optional>
#include <span>

#include "vms/workload/crc32.h"
#include "vms/workload/ipc_ring.h"
#include "vms/workload/pattern.h"
#include "vms/workload/workload.h"

namespace vms::workload {

namespace {

std::uint32_t checksum(std::span<const std::byte> bytes) {
    Crc32 crc;
    crc.update(bytes);
    return crc.value();
}

}  // namespace

bool Workload::ring(Cpu& cpu, IpcPort& port) {
    cpu.retire_named(costs_.call);
    if (port.ring(config_.doorbell, config_.event) == 0)
        return true;
    ++counters_.doorbells_refused;
    return false;
}

/// One message at a time, and the wait for its answer.
bool Workload::ipc_ping(Cpu& cpu, IpcPort& port) {
    IpcSender requests(cpu, IpcRingLayout::requests(port.base(), port.size()));
    IpcReceiver replies(cpu, IpcRingLayout::replies(port.base(), port.size()));
    IpcMessage message;
    message.payload.resize(static_cast<std::size_t>(config_.bytes));
    Pace pace(cpu, config_.period_ns);
    for (std::uint64_t n = 0; n < config_.count; ++n) {
        pace.wait(cpu);
        message.sequence = requests.index();
        for (std::size_t i = 0; i < message.payload.size(); ++i)
            message.payload[i] = static_cast<std::byte>(
                pattern_byte(config_.seed, message.sequence * config_.bytes + i));
        message.crc32 = checksum(message.payload);
        charge_lines(cpu, message.payload.size());

        const std::uint64_t begin = cpu.counter();
        if (!requests.put(message) || !ring(cpu, port))
            return false;
        std::optional<IpcMessage> reply = replies.take();
        while (!reply) {
            if (replies.broken())
                return false;
            port.wait();
            cpu.retire_named(costs_.wake);
            reply = replies.take();
        }
        counters_.round_trip_ticks.add(cpu.counter() - begin);
        charge_lines(cpu, reply->payload.size());
        ++counters_.messages;
        if (reply->sequence != message.sequence || reply->crc32 != message.crc32 ||
            reply->payload != message.payload)
            ++counters_.mismatches;
    }
    return counters_.mismatches == 0;
}

/// Everything that has arrived is answered before it rings: one doorbell for all.
bool Workload::ipc_echo(Cpu& cpu, IpcPort& port) {
    IpcReceiver requests(cpu, IpcRingLayout::requests(port.base(), port.size()));
    IpcSender replies(cpu, IpcRingLayout::replies(port.base(), port.size()));
    while (counters_.messages < config_.count) {
        bool any = false;
        while (counters_.messages < config_.count) {
            const std::uint32_t expected = requests.index();
            const std::optional<IpcMessage> message = requests.take();
            if (!message)
                break;
            any = true;
            charge_lines(cpu, message->payload.size());
            ++counters_.messages;
            if (message->sequence != expected || message->crc32 != checksum(message->payload))
                ++counters_.mismatches;
            if (!replies.put(*message))
                return false;
        }
        if (requests.broken() || (any && !ring(cpu, port)))
            return false;
        if (!any) {
            port.wait();
            cpu.retire_named(costs_.wake);
        }
    }
    return counters_.mismatches == 0;
}

}  // namespace vms::workload
