#include "vms/frontend/virtio_mmio.h"

#include <algorithm>
#include <utility>

#include "vms/abi/split_ring.h"

namespace vms::frontend {

namespace mmio = abi::mmio;
namespace ring = abi::ring;

namespace {

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

constexpr std::uint64_t low_word = 0xffffffff;

/// The place of feature word `word` in the 64-bit feature set.
constexpr unsigned word_shift(std::uint32_t word) {
    return 32 * word;
}

}  // namespace

VirtioMmio::VirtioMmio(Cpu& cpu, const TransportProfile& profile, const Operations& operations,
                       GuestAddr window)
    : cpu_(cpu), profile_(profile), operations_(operations), window_(window) {
}

Fault VirtioMmio::identify(std::uint32_t device_type) {
    wanted_type_ = device_type;
    if (identified_ && profile_.identifies_once)
        return Fault::none;
    const Fault fault = run(profile_.identify);
    identified_ = fault == Fault::none;
    return fail(fault, profile_.identify_failed);
}

Fault VirtioMmio::negotiate(std::uint64_t device_features, std::function<void()> validate) {
    validate_ = std::move(validate);
    supported_ = profile_.features | device_features;
    offered_ = 0;
    accepted_ = 0;
    return fail(run(profile_.negotiate), profile_.probe_failed);
}

Fault VirtioMmio::create_queue(std::uint32_t index, std::uint32_t requested, SharedMemory& memory) {
    cpu_.retire_named(operations_[Operation::ring_create]);
    setup_ = {};
    setup_.index = index;
    setup_.requested = requested;
    setup_.memory = &memory;
    const Fault fault = run(profile_.queue);
    if (fault == Fault::none) {
        const SplitRing::Options options{
            .event_index = negotiated(mmio::feature::ring_event_idx),
            .indirect = negotiated(mmio::feature::ring_indirect_desc),
            .identity = window_.value | index,
        };
        std::unique_ptr<SharedMemory> pool;
        if (profile_.pool_slot_bytes != 0)
            pool = std::make_unique<SharedMemory>(setup_.at + setup_.pool_at,
                                                  setup_.bytes - setup_.pool_at,
                                                  profile_.pool_slot_bytes);
        SharedMemory* const buffers = pool ? pool.get() : &memory;
        queues_.push_back({index, &memory, setup_.at, setup_.bytes, std::move(pool), buffers,
                           SplitRing(cpu_, *buffers, setup_.layout, options)});
        return fault;
    }
    // The driver gives up a queue that it had selected and found idle, then those before it.
    if (fault != Fault::queue_busy)
        run(profile_.queue_failed);
    remove_queues();
    return fail(fault, profile_.probe_failed);
}

Fault VirtioMmio::ready() {
    return fail(run(profile_.ready), profile_.probe_failed);
}

void VirtioMmio::remove() {
    reset();
    release();
}

void VirtioMmio::reset() {
    run(profile_.remove);
}

void VirtioMmio::release() {
    remove_queues();
    run(profile_.removed);
}

std::uint64_t VirtioMmio::read_config(std::uint32_t offset, Width w) {
    cpu_.retire_named(operations_[Operation::register_access]);
    return cpu_.load(window_ + mmio::config + offset, w) & mask(w);
}

void VirtioMmio::write_config(std::uint32_t offset, Width w, std::uint32_t value) {
    cpu_.retire_named(operations_[Operation::register_access]);
    cpu_.store(window_ + mmio::config + offset, w, value);
}

std::uint32_t VirtioMmio::offered_low() {
    write(mmio::device_features_sel, 0);
    return read(mmio::device_features);
}

Fault VirtioMmio::run(Steps steps) {
    for (const Step& s : steps) {
        if (s.what == Do::end_unless_accepted && !negotiated(s.arg))
            break;
        if (const Fault fault = step(s); fault != Fault::none)
            return fault;
    }
    return Fault::none;
}

Fault VirtioMmio::step(const Step& s) {
    switch (s.what) {
        case Do::read_magic:
            return read(mmio::magic_value) == mmio::magic ? Fault::none : Fault::wrong_magic;
        case Do::read_version:
            return read(mmio::version) == mmio::version_2 ? Fault::none
                                                          : Fault::unsupported_version;
        case Do::read_device:
            device_type_ = read(mmio::device_id);
            return device_type_ == mmio::device_type::placeholder ? Fault::empty_slot : Fault::none;
        case Do::read_vendor:
            read(mmio::vendor_id);
            return Fault::none;
        case Do::match_device:
            return device_type_ == wanted_type_ ? Fault::none : Fault::wrong_device;

        case Do::write_status:
            write_status(s.arg);
            return Fault::none;
        case Do::add_status: {
            const std::uint32_t before = read(mmio::status);
            write_status(before | s.arg);
            return Fault::none;
        }
        case Do::read_status:
        case Do::await_reset:
        case Do::require_features:
        case Do::require_status:
        case Do::expect_status:
            return check_status(s);

        case Do::assume_feature:
            accepted_ |= mmio::feature_bit(s.arg);
            return Fault::none;
        case Do::end_unless_accepted:
            return Fault::none;  // run() looks at it
        case Do::require_all_features:
            return accepted_ == supported_ ? Fault::none : Fault::features_missing;
        case Do::read_config_word:
            read_config(s.arg, Width::word);
            return Fault::none;
        case Do::select_device_word:
            write(mmio::device_features_sel, s.arg);
            return Fault::none;
        case Do::read_device_word:
            offered_ |= std::uint64_t{read(mmio::device_features)} << word_shift(s.arg);
            accepted_ |= offered_ & supported_;
            return Fault::none;
        case Do::require_version_1:
            return (offered_ & mmio::feature_bit(mmio::feature::version_1)) != 0
                       ? Fault::none
                       : Fault::version_1_missing;
        case Do::select_driver_word:
            write(mmio::driver_features_sel, s.arg);
            return Fault::none;
        case Do::write_driver_word:
            write(mmio::driver_features,
                  static_cast<std::uint32_t>(accepted_ >> word_shift(s.arg)));
            return Fault::none;

        case Do::validate:
            return validate();

        case Do::select_queue:
            write(mmio::queue_sel, setup_.index);
            return Fault::none;
        case Do::require_queue_idle:
            return read(mmio::queue_ready) == 0 ? Fault::none : Fault::queue_busy;
        case Do::read_queue_max:
            setup_.size_max = read(mmio::queue_size_max);
            return setup_.size_max != 0 ? Fault::none : Fault::queue_absent;
        case Do::create_ring:
            return create_ring();
        case Do::write_queue_size:
            tell_queue_size();
            return Fault::none;
        case Do::write_requested_size:
            if (setup_.layout.size != setup_.size_max)
                tell_queue_size();
            return Fault::none;
        case Do::write_descriptors:
            write_address(mmio::queue_desc_low, mmio::queue_desc_high, setup_.layout.descriptors);
            return Fault::none;
        case Do::write_driver_area:
            write_address(mmio::queue_driver_low, mmio::queue_driver_high, setup_.layout.driver);
            return Fault::none;
        case Do::write_device_area:
            write_address(mmio::queue_device_low, mmio::queue_device_high, setup_.layout.device);
            return Fault::none;
        case Do::enable_queue:
            write(mmio::queue_ready, 1);
            return Fault::none;
        case Do::disable_queue:
            write(mmio::queue_ready, 0);
            return Fault::none;
        case Do::read_queue_ready:
            read(mmio::queue_ready);
            return Fault::none;
    }
    return Fault::none;
}

/// Features that the driver declines now are written again.
Fault VirtioMmio::validate() {
    const std::uint64_t before = accepted_;
    if (validate_)
        validate_();
    if (accepted_ == before)
        return Fault::none;
    for (const Step& s : profile_.negotiate)
        if (s.what == Do::select_driver_word || s.what == Do::write_driver_word)
            step(s);
    return Fault::none;
}

Fault VirtioMmio::check_status(const Step& s) {
    std::uint32_t value = read(mmio::status);
    if (s.what == Do::await_reset)
        while (value != 0)
            value = read(mmio::status);
    if (profile_.probe_heeds_needs_reset && (value & mmio::status_bit::needs_reset) != 0)
        return Fault::needs_reset;
    switch (s.what) {
        case Do::require_features:
            return (value & mmio::status_bit::features_ok) != 0 ? Fault::none
                                                                : Fault::features_refused;
        case Do::require_status:
            return (value & s.arg) == s.arg ? Fault::none : Fault::status_mismatch;
        case Do::expect_status:
            return value == s.arg ? Fault::none : Fault::status_mismatch;
        default:
            return Fault::none;
    }
}

Fault VirtioMmio::create_ring() {
    const bool fixed = setup_.requested != 0 || profile_.built_queue_size != 0;
    std::uint32_t size = setup_.size_max;
    if (profile_.built_queue_size != 0)
        size = setup_.requested != 0 ? setup_.requested : profile_.built_queue_size;
    else if (fixed)
        size = std::min(setup_.requested, setup_.size_max);
    if (!ring::valid_queue_size(size))
        return Fault::bad_queue_size;
    // A size of the user's is a wish to be kept; QueueSizeMax only an upper bound.
    for (; size != 0; size = fixed ? 0 : size / 2) {
        const SplitRing::Layout relative = layout_for(size, GuestAddr{0});
        const std::uint64_t end = align_up(relative.device.value + ring::device_bytes(size),
                                           profile_.after_used_ring_alignment);
        const std::uint64_t bytes = end + size * profile_.pool_slot_bytes;
        const auto at = setup_.memory->take(bytes, profile_.ring_alignment);
        if (!at)
            continue;
        setup_.at = *at;
        setup_.bytes = bytes;
        setup_.pool_at = end;
        setup_.layout = layout_for(size, *at);
        Work clearing = operations_[Operation::copy_line].work * lines_of(bytes);
        clearing.data_lines = lines_of(bytes);
        cpu_.performed(operations_[Operation::copy_line].operation, lines_of(bytes));
        cpu_.retire(clearing);
        SplitRing(cpu_, *setup_.memory, setup_.layout, {}).clear();
        untold_queue_size_ = size;
        untold_queue_size_max_ = setup_.size_max;
        return Fault::none;
    }
    return Fault::out_of_shared_memory;
}

/// Write what the driver writes when it gives up; `fault` none: nothing to do.
Fault VirtioMmio::fail(Fault fault, Steps steps) {
    if (fault != Fault::none)
        run(steps);
    return fault;
}

void VirtioMmio::write_status(std::uint32_t value) {
    status_written_ = value;
    write(mmio::status, value);
}

void VirtioMmio::tell_queue_size() {
    untold_queue_size_ = untold_queue_size_max_ = 0;
    write(mmio::queue_size, setup_.layout.size);
}

void VirtioMmio::remove_queues() {
    for (Queue& q : queues_) {
        setup_.index = q.index;
        run(profile_.remove_queue);
        q.memory->release(q.at, q.bytes);
    }
    queues_.clear();
}

void VirtioMmio::write_address(std::uint32_t low, std::uint32_t high, GuestAddr a) {
    write(low, static_cast<std::uint32_t>(a.value & low_word));
    write(high, static_cast<std::uint32_t>(a.value >> 32));
}

/// Descriptor table, available ring, used ring, one after the other.
SplitRing::Layout VirtioMmio::layout_for(std::uint32_t size, GuestAddr at) const {
    const std::uint64_t driver =
        align_up(ring::descriptor_bytes(size), profile_.available_ring_alignment);
    const std::uint64_t device =
        align_up(driver + ring::driver_bytes(size), profile_.used_ring_alignment);
    return {at, at + driver, at + device, size};
}

std::uint32_t VirtioMmio::read(std::uint32_t reg) {
    cpu_.retire_named(operations_[Operation::register_access]);
    return static_cast<std::uint32_t>(cpu_.load(window_ + reg, Width::word) & low_word);
}

void VirtioMmio::write(std::uint32_t reg, std::uint32_t value) {
    cpu_.retire_named(operations_[Operation::register_access]);
    cpu_.store(window_ + reg, Width::word, value);
}

}  // namespace vms::frontend
