// The front-end of the network benchmark: a lean driver that does one thing for ever, so that what
// is measured is the way through the system. Ring size 256, one descriptor for header and frame,
// receive buffers of 2048 bytes. A batch costs three register accesses: one notification, and one
// read and one acknowledgement of the interrupt status; all are mediated. An echo costs five when
// the device interrupts for the completion and for the arrival, three when it does so once for
// both.
//
//   reset     from a device reset to DRIVER_OK, again and again
//   transmit  a batch, and the wait until all of it is used
//   receive   take a batch, give the buffers back
//   echo      one frame, and the wait for what comes back
//
// The driver is NetDriver in the manner of the bare-metal profile with event index: the device
// interrupts when a whole batch is used, and when something has arrived.
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

enum class NetMode : std::uint8_t { reset, transmit, receive, echo };

struct NetFrontendConfig {
    vms::frontend::GicAddresses gic;
    vms::frontend::DeviceConfig device;
    NetMode mode = NetMode::transmit;
    std::size_t bytes = 60;   ///< of a frame, without FCS
    std::uint64_t batch = 1;  ///< transmit
    bool bounced = false;     ///< buffers are mapped for each use, as Linux does it
    /// Where frames go; without, to a group that nobody has joined.
    vms::workload::packets::MacAddress destination{{0x03, 0, 0, 0, 0, 1}};
    std::uint64_t boot_ns = 2'000'000;  ///< the service guest is up
};

class NetFrontend final : public vms::Program, private vms::workload::FrameSink {
  public:
    explicit NetFrontend(const NetFrontendConfig& config)
        : config_(config), profile_(make_profile(config)), operations_(profile_.software) {
        config_.device.queue_size = ring_size;
        // A device that is only reset needs no interrupt at the interrupt controller.
        config_.device.net.polling = config.mode == NetMode::reset;
    }

    /// Inits, frames sent, frames received, or round trips so far.
    std::uint64_t done() const { return done_; }
    bool broken() const { return broken_; }
    const vms::frontend::NetCounters* counters() const {
        return driver_ ? driver_->network_counters() : nullptr;
    }

    void run(vms::Cpu& cpu) override {
        interrupts_.emplace(cpu, config_.gic, profile_.interrupts, operations_);
        interrupts_->start();
        cpu.retire_nanoseconds(config_.boot_ns);
        do {
            driver_.emplace(vms::frontend::DriverContext{cpu, *interrupts_, profile_, operations_},
                            config_.device);
            driver_->attach(*this);
            broken_ = driver_->probe() != vms::frontend::Fault::none;
            if (config_.mode == NetMode::reset)
                ++done_;
        } while (config_.mode == NetMode::reset && !broken_);
        broken_ = broken_ || driver_->bring_up() != vms::frontend::Fault::none;
        make_frame();
        while (!broken_)
            broken_ = !step();
        for (;;)
            cpu.wait_for_interrupt();
    }

  private:
    static constexpr std::uint32_t ring_size = 256;

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
        if (c.bounced)
            p.net.buffers = vms::frontend::NetProfile::Buffers::bounced;
        return p;
    }

    bool step() {
        vms::frontend::NetDriver& d = *driver_;
        switch (config_.mode) {
            case NetMode::transmit:
                for (std::uint64_t k = 1; k <= config_.batch; ++k)
                    if (!d.send(frame_, {}, k != config_.batch))
                        return false;
                done_ += config_.batch;
                return d.drain();
            case NetMode::receive:
                return d.wait(d.activity(), vms::frontend::NetDriver::no_deadline);
            case NetMode::echo: {
                const std::uint64_t before = received_;
                if (!d.send(frame_, {}, false))
                    return false;
                while (received_ == before)
                    if (!d.wait(d.activity(), vms::frontend::NetDriver::no_deadline))
                        return false;
                ++done_;
                return true;
            }
            case NetMode::reset:
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
    void make_frame() {
        frame_.assign(config_.bytes, std::byte{0});
        const vms::workload::packets::MacAddress own = driver_->mac();
        vms::workload::packets::put(frame_, 0, config_.destination);
        vms::workload::packets::put(frame_, 6, own);
        frame_[12] = std::byte{0x88};
        frame_[13] = std::byte{0xb5};
    }

    NetFrontendConfig config_;
    vms::frontend::Profile profile_;
    vms::frontend::Operations operations_;
    std::optional<vms::frontend::Interrupts> interrupts_;
    std::optional<vms::frontend::NetDriver> driver_;
    std::vector<std::byte> frame_;
    std::uint64_t received_ = 0;
    std::uint64_t done_ = 0;
    bool broken_ = false;
};

}  // namespace bench
