// Checked access to the memory that a front-end shares with the service guest. Both see it at the
// same guest-physical address (Bao's boot check), so an address in a descriptor needs no
// translation, only the check that all of it lies inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "service_port.h"
#include "vms/types.h"

namespace vms::service {

/// A range of shared memory that was checked when the view was made. An access beyond its end
/// reads 0 or does nothing: the callers' offsets are within by construction.
class MemoryView {
  public:
    MemoryView() = default;

    std::uint64_t size() const { return size_; }
    explicit operator bool() const { return size_ != 0; }

    std::uint64_t load(std::uint64_t offset, Width w) const {
        return fits(offset, bytes(w)) ? port_->memory_load(range_, offset, w) : 0;
    }
    void store(std::uint64_t offset, Width w, std::uint64_t value) const {
        if (fits(offset, bytes(w)))
            port_->memory_store(range_, offset, w, value);
    }
    /// The word by which the other side hands something over.
    std::uint64_t observe(std::uint64_t offset, Width w) const {
        return fits(offset, bytes(w)) ? port_->observe(range_.base() + offset, w) : 0;
    }
    /// The word by which this side hands something over.
    void publish(std::uint64_t offset, Width w, std::uint64_t value) const {
        if (fits(offset, bytes(w)))
            port_->publish(range_.base() + offset, w, value);
    }
    bool copy_in(std::span<std::byte> to, std::uint64_t offset) const {
        if (!fits(offset, to.size()))
            return false;
        port_->copy_in(to, range_, offset);
        return true;
    }

  private:
    friend class SharedMemory;
    MemoryView(Port& port, GuestAddr base, std::uint64_t size)
        : port_(&port), range_(port.range(base, size)), size_(size) {}

    bool fits(std::uint64_t offset, std::uint64_t n) const {
        return offset <= size_ && n <= size_ - offset;
    }

    Port* port_ = nullptr;
    MemoryRange range_;
    std::uint64_t size_ = 0;
};

class SharedMemory {
  public:
    SharedMemory(Port& port, GuestAddr base, std::uint64_t size)
        : port_(&port), range_(port.range(base, size)), size_(size) {}

    /// All of [a, a + n), without wrapping.
    bool contains(GuestAddr a, std::uint64_t n) const {
        const std::uint64_t offset = offset_of(a);
        return a.value >= range_.base().value && offset <= size_ && n <= size_ - offset;
    }
    /// Empty when the range is not inside.
    MemoryView view(GuestAddr a, std::uint64_t n) const {
        return contains(a, n) ? MemoryView(*port_, a, n) : MemoryView();
    }
    [[nodiscard]] bool copy_in(std::span<std::byte> to, GuestAddr from) const {
        if (!contains(from, to.size()))
            return false;
        port_->copy_in(to, range_, offset_of(from));
        return true;
    }
    [[nodiscard]] bool copy_out(GuestAddr to, std::span<const std::byte> from) const {
        if (!contains(to, from.size()))
            return false;
        port_->copy_out(range_, offset_of(to), from);
        return true;
    }

    Port& port() const { return *port_; }

  private:
    std::uint64_t offset_of(GuestAddr a) const { return a.value - range_.base().value; }

    Port* port_;
    MemoryRange range_;
    std::uint64_t size_;
};

}  // namespace vms::service
