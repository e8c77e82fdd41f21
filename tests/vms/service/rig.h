// What the tests of the service guest share: a CPU with a shared region, the driver's side of a
// split virtqueue written by hand after VirtIO v1.4, 2.7, and a walk through 3.1.1 (device
// initialisation) on a transport.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tests/vms/fake_cpu.h"
#include "vms/abi/split_ring.h"
#include "vms/abi/virtio_mmio.h"
#include "vms/service/counters.h"
#include "vms/service/shared_memory.h"
#include "vms/service/virtio/mmio_transport.h"
#include "vms/service/virtio/split_queue.h"

namespace vms::service::test {

inline constexpr GuestAddr shared_base{0xd000'0000};
inline constexpr std::uint64_t shared_size = 0x10'0000;

/// A CPU, its port and the shared region of one device.
struct Machine {
    vms::test::FakeCpu cpu;
    OperationCosts costs;
    Port port{cpu, costs};
    SharedMemory memory{port, shared_base, shared_size};

    Machine() { cpu.add_ram(shared_base, shared_size); }
};

struct Buffer {
    GuestAddr address{};
    std::uint32_t length = 0;
    bool writable = false;
};

struct UsedElement {
    std::uint32_t id = 0;
    std::uint32_t length = 0;
    bool operator==(const UsedElement&) const = default;
};

/// The driver's side of a queue. Descriptor indices are given by the test or counted up.
class DriverRing {
  public:
    DriverRing(vms::test::FakeCpu& cpu, GuestAddr base, std::uint16_t size)
        : cpu_(&cpu), size_(size), base_(base) {}

    std::uint16_t size() const { return size_; }
    GuestAddr descriptor() const { return base_; }
    GuestAddr driver() const { return base_ + abi::ring::descriptor_bytes(size_); }
    GuestAddr device() const {
        const std::uint64_t end = driver().value + abi::ring::driver_bytes(size_);
        return {(end + 3) & ~std::uint64_t{3}};
    }
    QueueAreas areas() const { return {size_, descriptor(), driver(), device()}; }

    /// Set up anew: descriptors and indices from 0. The memory is the test's to clear.
    void restart() { next_ = index_ = 0; }

    void write_descriptor(std::uint16_t index, const abi::ring::Descriptor& d) {
        cpu_->poke(descriptor() + 16ull * index, d);
    }
    /// A direct chain; returns its head.
    std::uint16_t add(std::initializer_list<Buffer> buffers) {
        const std::uint16_t head = next_;
        std::size_t left = buffers.size();
        for (const Buffer& b : buffers) {
            --left;
            const std::uint16_t index = next_;
            next_ = static_cast<std::uint16_t>((next_ + 1) % size_);
            std::uint16_t flags = b.writable ? abi::ring::desc::flag_write : std::uint16_t{0};
            if (left != 0)
                flags |= abi::ring::desc::flag_next;
            write_descriptor(index, {b.address.value, b.length, flags, next_});
        }
        make_available(head);
        return head;
    }
    void make_available(std::uint16_t head) {
        cpu_->poke(driver() + abi::ring::avail::entry(index_ % size_), head);
        ++index_;
        set_index(index_);
    }
    void set_index(std::uint16_t index) {
        index_ = index;
        cpu_->poke(driver() + abi::ring::avail::idx, index);
    }
    void set_flags(std::uint16_t flags) { cpu_->poke(driver() + abi::ring::avail::flags, flags); }
    void set_used_event(std::uint16_t v) {
        cpu_->poke(driver() + abi::ring::avail::used_event(size_), v);
    }

    std::uint16_t index() const { return index_; }
    std::uint16_t used_index() const {
        return cpu_->peek<std::uint16_t>(device() + abi::ring::used::idx);
    }
    std::uint16_t used_flags() const {
        return cpu_->peek<std::uint16_t>(device() + abi::ring::used::flags);
    }
    std::uint16_t avail_event() const {
        return cpu_->peek<std::uint16_t>(device() + abi::ring::used::avail_event(size_));
    }
    UsedElement used(std::uint16_t slot) const {
        return cpu_->peek<UsedElement>(device() + abi::ring::used::entry(slot % size_));
    }

  private:
    vms::test::FakeCpu* cpu_;
    std::uint16_t size_;
    GuestAddr base_;
    std::uint16_t next_ = 0;
    std::uint16_t index_ = 0;
};

inline void put(vms::test::FakeCpu& cpu, GuestAddr at, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
        cpu.poke(at + i, text[i]);
}
inline std::string get(const vms::test::FakeCpu& cpu, GuestAddr at, std::size_t n) {
    std::string s;
    for (std::size_t i = 0; i < n; ++i)
        s.push_back(cpu.peek<char>(at + i));
    return s;
}

/// 32-bit register accesses, as a driver makes them.
class Registers {
  public:
    explicit Registers(MmioTransport& transport) : transport_(transport) {}

    std::uint32_t read(std::uint32_t offset) { return transport_.read(offset, 4); }
    void write(std::uint32_t offset, std::uint32_t value) { transport_.write(offset, 4, value); }

    /// 3.1.1, steps 1 to 6. True: FEATURES_OK stayed.
    bool negotiate(std::uint64_t features) {
        namespace mmio = abi::mmio;
        namespace bit = abi::mmio::status_bit;
        write(mmio::status, 0);
        write(mmio::status, bit::acknowledge);
        write(mmio::status, bit::acknowledge | bit::driver);
        write(mmio::driver_features_sel, 1);
        write(mmio::driver_features, static_cast<std::uint32_t>(features >> 32));
        write(mmio::driver_features_sel, 0);
        write(mmio::driver_features, static_cast<std::uint32_t>(features));
        write(mmio::status, bit::acknowledge | bit::driver | bit::features_ok);
        return (read(mmio::status) & bit::features_ok) != 0;
    }
    /// 4.2.3.2: virtqueue configuration.
    void configure(std::uint32_t queue, const QueueAreas& a) {
        namespace mmio = abi::mmio;
        write(mmio::queue_sel, queue);
        write(mmio::queue_size, a.size);
        write(mmio::queue_desc_low, static_cast<std::uint32_t>(a.descriptor.value));
        write(mmio::queue_desc_high, static_cast<std::uint32_t>(a.descriptor.value >> 32));
        write(mmio::queue_driver_low, static_cast<std::uint32_t>(a.driver.value));
        write(mmio::queue_driver_high, static_cast<std::uint32_t>(a.driver.value >> 32));
        write(mmio::queue_device_low, static_cast<std::uint32_t>(a.device.value));
        write(mmio::queue_device_high, static_cast<std::uint32_t>(a.device.value >> 32));
        write(mmio::queue_ready, 1);
    }
    void driver_ok() { write(abi::mmio::status, read(abi::mmio::status) | 4); }

  private:
    MmioTransport& transport_;
};

inline constexpr std::uint64_t version_1 = abi::mmio::feature_bit(abi::mmio::feature::version_1);
inline constexpr std::uint64_t access_platform =
    abi::mmio::feature_bit(abi::mmio::feature::access_platform);
inline constexpr std::uint64_t indirect_desc =
    abi::mmio::feature_bit(abi::mmio::feature::ring_indirect_desc);
inline constexpr std::uint64_t event_idx =
    abi::mmio::feature_bit(abi::mmio::feature::ring_event_idx);
inline constexpr std::uint64_t in_order = abi::mmio::feature_bit(abi::mmio::feature::in_order);
inline constexpr std::uint64_t notification_data =
    abi::mmio::feature_bit(abi::mmio::feature::notification_data);
inline constexpr std::uint64_t ring_reset = abi::mmio::feature_bit(abi::mmio::feature::ring_reset);

}  // namespace vms::service::test
