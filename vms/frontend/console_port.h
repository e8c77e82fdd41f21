// One port of a console driver (OASIS VirtIO v1.4, 5.3): a terminal over a receive and a transmit
// queue. Input arrives by interrupt and is kept until it is read; how a write ends is the
// profile's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "vms/abi/virtio_console.h"
#include "vms/frontend/console_control.h"
#include "vms/frontend/console_device.h"

namespace vms::frontend {

class ConsolePort final : public workload::Terminal {
  public:
    /// `restart` resets the device and starts it again.
    ConsolePort(ConsoleDevice& device, ConsoleControl& control, std::uint32_t id,
                std::function<bool()> restart);

    // --- for the driver ---------------------------------------------------------------------

    /// Its queues exist. What the device does not want interrupts for is said here.
    void queues_created();
    /// Give the device receive buffers, and tell it of each if asked to. False: not even one.
    bool fill(bool kick_each);
    void kick_receive_queue() { device_.kick(receiveq_); }
    /// It exists from now on.
    void appear() { present_ = true; }
    /// It is a console: open from now on.
    void make_console() { console_ = true; }
    void host_opened(bool open);
    void named(std::string name);
    void resized(std::uint16_t cols, std::uint16_t rows);
    /// The device takes the port away; its queues stay as they are. Who has it open hears of it,
    /// even if the port comes back at once: what they have opened is gone.
    void disappear();
    /// The device was reset: what its queues held is accounted for and given up.
    void forget();
    /// A used buffer notification.
    void interrupt();

    std::uint32_t id() const { return id_; }
    bool present() const { return present_; }
    bool console() const { return console_; }
    const std::string& name() const { return name_; }
    bool has_input() const { return !received_.empty(); }
    /// Let a device that fills a buffer only for a reader have one.
    void expect_input();
    /// What the device has used is taken back; is there room for a further buffer?
    bool has_room();
    PortReport report() const;

    // workload::Terminal
    bool open() override;
    void close() override;
    bool usable() const override;
    bool write(std::span<const std::byte> bytes) override;
    std::size_t submit(std::span<const std::byte> bytes) override;
    std::size_t read(std::span<std::byte> into) override;
    bool wait_for_input() override;
    bool restart() override { return restart_(); }
    workload::TerminalAccount account() const override { return account_; }
    workload::Hindrance hindrance() const override;

  private:
    struct InFlight {
        std::uint64_t buffer = 0;
        std::uint32_t length = 0;
    };
    enum class Wrote : std::uint8_t { taken, lost, failed };

    bool polls() const;
    bool open_to_input() const { return console_ || guest_open_; }
    bool known() const { return present_ && (console_ || host_open_ || !name_.empty()); }
    bool hung_up() const { return !console_ && connected_ && !host_open_; }
    /// Nothing more will come for who has it open.
    bool ended() const { return gone_ || hung_up(); }
    bool recover();
    void wait_for_completion(bool poll);
    bool hand_over(std::span<const std::byte> bytes);
    Wrote write_buffer(std::span<const std::byte> bytes);
    bool reclaim_one();
    void reclaim();
    void arm();
    void drain();
    void take(const SplitRing::Used& used);

    SplitRing& receive_ring() { return device_.ring(receiveq_); }
    SplitRing& transmit_ring() { return device_.ring(transmitq_); }

    ConsoleDevice& device_;
    ConsoleControl& control_;
    std::uint32_t id_;
    std::uint32_t receiveq_;
    std::uint32_t transmitq_;
    std::function<bool()> restart_;

    bool present_ = false;
    bool console_ = false;
    bool host_open_ = false;
    bool guest_open_ = false;
    bool unplugged_ = false;  ///< it was there once
    bool gone_ = false;       ///< taken away since it was opened
    bool connected_ = false;  ///< its far end has been open since it was opened
    std::string name_;
    std::uint16_t cols_ = 0;
    std::uint16_t rows_ = 0;

    std::deque<std::byte> received_;  ///< taken from the ring, not yet read
    bool throttled_ = false;          ///< used buffers were left in the ring for want of room
    std::vector<InFlight> in_flight_;
    workload::TerminalAccount account_;
};

}  // namespace vms::frontend
