// Which frames a driver wants to receive. After the OASIS VirtIO specification v1.4, 5.1.9.5.1
// (packet receive filtering) and 5.1.9.5.2 (MAC address filtering).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "vms/service/net/frame.h"

namespace vms::service {

class ReceiveFilter {
  public:
    static constexpr std::size_t table_entries = 64;

    /// The state after a reset: an empty table, all modes off.
    struct Modes {
        bool promiscuous = false;
        bool all_multicast = false;
        bool all_unicast = false;
        bool no_multicast = false;
        bool no_unicast = false;
        bool no_broadcast = false;
    };

    /// Addresses of the MAC table. A table that overflows is replaced by accepting all addresses of
    /// its kind, as the specification allows.
    class Table {
      public:
        void add(ethernet::Address a) {
            if (count_ < table_entries)
                addresses_[count_++] = a;
            else
                overflow_ = true;
        }
        void overflow() { overflow_ = true; }
        bool contains(ethernet::Address a) const {
            for (std::size_t i = 0; i < count_; ++i)
                if (addresses_[i] == a)
                    return true;
            return overflow_;
        }

      private:
        std::array<ethernet::Address, table_entries> addresses_{};
        std::size_t count_ = 0;
        bool overflow_ = false;
    };

    Modes& modes() { return modes_; }
    Table& unicast() { return unicast_; }
    Table& multicast() { return multicast_; }
    void clear() { *this = ReceiveFilter(); }
    /// The address of the station; none: not known, all unicast addresses may be its.
    void set_address(ethernet::Address a) {
        address_ = a;
        address_known_ = true;
    }

    bool accepts(ethernet::Address destination) const {
        if (modes_.promiscuous)
            return true;
        if (destination == ethernet::broadcast)
            return !modes_.no_broadcast;
        if (ethernet::is_group(destination))
            return !modes_.no_multicast &&
                   (modes_.all_multicast || multicast_.contains(destination));
        return !modes_.no_unicast && (!address_known_ || destination == address_ ||
                                      modes_.all_unicast || unicast_.contains(destination));
    }

  private:
    Modes modes_;
    ethernet::Address address_ = 0;
    bool address_known_ = false;
    Table unicast_;
    Table multicast_;
};

}  // namespace vms::service
