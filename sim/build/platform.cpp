// Building the machine that a scenario describes.
#include "sim/build/platform.h"

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "models/uart/cadence_uart.h"
#include "models/uart/pattern.h"
#include "models/uart/pl011.h"
#include "sim/build/configuration.h"

namespace sim {

namespace {

using models::Picos;

/// Characters for a callback, a line at a time where there are lines.
class TextSink final : public models::SerialSink {
  public:
    explicit TextSink(Platform::SerialText f) : f_(std::move(f)) {}
    void put(std::uint8_t byte, Picos /*at*/) override {
        text_.push_back(static_cast<char>(byte));
        if (byte == '\n' || text_.size() >= 256)
            flush();
    }
    std::error_code finish() override {
        flush();
        return {};
    }

  private:
    void flush() {
        if (!text_.empty())
            f_(text_);
        text_.clear();
    }
    Platform::SerialText f_;
    std::string text_;
};

/// Null for "none".
std::unique_ptr<models::SerialSink> sink_of(const std::string& output,
                                            const Platform::SerialText& serial) {
    if (output == "none")
        return nullptr;
    if (output != "stdout")
        return models::HostOutput::to_file(output);
    if (serial)
        return std::make_unique<TextSink>(serial);
    return models::HostOutput::to_stream(stdout);
}

/// A shared line as it is, beside the far ends of its channels.
class LineAndChannels final : public models::SerialSink {
  public:
    LineAndChannels(std::unique_ptr<models::SerialSink> line,
                    std::unique_ptr<models::SerialSink> channels)
        : line_(std::move(line)), channels_(std::move(channels)) {}

    void put(std::uint8_t byte, models::Picos at) override {
        line_->put(byte, at);
        channels_->put(byte, at);
    }
    std::error_code finish() override {
        const std::error_code of_the_line = line_->finish();
        const std::error_code of_the_channels = channels_->finish();
        return of_the_line ? of_the_line : of_the_channels;
    }

  private:
    std::unique_ptr<models::SerialSink> line_;
    std::unique_ptr<models::SerialSink> channels_;
};

void add_input(models::SerialChannel& channel, const std::vector<TypedInput>& input,
               const std::optional<PatternInput>& pattern) {
    if (!input.empty()) {
        std::vector<models::ScriptedInput::Text> script;
        script.reserve(input.size());
        for (const TypedInput& t : input)
            script.push_back({t.at, t.text});
        channel.add_source(std::make_unique<models::ScriptedInput>(std::move(script)));
    }
    if (pattern)
        channel.add_source(
            std::make_unique<models::PatternInput>(pattern->seed, pattern->bytes, pattern->at));
}

RecordEnds add_records(models::SerialChannel& channel, const RecordsConfig& r) {
    auto input = std::make_unique<models::RecordInput>(models::RecordInput::Parameters{
        .stream = static_cast<std::uint32_t>(r.stream),
        .seed = r.seed,
        .from = r.from,
        .until = r.until,
        .period = r.period,
        .payload = static_cast<std::uint32_t>(r.payload),
    });
    auto sink = std::make_unique<models::RecordSink>(static_cast<std::uint32_t>(r.stream));
    const RecordEnds ends{input.get(), sink.get()};
    channel.add_source(std::move(input));
    channel.set_sink(std::move(sink));
    return ends;
}

/// The far ends of the channels of a shared line.
void add_channels(SerialLineObjects& line, const UartConfig& u,
                  const Platform::SerialText& serial) {
    constexpr std::uint64_t picos_per_second = 1'000'000'000'000;
    constexpr std::uint64_t bits = 10;  // start, eight, stop
    const Picos character{picos_per_second * bits / u.baud};
    if (u.mux == SerialMux::framed) {
        auto demux = std::make_unique<models::FramedDemux>(character);
        for (const SerialChannelConfig& c : u.channels)
            demux->add(c.number);
        line.demux = std::move(demux);
    } else {
        auto demux = std::make_unique<models::PrefixedDemux>(character);
        for (const SerialChannelConfig& c : u.channels)
            demux->add(c.name);
        line.demux = std::move(demux);
    }
    for (std::size_t i = 0; i < u.channels.size(); ++i) {
        if (!u.channels[i].records)
            line.demux->channel(i).set_sink(sink_of(u.channels[i].output, serial));
        add_input(line.demux->channel(i), u.channels[i].input, u.channels[i].pattern);
        line.channel_records.emplace_back();
        if (u.channels[i].records)
            line.channel_records[i] = add_records(line.demux->channel(i), *u.channels[i].records);
    }
    auto sink = line.demux->sink();
    if (auto whole = sink_of(u.output, serial))
        sink = std::make_unique<LineAndChannels>(std::move(whole), std::move(sink));
    line.channel.set_sink(std::move(sink));
    line.channel.add_source(line.demux->source());
}

}  // namespace

Platform::Platform(const Scenario& s, const models::ProbeHub& probes, const SerialText& serial)
    : timeline_(s.quantum) {
    const auto costs = load_path_costs(s, errors_);
    auto config = costs ? make_configuration(s, errors_) : std::nullopt;
    if (!config)
        return;
    costs_ = *costs;
    config_ = std::move(*config);
    if (!place_memory(s))
        return;

    const PlatformConfig& p = s.platform;
    gic_ = std::make_unique<models::Gic400>(models::Gic400::Parameters{
        p.cpu_num, p.gic.interrupt_lines, p.gic.list_registers, p.gic.maintenance});
    const models::TargetTiming banked{s.timing.gic_read, s.timing.gic_write, true, false};
    models::TargetTiming shared = banked;
    shared.banked = false;
    constexpr std::uint64_t distributor_size = 0x1000;
    constexpr std::uint64_t cpu_interface_size = 0x2000;
    bus_.map({"gicd", p.gic.gicd, distributor_size, &gic_->distributor(), shared});
    bus_.map({"gicc", p.gic.gicc, cpu_interface_size, &gic_->cpu_interface(), banked});
    bus_.map({"gich", p.gic.gich, cpu_interface_size, &gic_->virtual_interface_control(), banked});
    bus_.map({"gicv", p.gic.gicv, cpu_interface_size, &gic_->virtual_cpu_interface(), banked});
    build_serial_lines(s, serial);
    network_ = std::make_unique<Network>(s, timeline_, activity_, *gic_, probes, errors_);
    network_->map(bus_, {s.timing.device_read, s.timing.device_write, false, true}, errors_);
    if (!errors_.empty())
        return;
    hypervisor_ = std::make_unique<models::bao::Hypervisor>(config_, costs_, probes);
    build_cores(s, probes);
    timeline_.all_devices_added();
}

Platform::~Platform() = default;

bool Platform::place_memory(const Scenario& s) {
    for (const RamRegion& r : s.platform.ram) {
        auto memory = std::make_unique<models::Memory>(r.base, r.size);
        if (!memory->ok()) {
            errors_.push_back(
                fmt::format("the host refuses {} bytes of address space for the RAM "
                            "at {:#x}: make platform.ram smaller",
                            r.size, r.base.value));
            return false;
        }
        ram_.push_back(std::move(memory));
    }
    for (models::bao::VmConfig& vm : config_.vmlist)
        for (models::bao::MemRegion& r : vm.regions)
            for (const auto& m : ram_)
                if (std::byte* p = m->host(r.phys, r.size))
                    r.host = p;
    return true;
}

void Platform::build_serial_lines(const Scenario& s, const SerialText& serial) {
    const models::TargetTiming timing{s.timing.device_read, s.timing.device_write, false, true};
    for (const UartConfig& u : s.platform.uarts) {
        auto line = std::make_unique<SerialLineObjects>();
        line->config = &u;
        const auto wrong = [&](const std::string& what) {
            errors_.push_back(
                fmt::format("{}:{}: {}: {}", u.place.file, u.place.line, u.place.key, what));
        };
        try {
            if (u.mux != SerialMux::none)
                add_channels(*line, u, serial);
            else if (u.records)
                line->records = add_records(line->channel, *u.records);
            else
                line->channel.set_sink(sink_of(u.output, serial));
            add_input(line->channel, u.input, u.pattern);
            if (!u.input_file.empty())
                line->channel.add_source(std::make_unique<models::FileInput>(u.input_file));
        } catch (const std::system_error& e) {
            wrong(e.code().message());
            continue;
        }
        models::UartParameters parameters;
        parameters.reference_clock_hz = u.reference_clock_hz;
        parameters.far_end_baud = u.baud;
        models::IrqLine irq(*gic_, u.interrupt);
        models::Target* target = nullptr;
        if (u.model == UartModel::cadence) {
            auto m = std::make_unique<models::CadenceUart>(u.name.c_str(), parameters, irq,
                                                           activity_, line->channel);
            target = m.get();
            line->finish = [uart = m.get()](models::Picos end) { uart->finish(end); };
            timeline_.add_device(m->next_event());
            line->model = std::move(m);
        } else {
            auto m = std::make_unique<models::Pl011>(u.name.c_str(), parameters, irq, activity_,
                                                     line->channel);
            target = m.get();
            line->finish = [uart = m.get()](models::Picos end) { uart->finish(end); };
            timeline_.add_device(m->next_event());
            line->model = std::move(m);
        }
        if (!bus_.map({u.name, u.base, u.size, target, timing}))
            wrong(fmt::format("{:#x} is already decoded by another device", u.base.value));
        lines_.push_back(std::move(line));
    }
}

void Platform::build_cores(const Scenario& s, const models::ProbeHub& probes) {
    for (unsigned i = 0; i < s.platform.cpu_num; ++i) {
        models::Core::Parameters p;
        p.id = models::CpuId{static_cast<std::uint8_t>(i)};
        p.hz = s.platform.cpu_hz;
        p.counter_hz = s.platform.counter_hz;
        p.exception_entry_cycles = s.timing.exception_entry_cycles;
        p.exception_return_cycles = s.timing.exception_return_cycles;
        models::FlatCoreModel::Parameters flat;
        flat.cpi_milli = s.timing.cpi_milli;
        flat.sysreg_cycles = s.timing.sysreg_cycles;
        flat.barrier_cycles = s.timing.barrier_cycles;
        auto core = std::make_unique<models::Core>(
            fmt::format("cpu{}", i).c_str(), p, timeline_, bus_, *gic_, *hypervisor_,
            std::make_unique<models::FlatCoreModel>(flat), probes);
        gic_->connect(p.id, *core);
        hypervisor_->attach(*core);
        cores_.push_back(std::move(core));
    }
}

std::uint64_t Platform::instructions() const {
    std::uint64_t n = 0;
    for (const auto& c : cores_)
        for (const models::Level l :
             {models::Level::el0, models::Level::el1, models::Level::el2, models::Level::el3})
            n += c->counters(l).instructions;
    return n;
}

}  // namespace sim
