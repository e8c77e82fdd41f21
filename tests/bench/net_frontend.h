// The front-end of the network benchmark: a lean driver that does one thing for ever, so that what
// is measured is the way through the system. Ring size 256, one descriptor for header and frame,
// receive buffers of 2048 bytes. All accesses to the device's registers are mediated:
//
//   reset     from a device reset to DRIVER_OK, again and again: 35 accesses
//   probe     the same as Linux 6.1 does it, with the control queue and the state of the link: 65
//   transmit  a batch, and the wait until all of it is used: the notification, and in one interrupt
//             the read and the acknowledgement of InterruptStatus, 3 accesses
//   receive   a batch of buffers, and the wait until all of them have been filled: the same 3
//   echo      one frame, and the wait for what comes back: the notification, one interrupt when the
//             frame is used and one when its answer has come, 5 accesses. The buffer of the answer
//             goes back without a notification: with 255 others in the ring the device wants none
//
// The driver is NetDriver, but for `probe` in the manner of the bare-metal profile with event
// index: the device interrupts when a whole batch is used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "vms/frontend/frontend.h"
#include "vms/frontend/net.h"

namespace bench {

enum class NetMode : std::uint8_t { reset, probe, transmit, receive, echo };

constexpr bool only_probes(NetMode mode) {
    return mode == NetMode::reset || mode == NetMode::probe;
}

struct NetFrontendConfig {
    vms::frontend::GicAddresses gic;
    std::vector<vms::frontend::DeviceConfig> devices;  ///< more than one to transmit only
    NetMode mode = NetMode::transmit;
    std::size_t bytes = 60;   ///< of a frame, without FCS
    std::uint32_t batch = 1;  ///< transmit, receive
    /// Where frames go; without, to a group that nobody has joined.
    vms::workload::packets::MacAddress destination{{0x03, 0, 0, 0, 0, 1}};
    std::uint64_t boot_ns = 2'000'000;  ///< the service guest is up
};

class NetFrontend final : public vms::Program, private vms::workload::FrameSink {
  public:
    explicit NetFrontend(const NetFrontendConfig& config)
        : config_(config),
          profile_(make_profile(config)),
          operations_(profile_.software),
          stations_(config.devices.size()) {
        for (vms::frontend::DeviceConfig& d : config_.devices) {
            d.queue_size = ring_size;
            // A device that is only reset needs no interrupt at the interrupt controller.
            d.net.polling = config.mode == NetMode::reset;
        }
    }

    /// Inits, frames sent, frames received, or round trips so far.
    std::uint64_t done() const { return done_; }
    bool broken() const { return broken_; }

    void run(vms::Cpu& cpu) override {
        interrupts_.emplace(cpu, config_.gic, profile_.interrupts, operations_);
        interrupts_->start();
        cpu.retire_nanoseconds(config_.boot_ns);
        while (only_probes(config_.mode) && !broken_) {
            vms::frontend::NetDriver& driver = start(cpu, 0);
            if (!config_.devices.front().net.polling)
                interrupts_->detach(config_.devices.front().interrupt, driver);
            ++done_;
        }
        for (std::size_t i = 0; i < stations_.size() && !broken_; ++i) {
            vms::frontend::NetDriver& driver = start(cpu, i);
            broken_ = broken_ || driver.bring_up() != vms::frontend::Fault::none;
            make_frame(stations_[i]);
        }
        while (!broken_)
            broken_ = !step();
        for (;;)
            cpu.wait_for_interrupt();
    }

  private:
    static constexpr std::uint32_t ring_size = 256;

    /// A device with its driver, and what is sent there.
    struct Station {
        std::optional<vms::frontend::NetDriver> driver;
        std::vector<std::byte> frame;
    };

    vms::frontend::NetDriver& start(vms::Cpu& cpu, std::size_t i) {
        vms::frontend::NetDriver& driver = stations_[i].driver.emplace(
            vms::frontend::DriverContext{cpu, *interrupts_, profile_, operations_},
            config_.devices[i]);
        driver.attach(*this);
        broken_ = driver.probe() != vms::frontend::Fault::none;
        return driver;
    }

    // A driver that writes Status without reading it first and asks for nothing but the rings: 35
    // accesses from reset to DRIVER_OK, or 37 when the size of the rings is not the device's.
    using Do = vms::frontend::Do;
    using Step = vms::frontend::Step;
    static constexpr std::array identify{Step{Do::read_magic},      Step{Do::read_version},
                                         Step{Do::read_device},     Step{Do::match_device},
                                         Step{Do::write_status, 0}, Step{Do::await_reset},
                                         Step{Do::write_status, 3}};
    static constexpr std::array negotiate{
        Step{Do::select_device_word, 0}, Step{Do::read_device_word, 0},
        Step{Do::select_device_word, 1}, Step{Do::read_device_word, 1},
        Step{Do::require_version_1},     Step{Do::select_driver_word, 0},
        Step{Do::write_driver_word, 0},  Step{Do::select_driver_word, 1},
        Step{Do::write_driver_word, 1},  Step{Do::write_status, 0xb},
        Step{Do::require_features},
    };
    static constexpr std::array queue{
        Step{Do::select_queue},         Step{Do::read_queue_max},    Step{Do::create_ring},
        Step{Do::write_requested_size}, Step{Do::write_descriptors}, Step{Do::write_driver_area},
        Step{Do::write_device_area},    Step{Do::enable_queue},
    };
    static constexpr std::array ready{Step{Do::write_status, 0xf}};

    static vms::frontend::Profile make_profile(const NetFrontendConfig& c) {
        if (c.mode == NetMode::probe)
            return vms::frontend::linux_6_1();
        vms::frontend::Profile p = vms::frontend::bare_metal();
        p.name = "bench";
        p.transport.identify = identify;
        p.transport.negotiate = negotiate;
        p.transport.queue = queue;
        p.transport.ready = ready;
        p.net.features = 0;
        p.transport.features |=
            vms::abi::mmio::feature_bit(vms::abi::mmio::feature::ring_event_idx);
        p.net.transmit_interrupts = c.mode == NetMode::transmit || c.mode == NetMode::echo;
        // In an echo the buffers go back without the device being told, if it does not ask.
        p.net.kicks_always = c.mode != NetMode::echo;
        p.net.receive_batch = c.mode == NetMode::receive ? c.batch : 0;
        return p;
    }

    bool step() {
        vms::frontend::NetDriver& d = *stations_.front().driver;
        switch (config_.mode) {
            case NetMode::transmit:
                for (Station& s : stations_) {
                    for (std::uint32_t k = 1; k <= config_.batch; ++k)
                        if (!s.driver->send(s.frame, {}, k != config_.batch))
                            return false;
                    done_ += config_.batch;
                }
                for (Station& s : stations_)
                    if (!s.driver->drain())
                        return false;
                return true;
            case NetMode::receive:
                return d.wait(d.activity(), vms::frontend::NetDriver::no_deadline);
            case NetMode::echo: {
                const std::uint64_t before = received_;
                if (!d.send(stations_.front().frame, {}, false))
                    return false;
                while (received_ == before)
                    if (!d.wait(d.activity(), vms::frontend::NetDriver::no_deadline))
                        return false;
                ++done_;
                return true;
            }
            case NetMode::reset:
            case NetMode::probe:
                break;
        }
        return false;
    }

    void frame(std::span<const std::byte> /*frame*/, bool /*checksum_known*/) override {
        ++received_;
        if (config_.mode == NetMode::receive)
            ++done_;
    }

    /// Local experimental EtherType 1 (IEEE 802), zeroes after it.
    void make_frame(Station& s) const {
        s.frame.assign(config_.bytes, std::byte{0});
        const vms::workload::packets::MacAddress own = s.driver->mac();
        vms::workload::packets::put(s.frame, 0, config_.destination);
        vms::workload::packets::put(s.frame, 6, own);
        s.frame[12] = std::byte{0x88};
        s.frame[13] = std::byte{0xb5};
    }

    NetFrontendConfig config_;
    vms::frontend::Profile profile_;
    vms::frontend::Operations operations_;
    std::optional<vms::frontend::Interrupts> interrupts_;
    std::vector<Station> stations_;
    std::uint64_t received_ = 0;
    std::uint64_t done_ = 0;
    bool broken_ = false;
};

}  // namespace bench
