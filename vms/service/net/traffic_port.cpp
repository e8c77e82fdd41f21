#include "vms/service/net/traffic_port.h"

#include <algorithm>

namespace vms::service {

namespace {

/// IEEE 802, 9.2.3: local experimental EtherType 1.
constexpr std::uint16_t experimental_type = 0x88b5;

void put(std::span<std::byte> to, const abi::net::Mac& mac) {
    std::transform(mac.begin(), mac.end(), to.begin(), [](std::uint8_t b) { return std::byte{b}; });
}

}  // namespace

TrafficPort::TrafficPort(Switch& net, const Parameters& parameters)
    : switch_(net), p_(parameters), port_(net.attach(*this, 1)) {
    net.know(port_, ethernet::to_address(parameters.mac));
}

bool TrafficPort::send(std::uint32_t budget, bool interrupt_pending) {
    if (kept_ != 0) {
        if (!interrupt_pending)
            give_back();
        return false;
    }
    if (p_.frame_bytes == 0)
        return false;
    for (std::uint32_t n = 0; n < budget; ++n) {
        if (!switch_.room(p_.to_port))
            return false;
        const std::span<std::byte> all =
            std::span(storage_).first(Frame::headroom + p_.frame_bytes);
        const std::span<std::byte> bytes = all.subspan(Frame::headroom);
        put(bytes, p_.to);
        put(bytes.subspan(ethernet::source_at), p_.mac);
        bytes[ethernet::type_at] = static_cast<std::byte>(experimental_type >> 8);
        bytes[ethernet::type_at + 1] = static_cast<std::byte>(experimental_type & 0xff);
        Frame frame = Frame::with_headroom(all);
        switch_.enter(port_, frame);
    }
    return true;
}

Drop TrafficPort::deliver(Frame& frame) {
    // A frame that comes back while one is on its way is another such station's: it ends here.
    if (p_.echo == TrafficEcho::none || returning_)
        return Drop::none;
    if (kept_ != 0)
        return Drop::no_buffer;
    if (frame.partial())
        switch_.complete_checksum(frame);
    turn_round(frame);
    if (p_.echo == TrafficEcho::at_once)
        give_back();
    return Drop::none;
}

void TrafficPort::turn_round(const Frame& frame) {
    const std::span<std::byte> all = std::span(storage_).first(Frame::headroom + frame.size());
    const std::span<std::byte> bytes = all.subspan(Frame::headroom);
    std::copy(frame.bytes().begin(), frame.bytes().end(), bytes.begin());
    std::swap_ranges(bytes.begin(), bytes.begin() + ethernet::source_at,
                     bytes.begin() + ethernet::source_at);
    // A group address is nobody's source.
    if (ethernet::is_group(frame.destination()))
        put(bytes.subspan(ethernet::source_at), p_.mac);
    kept_ = bytes.size();
}

void TrafficPort::give_back() {
    Frame back = Frame::with_headroom(std::span(storage_).first(Frame::headroom + kept_));
    returning_ = true;
    switch_.enter(port_, back);
    returning_ = false;
    kept_ = 0;
}

}  // namespace vms::service
