// The transmit side of the network driver (OASIS VirtIO v1.4, 5.1.9.2): frames with the VirtIO
// header before them in one buffer, completed ones taken back, the queue stopped when it runs out
// of descriptors. With deferred work it does what start_xmit, virtnet_poll_tx and
// free_old_xmit_skbs of Linux 6.1 do.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "vms/frontend/net_device.h"

namespace vms::frontend {

class NetTransmit final : public Pollable {
  public:
    explicit NetTransmit(NetDevice& device) : device_(device) {}

    /// The queue exists; `mtu` bounds what is sent. False: no memory for static buffers.
    bool start(std::size_t mtu);

    /// See workload::NetInterface.
    bool send(std::span<const std::byte> frame, workload::PartialChecksum checksum, bool more);
    bool room() const { return !stopped_ && backlog_.empty(); }
    void flush();

    /// The queue's interrupt.
    void interrupted();
    /// Softirq: take back what is used.
    unsigned poll(unsigned budget) override;
    void schedule();
    /// The same on occasion of a receive poll (virtnet_poll_cleantx).
    void clean();

    /// Without deferred work: take back what is used, and send what was kept.
    void look();
    /// Without deferred work: whether the device shall interrupt for this queue. False: it has used
    /// something already, and no interrupt will come for that.
    bool want_interrupts(bool wanted);
    std::uint32_t outstanding() const { return ring().outstanding(); }
    bool stopped() const { return stopped_; }
    bool idle() const { return ring().outstanding() == 0 && backlog_.empty(); }
    SplitRing& ring() const { return device_.transport.queue(abi::net::transmitq); }
    /// Completions count as activity: somebody waits for the last.
    void set_draining(bool draining) { draining_ = draining; }

  private:
    struct Kept {
        std::vector<std::byte> frame;
        workload::PartialChecksum checksum;
    };

    /// It is in the account now.
    void count(std::uint64_t& as) {
        ++as;
        device_.counters.tx_handing = 0;
    }
    bool keep(std::span<const std::byte> frame, workload::PartialChecksum checksum);
    bool transmit(std::span<const std::byte> frame, workload::PartialChecksum checksum, bool more);
    bool short_of_room() const;
    std::optional<GuestAddr> take_buffer(std::uint32_t bytes);
    void give_back(std::uint64_t token);
    void reclaim();
    void wake_if_room();
    void kick();

    NetDevice& device_;
    Bill per_frame_;                       ///< driver, mapping, ring
    Bill per_completed_;                   ///< ring, unmapping, freeing
    std::vector<GuestAddr> free_buffers_;  ///< static ones
    std::uint32_t buffer_bytes_ = 0;
    std::deque<Kept> backlog_;
    bool stopped_ = false;
    bool unkicked_ = false;  ///< handed over since the device was told
    bool interrupts_wanted_ = true;
    bool draining_ = false;
};

}  // namespace vms::frontend
