#include "vms/workload/ipc_ring.h"

#include <algorithm>
#include <cstring>

namespace vms::workload {

namespace {

// Words of a slot.
constexpr std::uint64_t length_word = 0;
constexpr std::uint64_t sequence_word = 4;
constexpr std::uint64_t crc_word = 8;

constexpr std::size_t register_bytes = 8;

std::uint32_t load_word(Cpu& cpu, GuestAddr a) {
    return static_cast<std::uint32_t>(cpu.load(a, Width::word));
}

std::uint32_t observe_word(Cpu& cpu, GuestAddr a) {
    return static_cast<std::uint32_t>(cpu.observe(a, Width::word));
}

}  // namespace

IpcSender::IpcSender(Cpu& cpu, IpcRingLayout layout)
    : cpu_(cpu), layout_(layout), index_(load_word(cpu, layout.produced())) {
}

bool IpcSender::put(const IpcMessage& m) {
    if (m.payload.size() > layout_.capacity() ||
        index_ - observe_word(cpu_, layout_.consumed()) >= IpcRingLayout::slots)
        return false;
    const GuestAddr slot = layout_.slot(index_);
    cpu_.store(slot + length_word, Width::word, m.payload.size());
    cpu_.store(slot + sequence_word, Width::word, m.sequence);
    cpu_.store(slot + crc_word, Width::word, m.crc32);
    // A slot is whole registers long.
    for (std::size_t at = 0; at < m.payload.size(); at += register_bytes) {
        std::uint64_t v = 0;
        std::memcpy(&v, m.payload.data() + at, std::min(register_bytes, m.payload.size() - at));
        cpu_.store(slot + (IpcRingLayout::slot_header_bytes + at), Width::dword, v);
    }
    cpu_.publish(layout_.produced(), Width::word, ++index_);
    return true;
}

IpcReceiver::IpcReceiver(Cpu& cpu, IpcRingLayout layout)
    : cpu_(cpu), layout_(layout), index_(load_word(cpu, layout.consumed())) {
}

std::optional<IpcMessage> IpcReceiver::take() {
    const std::uint32_t waiting = observe_word(cpu_, layout_.produced()) - index_;
    broken_ = broken_ || waiting > IpcRingLayout::slots;
    if (broken_ || waiting == 0)
        return std::nullopt;
    const GuestAddr slot = layout_.slot(index_);
    const std::uint32_t length = load_word(cpu_, slot + length_word);
    if (length > layout_.capacity()) {
        broken_ = true;
        return std::nullopt;
    }
    IpcMessage m;
    m.sequence = load_word(cpu_, slot + sequence_word);
    m.crc32 = load_word(cpu_, slot + crc_word);
    m.payload.resize(length);
    for (std::size_t at = 0; at < length; at += register_bytes) {
        const std::uint64_t v =
            cpu_.load(slot + (IpcRingLayout::slot_header_bytes + at), Width::dword);
        std::memcpy(m.payload.data() + at, &v, std::min<std::size_t>(register_bytes, length - at));
    }
    cpu_.publish(layout_.consumed(), Width::word, ++index_);
    return m;
}

}  // namespace vms::workload
