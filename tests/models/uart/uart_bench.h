// A UART on the bench: an interrupt controller that writes down edges, a far end that writes down
// characters, and accesses at chosen times.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "models/base/time.h"
#include "models/bus/target.h"
#include "models/core/activity.h"
#include "models/core/irq_line.h"
#include "models/uart/serial_channel.h"
#include "models/uart/uart_parameters.h"
#include "tests/support/run_until.h"

namespace models::test {

struct Edge {
    bool level;
    std::uint64_t at;  ///< picoseconds
    bool operator==(const Edge&) const = default;
};

class RecordingController final : public InterruptController {
  public:
    void spi(vms::IntId /*id*/, bool level, Picos at) override {
        edges.push_back({level, at.value});
        if (on_edge)
            on_edge(level, at);
    }
    void ppi(CpuId /*cpu*/, vms::IntId /*id*/, bool /*level*/, Picos /*at*/) override {}

    std::vector<Edge> edges;
    std::function<void(bool, Picos)> on_edge;
};

struct Arrival {
    std::uint8_t byte;
    std::uint64_t at;  ///< picoseconds
    bool operator==(const Arrival&) const = default;
};

class RecordingSink final : public SerialSink {
  public:
    explicit RecordingSink(std::vector<Arrival>& arrivals) : arrivals_(arrivals) {}
    void put(std::uint8_t byte, Picos at) override { arrivals_.push_back({byte, at.value}); }

  private:
    std::vector<Arrival>& arrivals_;
};

template <class Uart>
struct Bench {
    RecordingController gic;
    Activity activity;
    SerialChannel channel;
    std::vector<Arrival> sent;  ///< what reached the far end
    Uart uart;

    explicit Bench(std::unique_ptr<SerialSource> source = nullptr, UartParameters parameters = {},
                   const char* name = "uart")
        : uart(name, parameters, IrqLine(gic, vms::IntId{54}), activity,
               with(channel, sent, std::move(source))) {}

    void write(std::uint32_t offset, std::uint64_t value, vms::Width w = vms::Width::word) {
        write_at(kernel_now(), offset, value, w);
    }
    std::uint32_t read(std::uint32_t offset, vms::Width w = vms::Width::word) {
        return read_at(kernel_now(), offset, w);
    }
    void write_at(Picos t, std::uint32_t offset, std::uint64_t value,
                  vms::Width w = vms::Width::word) {
        Access a{.offset = offset, .value = value, .width = w, .write = true, .time = t};
        uart.access(a);
        EXPECT_FALSE(a.error) << "offset " << offset;
    }
    std::uint32_t read_at(Picos t, std::uint32_t offset, vms::Width w = vms::Width::word) {
        Access a{.offset = offset, .width = w, .time = t};
        uart.access(a);
        EXPECT_FALSE(a.error) << "offset " << offset;
        return static_cast<std::uint32_t>(a.value);
    }
    /// Lets everything due until `t`, and at it, happen.
    void run_until(Picos t) { test::run_until(t); }

    static SerialChannel& with(SerialChannel& channel, std::vector<Arrival>& sent,
                               std::unique_ptr<SerialSource> source) {
        channel.set_sink(std::make_unique<RecordingSink>(sent));
        if (source != nullptr)
            channel.add_source(std::move(source));
        return channel;
    }
};

inline std::unique_ptr<SerialSource> typed(Picos at, std::string text) {
    std::vector<ScriptedInput::Text> script;
    script.push_back({at, std::move(text)});
    return std::make_unique<ScriptedInput>(std::move(script));
}

}  // namespace models::test
