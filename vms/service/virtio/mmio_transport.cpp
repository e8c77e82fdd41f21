#include "vms/service/virtio/mmio_transport.h"

namespace vms::service {

namespace mmio = abi::mmio;
namespace bit = abi::mmio::status_bit;

namespace {

/// Dependencies among the transport's own features, beside those of the device.
constexpr FeatureDependency transport_dependencies[] = {
    {mmio::feature::access_platform, mmio::feature::version_1},
    {mmio::feature::ring_packed, mmio::feature::version_1},
    {mmio::feature::ring_reset, mmio::feature::version_1},
};

/// Status bits that belong to the driver (2.1); NEEDS_RESET is the device's, SUSPEND not offered.
constexpr std::uint32_t driver_bits =
    bit::acknowledge | bit::driver | bit::driver_ok | bit::features_ok | bit::failed;

constexpr std::uint32_t absent_shared_memory = 0xffff'ffff;  ///< 4.2.2: length and base read -1

constexpr bool has(std::uint64_t features, unsigned feature) {
    return (features >> feature & 1) != 0;
}

constexpr bool met(std::uint64_t features, std::span<const FeatureDependency> dependencies) {
    for (const FeatureDependency& d : dependencies)
        if (has(features, d.feature) && !has(features, d.needs))
            return false;
    return true;
}

constexpr void set_low(std::uint64_t& address, std::uint32_t value) {
    address = (address & ~std::uint64_t{0xffff'ffff}) | value;
}
constexpr void set_high(std::uint64_t& address, std::uint32_t value) {
    address = (address & 0xffff'ffff) | std::uint64_t{value} << 32;
}

}  // namespace

MmioTransport::MmioTransport(Port& port, const SharedMemory& memory, VirtioDevice& device,
                             std::uint64_t identity, DeviceCounters& counters, std::size_t index)
    : port_(port),
      memory_(memory),
      device_(device),
      profile_(device.profile()),
      identity_(identity),
      index_(index),
      counters_(counters) {
    device_.attach(*this);
    clear_registers();
}

bool MmioTransport::running() const {
    return has_status(bit::driver_ok) && (status_ & (bit::needs_reset | bit::failed)) == 0;
}

void MmioTransport::bad_access(std::uint64_t offset, std::uint64_t width, bool write) {
    ++counters_.bad_accesses;
    report(Incident::bad_access, access_detail(offset, width, write));
}

void MmioTransport::violation(std::uint32_t offset, std::uint32_t value) {
    ++counters_.violations;
    report(Incident::out_of_order, write_detail(offset, value));
}

// --- the register file --------------------------------------------------------------------------

std::uint32_t MmioTransport::read(std::uint64_t offset, std::uint64_t width) {
    port_.charge<Operation::mmio_read>();
    if (offset >= mmio::config) {
        const std::uint64_t at = offset - mmio::config;
        // 4.2.2.2: the width of the field, naturally aligned; 64-bit fields as two words.
        if ((width != 1 && width != 2 && width != 4) || at % width != 0 ||
            at >= profile_.config_bytes)
            return bad_read(offset, width);
        return device_.read_config(static_cast<std::uint32_t>(at), static_cast<Width>(width));
    }
    // 4.2.2.2: 32 bits wide and aligned.
    if (width != 4 || offset % 4 != 0)
        return bad_read(offset, width);
    return read_register(static_cast<std::uint32_t>(offset));
}

std::uint32_t MmioTransport::read_register(std::uint32_t offset) {
    switch (offset) {
        case mmio::magic_value:
            return mmio::magic;
        case mmio::version:
            return mmio::version_2;
        case mmio::device_id:
            return profile_.device_type;
        case mmio::vendor_id:
            return vendor_id;
        case mmio::device_features:
            return device_features_sel_ > 1 ? 0
                                            : static_cast<std::uint32_t>(
                                                  profile_.features >> (32 * device_features_sel_));
        case mmio::queue_size_max:
            return selected() ? profile_.queue_size_max : 0;
        case mmio::queue_ready:
            return selected() && registers_[queue_sel_].ready ? 1 : 0;
        case mmio::interrupt_status:
            // The value stays; what was raised up to here is what the driver will handle.
            raised_again_ = 0;
            return interrupt_status_;
        case mmio::status:
            return status_;
        case mmio::shm_len_low:
        case mmio::shm_len_high:
        case mmio::shm_base_low:
        case mmio::shm_base_high:
            return absent_shared_memory;
        case mmio::queue_reset:
            return 0;  // a reset is over before its write is answered
        case mmio::config_generation:
            return config_generation_;
        default:
            return bad_read(offset, bytes(Width::word));
    }
}

void MmioTransport::write(std::uint64_t offset, std::uint64_t width, std::uint64_t value) {
    port_.charge<Operation::mmio_write>();
    if (offset >= mmio::config) {
        const std::uint64_t at = offset - mmio::config;
        if ((width != 1 && width != 2 && width != 4) || at % width != 0 ||
            at >= profile_.config_bytes) {
            bad_access(offset, width, true);
            return;
        }
        const auto w = static_cast<Width>(width);
        device_.write_config(static_cast<std::uint32_t>(at), w,
                             static_cast<std::uint32_t>(value & mask(w)));
        return;
    }
    if (width != 4 || offset % 4 != 0) {
        bad_access(offset, width, true);
        return;
    }
    write_register(static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(value));
}

void MmioTransport::write_register(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case mmio::device_features_sel:
            device_features_sel_ = value;
            break;
        case mmio::driver_features_sel:
            driver_features_sel_ = value;
            break;
        case mmio::driver_features:
            write_driver_features(value);
            break;
        case mmio::queue_sel:
            queue_sel_ = value;
            break;
        case mmio::queue_size:
        case mmio::queue_desc_low:
        case mmio::queue_desc_high:
        case mmio::queue_driver_low:
        case mmio::queue_driver_high:
        case mmio::queue_device_low:
        case mmio::queue_device_high:
            write_queue_register(offset, value);
            break;
        case mmio::queue_ready:
            write_queue_ready(value);
            break;
        case mmio::queue_notify:
            kick(value);
            break;
        case mmio::interrupt_ack:
            acknowledge(value);
            break;
        case mmio::status:
            write_status(value);
            break;
        case mmio::shm_sel:
            break;  // no region exists, whichever is selected
        case mmio::queue_reset:
            write_queue_reset(value);
            break;
        default:
            bad_access(offset, bytes(Width::word), true);
            break;
    }
}

// --- features and status ------------------------------------------------------------------------

void MmioTransport::write_driver_features(std::uint32_t value) {
    if (has_status(bit::features_ok)) {
        violation(mmio::driver_features, value);  // 3.1.1: no new features after FEATURES_OK
        return;
    }
    switch (driver_features_sel_) {
        case 0:
            set_low(driver_features_, value);
            break;
        case 1:
            set_high(driver_features_, value);
            break;
        default:
            driver_features_beyond_ = driver_features_beyond_ || value != 0;
            break;
    }
}

bool MmioTransport::features_acceptable() const {
    return (driver_features_ & ~profile_.features) == 0 && !driver_features_beyond_ &&
           has(driver_features_, mmio::feature::version_1) &&
           met(driver_features_, transport_dependencies) &&
           met(driver_features_, profile_.dependencies);
}

void MmioTransport::write_status(std::uint32_t value) {
    if (value == 0) {
        reset();
        return;
    }
    if ((status_ & driver_bits & ~value) != 0)
        violation(mmio::status, value);  // 2.1.1: a driver clears bits by a reset only
    std::uint32_t added = value & driver_bits & ~status_;
    if ((added & bit::features_ok) != 0) {
        if (!features_acceptable()) {
            ++counters_.refused_features;
            report(Incident::features_refused, driver_features_);
            added &= ~bit::features_ok;
        } else if (!has(driver_features_, mmio::feature::access_platform)) {
            // Served all the same, within the shared region like any other.
            ++counters_.platform_declined;
        }
    }
    if ((added & bit::driver_ok) != 0 && ((status_ | added) & bit::features_ok) == 0) {
        // 3.1.1: DRIVER_OK only after FEATURES_OK was accepted
        ++counters_.violations;
        report(Incident::driver_ok_refused, status_);
        added &= ~bit::driver_ok;
    }
    status_ |= added;
    if ((added & bit::features_ok) != 0)
        queue_count_ = device_.queues(driver_features_);
    if ((added & bit::driver_ok) != 0)
        activate();
}

void MmioTransport::activate() {
    port_.charge<Operation::device_activate>();
    ++counters_.activations;
    QueueFault fault = QueueFault::none;
    for (std::uint32_t i = 0; i < queue_count_; ++i) {
        if (!registers_[i].ready)
            continue;
        const QueueFault f = start_queue(i);
        if (fault == QueueFault::none)
            fault = f;
    }
    device_.activate(
        {&memory_, std::span(queues_).first(queue_count_), driver_features_, &counters_});
    work_mark_ = true;  // buffers may have been added before DRIVER_OK
    if (fault != QueueFault::none)
        fail(fault);
}

void MmioTransport::clear_registers() {
    device_features_sel_ = driver_features_sel_ = 0;
    driver_features_ = 0;
    driver_features_beyond_ = false;
    queue_sel_ = 0;
    queue_count_ = profile_.queues;
    for (QueueRegisters& q : registers_)
        q = QueueRegisters{.size = profile_.queue_size_max};
}

void MmioTransport::reset() {
    port_.charge<Operation::device_reset>();
    ++counters_.resets;
    for (SplitQueue& q : queues_) {
        if (profile_.publishes_at_reset)
            q.publish();
        q.stop();
    }
    clear_registers();
    status_ = 0;
    interrupt_status_ = 0;
    raised_again_ = 0;
    interrupt_mark_ = false;
    work_mark_ = false;
    device_.reset();
}

void MmioTransport::fail(QueueFault fault) {
    if (has_status(bit::needs_reset))
        return;
    last_fault_ = fault;
    ++counters_.needs_reset;
    report(Incident::needs_reset, static_cast<std::uint64_t>(fault));
    status_ |= bit::needs_reset;
    raise(mmio::interrupt::config);  // 2.1.2: a configuration change notification after DRIVER_OK
}

void MmioTransport::fail_device() {
    if (has_status(bit::driver))  // otherwise nobody is there to be told
        fail(QueueFault::device_error);
}

// --- queues -------------------------------------------------------------------------------------

void MmioTransport::write_queue_register(std::uint32_t offset, std::uint32_t value) {
    if (!selected()) {
        violation(offset, value);
        return;
    }
    QueueRegisters& q = registers_[queue_sel_];
    if (q.ready) {
        violation(offset, value);  // 4.2.2.2: frozen while QueueReady is 1
        return;
    }
    switch (offset) {
        case mmio::queue_size:
            q.size = value;
            break;
        case mmio::queue_desc_low:
            set_low(q.descriptor, value);
            break;
        case mmio::queue_desc_high:
            set_high(q.descriptor, value);
            break;
        case mmio::queue_driver_low:
            set_low(q.driver, value);
            break;
        case mmio::queue_driver_high:
            set_high(q.driver, value);
            break;
        case mmio::queue_device_low:
            set_low(q.device, value);
            break;
        case mmio::queue_device_high:
            set_high(q.device, value);
            break;
        default:
            break;
    }
}

void MmioTransport::write_queue_ready(std::uint32_t value) {
    if (!selected() || value > 1) {
        violation(mmio::queue_ready, value);
        return;
    }
    QueueRegisters& q = registers_[queue_sel_];
    if (value == 0) {
        q.ready = false;
        stop_queue(queue_sel_);
        return;
    }
    if (q.ready)
        return;
    q.ready = true;
    if (!running())
        return;  // checked and started by DRIVER_OK
    const QueueFault fault = start_queue(queue_sel_);
    device_.kicked(queue_sel_);
    work_mark_ = true;
    if (fault != QueueFault::none)
        fail(fault);
}

void MmioTransport::write_queue_reset(std::uint32_t value) {
    if (!selected() || value != 1 || !has_status(bit::features_ok) ||
        !has(driver_features_, mmio::feature::ring_reset)) {
        violation(mmio::queue_reset, value);  // 2.6.1: only when negotiated
        return;
    }
    stop_queue(queue_sel_);
    registers_[queue_sel_] = QueueRegisters{.size = profile_.queue_size_max};
}

QueueFault MmioTransport::start_queue(std::uint32_t index) {
    const QueueRegisters& q = registers_[index];
    const QueueAreas areas{q.size, {q.descriptor}, {q.driver}, {q.device}};
    return queues_[index].activate(memory_, areas, profile_.queue_size_max, driver_features_,
                                   identity_ | index, counters_);
}

void MmioTransport::stop_queue(std::uint32_t index) {
    if (!queues_[index].active())
        return;
    queues_[index].stop();
    device_.queue_stopped(index);
}

void MmioTransport::kick(std::uint32_t value) {
    // 4.2.3.3: with NOTIFICATION_DATA the upper half is the available index, which is looked up
    // in the ring anyway.
    const std::uint32_t queue =
        has(driver_features_, mmio::feature::notification_data) ? value & 0xffff : value;
    if (queue >= queue_count_ || !has_status(bit::driver_ok) || !queues_[queue].active()) {
        violation(mmio::queue_notify,
                  value);  // 3.1.1: no notification before DRIVER_OK; no such queue
        return;
    }
    if (!running())
        return;
    ++counters_.kicks;
    device_.kicked(queue);
    work_mark_ = true;
}

// --- interrupts ---------------------------------------------------------------------------------

void MmioTransport::raise(std::uint32_t bits) {
    if (!has_status(bit::driver_ok))
        return;  // 3.1.2: no notification before DRIVER_OK
    raised_again_ |= interrupt_status_ & bits;
    interrupt_status_ |= bits;
    interrupt_mark_ = true;
}

void MmioTransport::acknowledge(std::uint32_t bits) {
    // A driver that acknowledges after handling (4.2.3.4.1 allows both orders) must not lose what
    // was raised between its reading of InterruptStatus and the acknowledge: that stays set, and
    // its own notification is on its way already.
    if ((bits & ~mmio::interrupt::all) != 0)
        violation(mmio::interrupt_ack, bits);
    const std::uint32_t again = raised_again_ & bits;
    interrupt_status_ = (interrupt_status_ & ~bits) | again;
    raised_again_ &= ~again;
}

void MmioTransport::config_changed(bool notify) {
    ++config_generation_;
    if (notify)
        raise(mmio::interrupt::config);
}

// --- work ---------------------------------------------------------------------------------------

bool MmioTransport::work() {
    if (!running())
        return false;
    const bool more = device_.work();
    return !see_to_faults() && more;
}

bool MmioTransport::see_to_faults() {
    for (std::uint32_t i = 0; i < queue_count_; ++i) {
        const QueueFault fault = queues_[i].active() ? queues_[i].fault() : QueueFault::none;
        if (fault != QueueFault::none) {
            fail(fault);
            return true;
        }
    }
    return false;
}

void MmioTransport::publish() {
    if (!has_status(bit::driver_ok))
        return;
    see_to_faults();
    for (std::uint32_t i = 0; i < queue_count_; ++i)
        if (queues_[i].publish())
            raise(mmio::interrupt::vring);
}

}  // namespace vms::service
