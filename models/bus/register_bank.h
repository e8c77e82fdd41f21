// A device's registers as its manual lists them: one row of data a register (name, offset, reset
// value, which bits can be read, written, cleared by writing one) and, where a register is more
// than storage, the member functions of the device that give its value or act on an access.
//
//     constexpr std::array<Register<Uart>, 2> table{{
//         {.name = "ISR", .offset = 0x14, .clearable = 0x3fff, .after_write = &Uart::changed},
//         {.name = "SR", .offset = 0x2c, .writable = 0, .value = &Uart::status},
//     }};
//
// Reading is in two halves, the value and the effect, so that a debugger can look at a register
// without taking a byte out of a FIFO. Accesses of 8, 16 and 32 bits are served, aligned; a narrow
// store leaves the other bytes alone. Anything else is a bus error. An offset that no row names
// reads as zero and ignores writes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "models/base/time.h"
#include "models/bus/target.h"

namespace models {

template <class Device>
struct Register {
    std::string_view name;
    std::uint32_t offset = 0;
    std::uint32_t reset = 0;
    std::uint32_t readable = ~std::uint32_t{0};  ///< the other bits read as zero
    std::uint32_t writable = 0;                  ///< bits that a store replaces
    std::uint32_t clearable = 0;                 ///< bits that are cleared by writing one
    std::uint32_t read_clears = 0;               ///< bits that a read gives and clears
    /// The value, for a register that is not storage; `readable` applies to it too.
    std::uint32_t (Device::*value)() const = nullptr;
    /// What else a read does: take a byte out of a FIFO.
    void (Device::*after_read)(Picos now) = nullptr;
    /// What else a store does. The writable bits are in place; `written` is what was on the bus,
    /// with zeros in the bytes that a narrow store did not carry.
    void (Device::*after_write)(std::uint32_t written, Picos now) = nullptr;
};

/// What an access found, for the device to decide whether anything can have changed.
enum class AccessEffect : std::uint8_t { none, changed };

/// `Count` registers in a window of `Bytes`.
template <class Device, std::size_t Count, std::size_t Bytes>
class RegisterBank {
  public:
    using Table = std::array<Register<Device>, Count>;
    static_assert(Count < 0xff && Bytes % 4 == 0);

    /// `table` outlives the bank.
    explicit RegisterBank(const Table& table) : table_(table) {
        index_.fill(nothing);
        for (std::size_t i = 0; i < Count; ++i) {
            const Register<Device>& r = table[i];
            if (r.offset % 4 != 0 || r.offset >= Bytes || index_[r.offset / 4] != nothing)
                throw std::logic_error("register table: offset of " + std::string(r.name));
            index_[r.offset / 4] = static_cast<std::uint8_t>(i);
        }
        reset();
    }

    void reset() {
        for (std::size_t i = 0; i < Count; ++i)
            stored_[i] = table_[i].reset;
    }

    /// What is stored for the register at `offset`, which a row must name.
    std::uint32_t& at(std::uint32_t offset) { return stored_[index_[offset / 4]]; }
    std::uint32_t at(std::uint32_t offset) const { return stored_[index_[offset / 4]]; }

    AccessEffect access(Device& device, Access& a, Picos now) {
        const Place place = find(a);
        if (a.error || place.row == nothing)
            return AccessEffect::none;
        const Register<Device>& r = table_[place.row];
        if (!a.write) {
            a.value = read(device, place);
            stored_[place.row] &= ~(r.read_clears & place.lanes);
            if (r.after_read == nullptr)
                return AccessEffect::none;
            (device.*r.after_read)(now);
            return AccessEffect::changed;
        }
        const auto written = static_cast<std::uint32_t>(a.value << place.shift) & place.lanes;
        std::uint32_t& stored = stored_[place.row];
        stored = (stored & ~(r.writable & place.lanes)) | (written & r.writable);
        stored &= ~(written & r.clearable);
        if (r.after_write != nullptr)
            (device.*r.after_write)(written, now);
        return AccessEffect::changed;
    }

    /// The value that a read would give, without the read's effect.
    void peek(const Device& device, Access& a) const {
        const Place place = find(a);
        if (!a.error && place.row != nothing)
            a.value = read(device, place);
    }

  private:
    static constexpr std::uint8_t nothing = 0xff;

    struct Place {
        std::uint8_t row = nothing;
        unsigned shift = 0;
        std::uint32_t lanes = 0;
    };

    /// Which register and which of its bytes; marks the access as an error or, on a read, as zero.
    Place find(Access& a) const {
        const unsigned width = vms::bytes(a.width);
        if (!a.write)
            a.value = 0;
        if (width > 4 || a.offset % width != 0) {
            a.error = true;
            return {};
        }
        const std::uint64_t word = a.offset / 4;
        if (word >= index_.size())
            return {};
        const auto shift = static_cast<unsigned>(8 * (a.offset % 4));
        return {index_[word], shift, static_cast<std::uint32_t>(vms::mask(a.width) << shift)};
    }

    std::uint32_t read(const Device& device, const Place& place) const {
        const Register<Device>& r = table_[place.row];
        const std::uint32_t full = r.value != nullptr ? (device.*r.value)() : stored_[place.row];
        return (full & r.readable & place.lanes) >> place.shift;
    }

    const Table& table_;
    std::array<std::uint32_t, Count> stored_{};
    std::array<std::uint8_t, Bytes / 4> index_{};
};

}  // namespace models
