#include "vms/frontend/net.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "vms/abi/virtio_mmio.h"
#include "vms/frontend/guest_memory.h"

namespace vms::frontend {

namespace mmio = abi::mmio;
namespace net = abi::net;
using workload::packets::MacAddress;

namespace {

/// The address of an interface whose device has none: locally administered. Linux draws a random
/// one; here it is made of a number that no other interface has, so that it is the same in each
/// run.
MacAddress fallback_mac(std::uint32_t v) {
    return {{0x02, 0xba, static_cast<std::uint8_t>(v >> 24), static_cast<std::uint8_t>(v >> 16),
             static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)}};
}

/// What needs the control queue: a device that offers it without CTRL_VQ breaks 5.1.3.1.
constexpr std::array needs_control_queue{net::feature::ctrl_rx, net::feature::ctrl_mac_addr};

}  // namespace

NetDriver::NetDriver(const DriverContext& context, const DeviceConfig& config)
    : interrupts_(context.interrupts),
      profile_(context.profile),
      config_(config),
      shared_(config.shared.base, config.shared.size),
      private_(config.private_memory.base, config.private_memory.size),
      transport_(context.cpu, profile_.transport, context.operations, config.window.base),
      device_{.cpu = context.cpu,
              .softirq = interrupts_.softirq(),
              .profile = profile_.net,
              .operations = context.operations,
              .transport = transport_,
              .memory = &shared_},
      transmit_(device_),
      receive_(device_, transmit_),
      mac_(fallback_mac(config.net.number)) {
}

// --- probe --------------------------------------------------------------------------------------

Fault NetDriver::probe() {
    const Fault fault = start();
    if (fault != Fault::none)
        device_.stop(fault);
    return fault;
}

Fault NetDriver::start() {
    const NetProfile& p = profile_.net;
    charge(Operation::probe_device);
    if (const Fault f = transport_.identify(mmio::device_type::network); f != Fault::none)
        return f;
    const auto validate = [this] {
        if (profile_.net.validates_mtu && device_.negotiated(net::feature::mtu) &&
            read_mtu() < net::config::mtu_min)
            transport_.decline(net::feature::mtu);
    };
    std::uint64_t wanted = p.features & config_.net.features;
    if ((wanted & mmio::feature_bit(net::feature::ctrl_vq)) == 0)
        for (const unsigned f : needs_control_queue)
            wanted &= ~mmio::feature_bit(f);
    if (const Fault f = transport_.negotiate(wanted, validate); f != Fault::none)
        return f;

    const bool bypasses = profile_.transport.bypasses_shared_region &&
                          config_.private_memory.size != 0 &&
                          !device_.negotiated(mmio::feature::access_platform);
    device_.memory = bypasses ? &private_ : &shared_;
    device_.bounced = p.buffers == NetProfile::Buffers::bounced && !bypasses;
    device_.polling = config_.net.polling && !p.deferred;

    read_configuration();
    if (!p.attaches_late)
        interrupts_.attach(config_.interrupt, *this);
    const Fault fault = create_queues();
    if (fault != Fault::none && !p.attaches_late)
        interrupts_.detach(config_.interrupt, *this);
    if (fault != Fault::none)
        return fault;
    if (p.attaches_late && !device_.polling)
        interrupts_.attach(config_.interrupt, *this);
    // The link's state is read later, by the work that a configuration change causes too.
    if (device_.negotiated(net::feature::status))
        update_link();
    else
        link_up_ = true;
    return Fault::none;
}

void NetDriver::read_configuration() {
    if (device_.negotiated(net::feature::mac)) {
        std::uint32_t before = 0;
        std::uint32_t after = 0;
        const bool generations = profile_.net.mac_between_generations;
        if (generations)
            after = transport_.config_generation();
        do {
            before = after;
            for (std::uint32_t i = 0; i < net::mac_bytes; ++i)
                mac_.bytes[i] = static_cast<std::uint8_t>(
                    transport_.read_config(net::config::mac + i, Width::byte));
            if (generations)
                after = transport_.config_generation();
        } while (after != before);
    }
    if (device_.negotiated(net::feature::mtu))
        mtu_ = read_mtu();
}

std::uint16_t NetDriver::read_mtu() {
    return static_cast<std::uint16_t>(transport_.read_config(net::config::mtu, Width::half));
}

Fault NetDriver::create_queues() {
    const std::array sizes{config_.net.receive_queue_size, config_.net.transmit_queue_size,
                           std::uint32_t{0}};
    for (std::uint32_t q = 0; q < net::queues(has_control_queue()); ++q) {
        const std::uint32_t size = sizes[q] != 0 ? sizes[q] : config_.queue_size;
        if (const Fault f = transport_.create_queue(q, size, *device_.memory); f != Fault::none)
            return f;
    }
    if (has_control_queue())
        transport_.queue(net::controlq).without_interrupts();
    receive_.start(mtu_, device_.negotiated(net::feature::mtu));
    if (!transmit_.start(mtu_))
        return Fault::out_of_shared_memory;
    if (device_.polling) {
        receive_.ring().enable_interrupts(false);
        transmit_.ring().enable_interrupts(false);
    }
    if (const Fault f = transport_.ready(); f != Fault::none)
        return f;
    return Fault::none;
}

/// virtnet_config_changed_work.
void NetDriver::update_link() {
    const bool up = (transport_.read_config(net::config::status, Width::half) &
                     net::config::status_link_up) != 0;
    if (up == link_up_)
        return;
    link_up_ = up;
    ++device_.activity;
    if (up && device_.negotiated(net::feature::speed_duplex)) {
        transport_.read_config(net::config::speed, Width::word);
        transport_.read_config(net::config::duplex, Width::byte);
    }
}

Fault NetDriver::bring_up() {
    if (device_.fault != Fault::none || up_)
        return device_.fault;
    if (config_.net.mac)
        set_mac(*config_.net.mac);
    {
        const Softirq::Disabled bottom_halves(device_.softirq);
        receive_.fill();
        if (receive_.ring().outstanding() == 0) {
            device_.stop(Fault::out_of_shared_memory);
            return device_.fault;
        }
        up_ = true;
        // What came before the polls could be scheduled has brought an interrupt that was lost.
        if (profile_.net.deferred) {
            receive_.schedule();
            transmit_.schedule();
        }
    }
    set_rx_mode();
    return device_.fault;
}

void NetDriver::remove() {
    up_ = false;
    transport_.remove();
    if (!device_.polling)
        interrupts_.detach(config_.interrupt, *this);
}

// --- control queue ------------------------------------------------------------------------------

bool NetDriver::set_mac(const MacAddress& mac) {
    if (device_.negotiated(net::feature::ctrl_mac_addr) &&
        !command(net::control::mac::cls, net::control::mac::addr_set,
                 {std::as_bytes(std::span{mac.bytes})}))
        return false;
    mac_ = mac;
    return true;
}

void NetDriver::join(const MacAddress& group) {
    if (std::ranges::find(groups_, group) != groups_.end())
        return;
    groups_.push_back(group);
    if (up_)
        set_rx_mode();
}

/// virtnet_set_rx_mode: neither promiscuous nor all multicast, no further unicast address, the
/// groups that were joined.
void NetDriver::set_rx_mode() {
    if (!profile_.net.sets_rx_mode || !device_.negotiated(net::feature::ctrl_rx))
        return;
    const std::array off{std::byte{0}};
    command(net::control::rx::cls, net::control::rx::promisc, {off});
    command(net::control::rx::cls, net::control::rx::allmulti, {off});
    const std::array<std::byte, 4> no_unicast{};
    std::vector<std::byte> multicast(4 + net::mac_bytes * groups_.size());
    const auto count = static_cast<std::uint32_t>(groups_.size());
    std::memcpy(multicast.data(), &count, sizeof count);
    for (std::size_t i = 0; i < groups_.size(); ++i)
        std::memcpy(multicast.data() + 4 + net::mac_bytes * i, groups_[i].bytes.data(),
                    net::mac_bytes);
    command(net::control::mac::cls, net::control::mac::table_set, {no_unicast, multicast});
}

/// virtnet_send_command: every piece is mapped by itself; then a busy wait without a limit.
bool NetDriver::command(std::uint8_t cls, std::uint8_t number,
                        std::initializer_list<std::span<const std::byte>> data) {
    const Softirq::Disabled bottom_halves(device_.softirq);
    SplitRing& ring = transport_.queue(net::controlq);
    SharedMemory& memory = *device_.memory;
    ++device_.counters.commands;
    charge(Operation::net_command);

    const std::array header{std::byte{cls}, std::byte{number}};
    constexpr std::byte unanswered{0xff};
    std::vector<std::span<const std::byte>> pieces{header};
    pieces.insert(pieces.end(), data.begin(), data.end());
    pieces.emplace_back(std::span{&unanswered, 1});

    std::vector<SplitRing::Segment> chain;
    for (const auto piece : pieces) {
        const auto at = memory.take(piece.size());
        if (!at)
            break;
        if (device_.bounced) {
            Bill bill;
            bill.add(device_[Operation::buffer_map]);
            device_.add_copying(bill, piece.size());
            bill.retire(device_.cpu);
        }
        copy_to_guest(device_.cpu, *at, piece);
        chain.push_back({*at, static_cast<std::uint32_t>(piece.size()), false});
    }
    bool done = chain.size() == pieces.size();
    if (done) {
        chain.back().device_writes = true;
        charge(Operation::ring_add);
        done = ring.add(chain, 0);
    }
    std::byte ack = unanswered;
    if (done) {
        device_.kick(net::controlq);
        while (!ring.get()) {
            if (ring.broken()) {
                device_.stop(Fault::ring_broken);
                break;
            }
            device_.counters.poll_iterations += ring.wait_used(device_[Operation::ring_poll].work);
        }
        charge(Operation::ring_get);
        copy_from_guest(device_.cpu, chain.back().address, {&ack, 1});
    }
    for (const SplitRing::Segment& s : chain) {
        if (device_.bounced)
            charge(Operation::buffer_unmap);
        memory.release(s.address, s.length);
    }
    const bool ok = ack == std::byte{net::control::ok};
    device_.counters.commands_failed += ok ? 0 : 1;
    return ok;
}

// --- interrupts ---------------------------------------------------------------------------------

void NetDriver::interrupt(IntId /*id*/) {
    charge(Operation::virtio_interrupt);
    ++device_.counters.interrupts;
    const bool early = profile_.interrupts.acknowledges_before_queues;
    const std::uint32_t bits = transport_.interrupt_status();
    if (early)
        transport_.acknowledge_interrupt(bits);
    if ((bits & mmio::interrupt::config) != 0) {
        ++device_.counters.config_changes;
        interrupts_.defer(link_work_);
    }
    if ((bits & mmio::interrupt::vring) != 0) {
        // The queues in the order of vm_interrupt's list: the last found comes first.
        if (profile_.net.deferred && up_) {
            transmit_.interrupted();
            receive_.interrupted();
        }
        interrupted_ = true;
    }
    if (!early)
        transport_.acknowledge_interrupt(bits);
}

void NetDriver::config_changed() {
    if (device_.negotiated(net::feature::status))
        update_link();
    // 2.1.2: a device that needs a reset says so by this interrupt. virtio_net does not look.
    if (!profile_.net.deferred && (transport_.status() & mmio::status_bit::needs_reset) != 0)
        device_.stop(Fault::needs_reset);
}

// --- sending and waiting ------------------------------------------------------------------------

bool NetDriver::send(std::span<const std::byte> frame, workload::PartialChecksum checksum,
                     bool more) {
    if (!usable() || !link_up_) {
        ++device_.counters.tx_dropped_link;
        return false;
    }
    const Softirq::Disabled bottom_halves(device_.softirq);
    return transmit_.send(frame, checksum, more);
}

bool NetDriver::ended(std::uint64_t seen, std::uint64_t deadline) {
    return !usable() || device_.activity != seen ||
           (deadline != no_deadline && device_.cpu.counter() >= deadline);
}

bool NetDriver::wait(std::uint64_t seen, std::uint64_t deadline) {
    transmit_.flush();
    return profile_.net.deferred ? wait_deferred(seen, deadline) : wait_looking(seen, deadline);
}

bool NetDriver::wait_deferred(std::uint64_t seen, std::uint64_t deadline) {
    for (;;) {
        // What ksoftirqd would do while the program sleeps, and the delayed refill work of a ring
        // that has run empty for want of slots.
        device_.softirq.run();
        if (usable() && receive_.ring().outstanding() == 0)
            receive_.fill();
        // Masked between the look and the sleep: an interrupt in between ends the sleep at once.
        const MaskedScope masked(device_.cpu);
        if (ended(seen, deadline))
            return usable();
        if (!device_.softirq.pending())
            device_.cpu.wait_for_interrupt();
    }
}

bool NetDriver::wait_looking(std::uint64_t seen, std::uint64_t deadline) {
    for (;;) {
        const bool for_transmit = transmit_.stopped() || draining_;
        if (device_.polling) {
            transmit_.look();
            receive_.look();
            if (ended(seen, deadline))
                return usable();
            SplitRing& ring = for_transmit ? transmit_.ring() : receive_.ring();
            device_.counters.poll_iterations += ring.wait_used(device_[Operation::ring_poll].work);
            continue;
        }
        // What has been used since the last look has brought an interrupt.
        if (!transmit_.want_interrupts(for_transmit) || interrupted_) {
            interrupted_ = false;
            transmit_.look();
            receive_.look();
        }
        const MaskedScope masked(device_.cpu);
        if (ended(seen, deadline))
            return usable();
        if (!interrupted_)
            device_.cpu.wait_for_interrupt();
    }
}

bool NetDriver::drain() {
    draining_ = true;
    transmit_.set_draining(true);
    while (usable() && !transmit_.idle()) {
        const std::uint64_t seen = device_.activity;
        wait(seen, no_deadline);
    }
    transmit_.set_draining(false);
    draining_ = false;
    return usable();
}

NetRings NetDriver::network_rings() const {
    if (transport_.queues() <= net::transmitq)
        return {};
    return {transmit_.ring().available_index(), receive_.waiting()};
}

DeviceReport NetDriver::report() const {
    DeviceReport r{.status = transport_.status_written(),
                   .built_queue_size = transport_.untold_queue_size(),
                   .device_queue_size = transport_.untold_queue_size_max(),
                   .mtu = mtu_};
    if (transport_.queues() > net::transmitq) {
        r.transmit_stopped = transmit_.stopped();
        r.transmit_free = transmit_.ring().free_descriptors();
        r.transmit_needed = profile_.net.stop_below;
        r.transmit_size = transmit_.ring().layout().size;
    }
    return r;
}

const DriverCounters& NetDriver::counters() const {
    const NetCounters& c = device_.counters;
    driver_counters_.interrupts = c.interrupts;
    driver_counters_.notifications = c.tx_kicks + c.rx_kicks + c.commands;
    driver_counters_.transmitted = c.tx_frames;
    driver_counters_.received = c.rx_frames;
    driver_counters_.poll_iterations = c.poll_iterations;
    return driver_counters_;
}

}  // namespace vms::frontend
