#include "vms/frontend/net_device.h"

#include "vms/workload/packets/checksum.h"

namespace vms::frontend {

void NetDevice::stop(Fault f) {
    if (fault != Fault::none)
        return;
    fault = f;
    ++activity;
    cpu.note(Note::driver_fault, static_cast<std::uint64_t>(f), transport.window().value);
}

bool NetDevice::kick(std::uint32_t queue) {
    cpu.retire_named(operations[Operation::ring_kick]);
    if (!profile.kicks_always && !transport.queue(queue).kick_needed())
        return false;
    transport.notify(queue);
    return true;
}

void NetDevice::note_frame(FramePoint where, std::span<const std::byte> frame,
                           workload::PartialChecksum checksum) {
    const std::uint64_t window = transport.window().value;
    if (!checksum.wanted) {
        cpu.note_frame(where, window, frame);
        return;
    }
    scratch.assign(frame.begin(), frame.end());
    workload::packets::complete_checksum(scratch, checksum.start, checksum.offset);
    cpu.note_frame(where, window, scratch);
}

}  // namespace vms::frontend
