#include "vms/service/net/net_device.h"

#include <bit>
#include <cstring>

#include "vms/abi/virtio_mmio.h"

namespace vms::service {

namespace net = abi::net;

namespace {

using RawHeader = std::array<std::byte, net::header::bytes>;

/// 5.1.3.1.
constexpr FeatureDependency dependencies[] = {
    {net::feature::ctrl_rx, net::feature::ctrl_vq},
    {net::feature::ctrl_rx_extra, net::feature::ctrl_vq},
    {net::feature::ctrl_mac_addr, net::feature::ctrl_vq},
};

net::Header decode(std::span<const std::byte> from) {
    static_assert(std::endian::native == std::endian::little, "headers are little-endian");
    net::Header header;
    std::memcpy(&header, from.data(), sizeof header);
    return header;
}

}  // namespace

NetDevice::NetDevice(Port& port, Switch& net, const Parameters& parameters,
                     DeviceCounters& counters)
    : port_(port),
      switch_(net),
      p_(parameters),
      counters_(counters),
      switch_port_(net.attach(*this, parameters.stations)),
      mac_(parameters.mac) {
    // Nobody else has its address, not even while its driver uses another.
    if (offers(net::feature::mac)) {
        switch_.know(switch_port_, ethernet::to_address(mac_));
        switch_.set_own(switch_port_, ethernet::to_address(mac_));
    }
}

DeviceProfile NetDevice::profile() const {
    return {.device_type = abi::mmio::device_type::network,
            .features = p_.features,
            .queues = net::queues(offers(net::feature::ctrl_vq)),
            .queue_size_max = p_.queue_size_max,
            .config_bytes = net::config::bytes,
            .dependencies = dependencies};
}

std::uint32_t NetDevice::queues(std::uint64_t features) const {
    return net::queues((features >> net::feature::ctrl_vq & 1) != 0);
}

// --- configuration ------------------------------------------------------------------------------

std::uint32_t NetDevice::read_config(std::uint32_t offset, Width width) {
    // A field whose feature is not offered does not exist (5.1.4) and reads 0.
    std::array<std::uint8_t, net::config::bytes> bytes{};
    const auto put = [&bytes](std::uint32_t at, unsigned feature_bytes, std::uint32_t value) {
        for (unsigned i = 0; i < feature_bytes; ++i)
            bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
    };
    if (offers(net::feature::mac))
        for (std::size_t i = 0; i < mac_.size(); ++i)
            bytes[net::config::mac + i] = mac_[i];
    if (offers(net::feature::status))
        put(net::config::status, 2, link_up_ ? net::config::status_link_up : 0u);
    if (offers(net::feature::mtu))
        put(net::config::mtu, 2, p_.mtu);
    if (offers(net::feature::speed_duplex)) {
        put(net::config::speed, 4, p_.speed_mbps);
        put(net::config::duplex, 1, p_.duplex);
    }
    std::uint32_t value = 0;
    for (unsigned i = vms::bytes(width); i-- > 0;)
        if (offset + i < bytes.size())
            value = value << 8 | bytes[offset + i];
    return value;
}

void NetDevice::write_config(std::uint32_t offset, Width /*width*/, std::uint32_t value) {
    ++counters_.violations;  // 5.1.4: read-only for the driver
    host().report(Incident::out_of_order, write_detail(abi::mmio::config + offset, value));
}

void NetDevice::uplink_changed(bool up) {
    if (!p_.link_follows_uplink || link_up_ == up)
        return;
    link_up_ = up;
    if (offers(net::feature::status))
        host().config_changed(true);
}

// --- life ---------------------------------------------------------------------------------------

void NetDevice::activate(const DeviceContext& context) {
    context_ = context;
    csum_ = context.has(net::feature::csum);
    guest_csum_ = context.has(net::feature::guest_csum);
    mrg_rxbuf_ = context.has(net::feature::mrg_rxbuf);
    ctrl_vq_ = context.has(net::feature::ctrl_vq);
    transmit_waits_ = false;
    receive_waits_ = false;
    control_waits_ = false;
    filter_.clear();  // 5.1.9.5.2.1: empty on reset
    if (context.has(net::feature::mac))
        filter_.set_address(ethernet::to_address(mac_));
    // A driver that cannot say which groups it wants gets all of them.
    filter_.modes().all_multicast = !context.has(net::feature::ctrl_rx);
    active_ = true;
    receiveq().suppress_kicks();
    if (p_.poll_rings)
        transmitq().suppress_kicks();
}

void NetDevice::reset() {
    if (active_) {
        account_unpublished();
        switch_.port_down(switch_port_);
    }
    active_ = false;
    full_ = StationTable::no_port;
    context_ = DeviceContext();
    if (mac_ == p_.mac)
        return;
    switch_.unknow(switch_port_, ethernet::to_address(mac_));
    switch_.set_own(switch_port_, offers(net::feature::mac) ? ethernet::to_address(p_.mac) : 0);
    mac_ = p_.mac;
    host().config_changed(false);  // 4.2.2.1: a new generation; who has reset need not be told
}

void NetDevice::queue_stopped(std::uint32_t queue) {
    if (queue == net::receiveq)
        account_unpublished();
    if (queue == net::transmitq)
        full_ = StationTable::no_port;
}

void NetDevice::kicked(std::uint32_t queue) {
    switch (queue) {
        case net::receiveq:
            receive_waits_ = false;
            receiveq().suppress_kicks();
            break;
        case net::transmitq:
            transmit_waits_ = false;
            break;
        case net::controlq:
            control_waits_ = false;
            break;
        default:
            break;
    }
}

bool NetDevice::receiving() {
    return active_ && receiveq().active() && receiveq().fault() == QueueFault::none &&
           host().running();
}

bool NetDevice::work() {
    port_.charge<Operation::net_step>();
    const bool more_frames = transmit_step();
    const bool more_commands = ctrl_vq_ && control_step();
    return more_frames || more_commands;
}

// --- transmission -------------------------------------------------------------------------------

bool NetDevice::transmit_step() {
    SplitQueue& queue = transmitq();
    full_ = StationTable::no_port;
    if (transmit_waits_ || !queue.active())
        return false;
    if (!queue.available()) {
        if (p_.poll_rings)
            return false;
        transmit_waits_ = !queue.request_kick();
        if (transmit_waits_)
            return false;
    }
    queue.suppress_kicks();
    const SplitQueue::Mark mark = queue.mark();
    DescriptorChain chain = queue.pop(storage_);
    if (!chain)
        return false;
    // Header and frame together, whatever descriptors they are spread over. Of what is too long to
    // be forwarded nothing is read.
    const std::uint64_t size = chain.reader().remaining();
    const std::span<std::byte> storage = switch_.storage();
    const bool fits = size <= net::header::bytes + longest(true);
    const std::size_t read = fits ? chain.reader().read(*context_.memory, storage.first(size)) : 0;
    if (p_.wait_for_room && read >= net::header::bytes + ethernet::header_bytes)
        full_ = switch_.full_uplink(Frame::with_headroom(storage.first(read)));
    if (waits_for_room()) {
        // Read anew when there is room.
        queue.rewind(mark, std::move(chain));
        return false;
    }
    queue.complete(std::move(chain), 0);
    if (!fits)
        switch_.refuse(switch_port_, size - net::header::bytes, Drop::too_long);
    else if (read < net::header::bytes)
        switch_.refuse(switch_port_, 0, Drop::short_header);
    else
        transmit(storage.first(read));
    return true;
}

void NetDevice::transmit(std::span<std::byte> storage) {
    port_.charge<Operation::net_tx_frame>();
    const net::Header header = decode(storage);
    Frame frame = Frame::with_headroom(storage);
    counters_.tx_bytes += frame.size();
    // 5.1.9.2.2: unknown flags are ignored, hdr_len and gso_size are not used, and the checksum's
    // fields only with NEEDS_CSUM, which only a driver sets that accepted CSUM.
    Drop cause = Drop::none;
    if (header.gso_type != net::gso::none)
        cause = Drop::segmentation;
    else if (frame.size() < ethernet::header_bytes)
        cause = Drop::too_short;
    else if (frame.size() > longest(frame.tagged()))
        cause = Drop::too_long;
    else if (csum_ && (header.flags & net::flag::needs_csum) != 0 &&
             !frame.set_partial(header.csum_start, header.csum_offset))
        cause = Drop::bad_checksum;
    if (cause == Drop::none)
        switch_.enter(switch_port_, frame);
    else
        switch_.refuse(switch_port_, frame.size(), cause);
}

// --- reception ----------------------------------------------------------------------------------

Drop NetDevice::deliver(Frame& frame) {
    if (!receiving())
        return Drop::port_down;
    if (!filter_.accepts(frame.destination()))
        return Drop::filtered;
    port_.charge<Operation::net_rx_frame>();
    // 5.1.4.1, whether or not the driver has accepted MTU.
    if (frame.size() > longest(frame.tagged()))
        return Drop::too_long;
    if (!receiveq().available())
        return receiving() ? Drop::no_buffer : Drop::port_down;

    // 5.1.9.4.1: without GUEST_CSUM no flags and a complete checksum. DATA_VALID is never set: it
    // would say that somebody has verified the checksum.
    net::Header header{.num_buffers = 1};
    if (frame.partial()) {
        if (guest_csum_) {
            header.flags = net::flag::needs_csum;
            header.csum_start = frame.checksum_start();
            header.csum_offset = frame.checksum_offset();
        } else {
            switch_.complete_checksum(frame);
        }
    }
    const RawHeader raw = std::bit_cast<RawHeader>(header);
    if (receiveq().unpublished() == 0)
        unpublished_frames_ = unpublished_bytes_ = 0;
    Drop cause = Drop::none;
    if (frame.storage().empty()) {
        cause = write({raw, frame.bytes()});
    } else {
        // One piece: the header goes into the room before the frame.
        std::memcpy(frame.storage().data(), raw.data(), raw.size());
        cause = write({frame.storage(), {}});
    }
    if (cause != Drop::none)
        return cause;
    ++unpublished_frames_;
    unpublished_bytes_ += frame.size();
    counters_.rx_bytes += frame.size();
    host().publication_wanted();
    return Drop::none;
}

bool NetDevice::room() {
    if (receive_waits_ || !receiving())
        return false;
    if (receiveq().available())
        return true;
    receive_waits_ = !receiveq().request_kick();
    return !receive_waits_;
}

Drop NetDevice::write(Rest rest) {
    SplitQueue& queue = receiveq();
    const std::uint64_t descriptors_end = counters_.descriptors + descriptors_for_a_frame();
    // Buffers that cannot even hold a header are given back empty, a few at a time: whoever else
    // waits for this program does not pay for them.
    for (unsigned bad = 0; bad < max_bad_buffers; ++bad) {
        const SplitQueue::Mark mark = queue.mark();
        DescriptorChain chain = queue.pop(storage_);
        if (!chain)
            break;
        const std::uint64_t room = chain.writer().remaining();
        if (room >= rest.bytes()) [[likely]] {
            const std::uint64_t written = put(chain, rest);
            queue.complete(std::move(chain), written);
            return Drop::none;
        }
        if (room < net::header::bytes) {
            ++counters_.bad_buffers;
            host().report(Incident::bad_buffer, 0);
            queue.complete(std::move(chain), 0);
            host().publication_wanted();
            continue;
        }
        if (mrg_rxbuf_)
            return spread(std::move(chain), mark, rest, descriptors_end);
        // The buffer stays the driver's next: a shorter frame may fit.
        queue.rewind(mark, std::move(chain));
        return Drop::buffer_too_small;
    }
    return receiving() ? Drop::no_buffer : Drop::port_down;
}

Drop NetDevice::spread(DescriptorChain&& first, const SplitQueue::Mark& mark, Rest rest,
                       std::uint64_t descriptors_end) {
    SplitQueue& queue = receiveq();
    DescriptorChain chain = std::move(first);
    // How many buffers it takes is known at the end: the place of that number is kept. Its two
    // bytes may lie in two descriptors.
    const std::array<GuestAddr, 2> count_at{chain.writer().address(net::header::num_buffers),
                                            chain.writer().address(net::header::num_buffers + 1)};
    std::uint16_t buffers = 0;
    for (;;) {
        port_.charge<Operation::net_rx_part>();
        // 5.1.9.4.1: every buffer but the last is used completely.
        const std::uint64_t written = put(chain, rest);
        queue.complete(std::move(chain), written);
        ++buffers;
        if (rest.bytes() == 0)
            break;
        // Ends with the frame: every chain takes some of it, at least as much as a header has. With
        // buffers that are smaller, or cut in more pieces than anybody needs, it ends at once.
        chain = counters_.descriptors < descriptors_end ? queue.pop(storage_) : DescriptorChain();
        const bool bad = chain && chain.writer().remaining() < net::header::bytes;
        if (!chain || bad) {
            queue.rewind(mark, std::move(chain));
            counters_.bad_buffers += bad ? 1 : 0;
            return receiving() ? Drop::no_buffer : Drop::port_down;
        }
    }
    for (unsigned i = 0; i < count_at.size(); ++i) {
        const std::byte b{static_cast<std::uint8_t>(buffers >> (8 * i))};
        if (!context_.memory->copy_out(count_at[i], {&b, 1}))
            return Drop::port_down;  // not reached: the address was checked with its buffer
    }
    return Drop::none;
}

std::uint64_t NetDevice::put(DescriptorChain& chain, Rest& rest) const {
    ChainWriter& writer = chain.writer();
    const std::size_t head = writer.write(*context_.memory, rest.head);
    rest.head = rest.head.subspan(head);
    if (!rest.head.empty() || rest.body.empty())
        return head;
    const std::size_t body = writer.write(*context_.memory, rest.body);
    rest.body = rest.body.subspan(body);
    return head + body;
}

void NetDevice::account_unpublished() {
    // What was completed and not published will never be seen: the driver took the queue back.
    if (receiveq().unpublished() != 0)
        switch_.lost(switch_port_, unpublished_frames_, unpublished_bytes_, Drop::reset);
    unpublished_frames_ = unpublished_bytes_ = 0;
}

// --- control queue ------------------------------------------------------------------------------

bool NetDevice::control_step() {
    SplitQueue& queue = controlq();
    if (control_waits_ || !queue.active())
        return false;
    if (!queue.available()) {
        control_waits_ = !queue.request_kick();
        if (control_waits_)
            return false;
    }
    queue.suppress_kicks();
    DescriptorChain chain = queue.pop(storage_);
    if (!chain)
        return false;
    port_.charge<Operation::net_control>();
    // The effect comes before the command is marked used.
    const bool done = control(chain.reader());
    ++(done ? counters_.commands : counters_.refused_commands);
    const std::byte ack{done ? net::control::ok : net::control::err};
    const std::size_t written = chain.writer().write(*context_.memory, {&ack, 1});
    if (written == 0) {
        ++counters_.bad_buffers;
        host().report(Incident::bad_buffer, 0);
    }
    queue.complete(std::move(chain), written);
    return true;
}

bool NetDevice::control(ChainReader& command) {
    std::array<std::byte, net::control::data_offset> raw{};
    if (command.read(*context_.memory, raw) != raw.size())
        return false;
    const auto cls = std::to_integer<std::uint8_t>(raw[net::control::class_offset]);
    const auto what = std::to_integer<std::uint8_t>(raw[net::control::command_offset]);
    switch (cls) {
        case net::control::rx::cls:
            return set_mode(what, command);
        case net::control::mac::cls:
            if (what == net::control::mac::table_set)
                return context_.has(net::feature::ctrl_rx) && set_table(command);
            if (what == net::control::mac::addr_set)
                return context_.has(net::feature::ctrl_mac_addr) && set_address(command);
            return false;
        default:
            return false;
    }
}

bool NetDevice::set_mode(std::uint8_t mode, ChainReader& command) {
    ReceiveFilter::Modes& modes = filter_.modes();
    bool* target = nullptr;
    bool extra = true;
    switch (mode) {
        case net::control::rx::promisc:
            target = &modes.promiscuous;
            extra = false;
            break;
        case net::control::rx::allmulti:
            target = &modes.all_multicast;
            extra = false;
            break;
        case net::control::rx::alluni:
            target = &modes.all_unicast;
            break;
        case net::control::rx::nomulti:
            target = &modes.no_multicast;
            break;
        case net::control::rx::nouni:
            target = &modes.no_unicast;
            break;
        case net::control::rx::nobcast:
            target = &modes.no_broadcast;
            break;
        default:
            return false;
    }
    if (!context_.has(extra ? net::feature::ctrl_rx_extra : net::feature::ctrl_rx))
        return false;
    std::byte on{};
    if (command.remaining() != 1 || command.read(*context_.memory, {&on, 1}) != 1)
        return false;
    if (on > std::byte{1})
        return false;
    *target = on == std::byte{1};
    return true;
}

bool NetDevice::set_table(ChainReader& command) {
    // Both halves are read before either takes effect.
    ReceiveFilter::Table unicast;
    ReceiveFilter::Table multicast;
    if (!read_addresses(command, unicast) || !read_addresses(command, multicast) ||
        command.remaining() != 0)
        return false;
    filter_.unicast() = unicast;
    filter_.multicast() = multicast;
    return true;
}

bool NetDevice::read_addresses(ChainReader& command, ReceiveFilter::Table& table) {
    std::array<std::byte, 4> raw{};
    if (command.read(*context_.memory, raw) != raw.size())
        return false;
    const std::uint64_t entries = std::bit_cast<std::uint32_t>(raw);
    const std::uint64_t size = entries * net::mac_bytes;
    if (size > command.remaining())
        return false;
    if (entries > ReceiveFilter::table_entries) {
        table.overflow();
        command.skip(size);
        return true;
    }
    for (std::uint64_t i = 0; i < entries; ++i) {
        std::array<std::uint8_t, net::mac_bytes> mac{};
        command.read(*context_.memory, std::as_writable_bytes(std::span(mac)));
        table.add(ethernet::to_address(mac));
    }
    port_.charge<Operation::net_filter_entry>(static_cast<std::uint32_t>(entries));
    return true;
}

bool NetDevice::set_address(ChainReader& command) {
    net::Mac mac{};
    if (command.remaining() != mac.size() ||
        command.read(*context_.memory, std::as_writable_bytes(std::span(mac))) != mac.size())
        return false;
    const ethernet::Address address = ethernet::to_address(mac);
    // Nobody takes the address of a station that is known elsewhere.
    if (ethernet::is_group(address) || !switch_.know(switch_port_, address))
        return false;
    if (mac_ != mac) {
        if (mac_ != p_.mac)
            switch_.unknow(switch_port_, ethernet::to_address(mac_));
        mac_ = mac;
        host().config_changed(false);  // 4.2.2.1: a new generation; the driver knows of the change
    }
    switch_.set_own(switch_port_, address);
    filter_.set_address(address);
    return true;
}

}  // namespace vms::service
