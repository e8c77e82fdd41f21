// A VirtIO device for tests of the transport: records what the transport tells it.
#pragma once

#include <string>
#include <vector>

#include "vms/service/virtio/device.h"

namespace vms::service::test {

class FakeDevice final : public VirtioDevice {
  public:
    DeviceProfile facts{
        .device_type = 3, .features = 0, .queues = 2, .queue_size_max = 64, .config_bytes = 12};
    std::array<std::uint8_t, 12> config{0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
                                        0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b};
    std::vector<std::string> calls;
    DeviceContext context{};
    /// Take one chain of queue 0 in a step and give it back.
    bool echo = false;
    bool hold = false;  ///< take one and keep it
    DescriptorChain held;

    DeviceProfile profile() const override { return facts; }
    std::uint32_t read_config(std::uint32_t offset, Width width) override {
        std::uint32_t v = 0;
        for (unsigned i = bytes(width); i-- > 0;)
            v = v << 8 | config[offset + i];
        return v;
    }
    void write_config(std::uint32_t offset, Width width, std::uint32_t value) override {
        for (unsigned i = 0; i < bytes(width); ++i)
            config[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    void activate(const DeviceContext& c) override {
        context = c;
        calls.push_back("activate");
    }
    void reset() override {
        held = DescriptorChain();
        calls.push_back("reset");
    }
    void kicked(std::uint32_t queue) override { calls.push_back("kick " + std::to_string(queue)); }
    void queue_stopped(std::uint32_t queue) override {
        held = DescriptorChain();
        calls.push_back("stop " + std::to_string(queue));
    }
    bool work() override {
        if (!echo && !hold)
            return false;
        DescriptorChain chain = context.queues[0].pop(storage_);
        if (!chain)
            return false;
        if (hold)
            held = std::move(chain);
        else
            context.queues[0].complete(std::move(chain), 0);
        return true;
    }

  private:
    ChainStorage storage_;
};

}  // namespace vms::service::test
