#include "vms/service/console/console.h"

#include "vms/abi/virtio_mmio.h"

namespace vms::service {

namespace console = abi::console;
using abi::mmio::feature_bit;

Console::Console(Port& port, const Parameters& parameters, DeviceCounters& counters)
    : port_(port),
      p_(parameters),
      counters_(counters),
      count_(p_.config.port_count),
      control_(port, p_.config.resize_rows_first, *this, counters),
      cols_(p_.config.cols),
      rows_(p_.config.rows) {
    PortObserver& observer = *this;
    for (std::size_t i = 0; i < count_; ++i) {
        const ConsolePortConfig& c = p_.config.ports[i];
        ports_[i].port = &ports_[i].storage.emplace<ConsolePort>(
            port,
            ConsolePort::Place{.index = i,
                               .line = p_.lines[i],
                               .channel = c.channel,
                               .label = c.label.view(),
                               .present = c.present,
                               .far_end_open = c.far_end_open},
            storage_, observer, counters);
        control_.add({.name = c.name.view(),
                      .console = c.console,
                      .present = c.present,
                      .far_end_open = c.far_end_open,
                      .cols = i == 0 ? p_.config.cols : c.cols,
                      .rows = i == 0 ? p_.config.rows : c.rows});
    }
}

DeviceProfile Console::profile() const {
    std::uint64_t features = p_.ring_features;
    if (offers_size())
        features |= feature_bit(console::feature::size);
    if (p_.config.multiport)
        features |= feature_bit(console::feature::multiport);
    if (p_.config.emergency_write)
        features |= feature_bit(console::feature::emerg_write);
    return {.device_type = abi::mmio::device_type::console,
            .features = features,
            .queues = queues(features),
            .queue_size_max = p_.queue_size_max,
            .config_bytes = console::config::bytes,
            .publishes_at_reset = true};
}

std::uint32_t Console::queues(std::uint64_t features) const {
    const bool multiport = (features & feature_bit(console::feature::multiport)) != 0;
    return console::queues(multiport, static_cast<std::uint32_t>(count_));
}

std::uint32_t Console::read_config(std::uint32_t offset, Width width) {
    // Without MULTIPORT there is one port all the same; emerg_wr reads 0.
    const std::uint32_t ports = p_.config.multiport ? static_cast<std::uint32_t>(count_) : 1;
    const std::uint32_t words[] = {std::uint32_t{rows_} << 16 | cols_, ports, 0};
    const std::uint32_t word = words[offset / 4];
    return static_cast<std::uint32_t>(word >> (8 * (offset % 4)) & mask(width));
}

void Console::write_config(std::uint32_t offset, Width /*width*/, std::uint32_t value) {
    // 5.3.5.1: emerg_wr works in any state of the device, configured or not; its low byte counts.
    if (offset != console::config::emerg_wr || !p_.config.emergency_write) {
        ++counters_.violations;
        incident(Incident::out_of_order, write_detail(abi::mmio::config + offset, value));
        return;
    }
    port(0).emergency_write(std::byte{static_cast<std::uint8_t>(value)});
}

void Console::activate(const DeviceContext& context) {
    multiport_ = context.has(console::feature::multiport);
    size_ = context.has(console::feature::size);
    control_.activate(context);
    for (std::size_t i = 0; i < count_; ++i)
        port(i).activate(context, multiport_);
}

void Console::reset() {
    control_.reset();
    for (std::size_t i = 0; i < count_; ++i)
        port(i).reset();
    multiport_ = false;
    size_ = false;
}

void Console::kicked(std::uint32_t queue) {
    if (console::is_control(queue)) {
        control_.kicked(queue);
        return;
    }
    ConsolePort& p = port(console::port_of(queue));
    if (console::is_transmit(queue))
        p.transmit_kicked();
    else
        p.receive_kicked();
}

void Console::queue_stopped(std::uint32_t queue) {
    if (!console::is_control(queue) && console::is_transmit(queue))
        port(console::port_of(queue)).transmit_stopped();
}

bool Console::work() {
    bool more = false;
    if (multiport_) {
        port_.charge<Operation::console_step>();
        more = control_.work(storage_);
    }
    for (std::size_t i = 0; i < usable_ports(); ++i) {
        port_.charge<Operation::console_step>();
        more = port(i).work() || more;
    }
    return more;
}

// --- changes at run time ------------------------------------------------------------------------

void Console::event(const DeviceEvent& e) {
    if (e.port >= count_)
        return;
    switch (e.kind) {
        case DeviceEventKind::console_resize:
            far_end_resized(e.port, e.cols, e.rows);
            break;
        case DeviceEventKind::console_add:
            set_present(e.port, true);
            break;
        case DeviceEventKind::console_remove:
            set_present(e.port, false);
            break;
        case DeviceEventKind::console_open:
            far_end_opened(e.port, true);
            break;
        case DeviceEventKind::console_close:
            far_end_opened(e.port, false);
            break;
        case DeviceEventKind::device_error:
            break;  // the transport's
    }
}

void Console::set_present(std::size_t i, bool present) {
    port(i).set_present(present);
    control_.set_present(i, present);
    host().work_wanted();
}

void Console::far_end_opened(std::size_t i, bool open) {
    port(i).set_far_end_open(open);
    control_.set_far_end_open(i, open);
    host().work_wanted();
}

void Console::far_end_resized(std::size_t i, std::uint16_t cols, std::uint16_t rows) {
    if (i == 0 && offers_size()) {
        // 5.3.6: the configuration space has the size of port 0, and only a driver that negotiated
        // SIZE is told by a configuration change notification.
        cols_ = cols;
        rows_ = rows;
        host().config_changed(size_);
    }
    control_.set_size(i, cols, rows);
    host().work_wanted();
}

void Console::driver_opened(std::size_t i, bool open) {
    port(i).set_driver_open(open);
}

}  // namespace vms::service
