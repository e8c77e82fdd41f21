// Building the machine that a scenario describes.
#include "sim/build/platform.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "models/uart/cadence_uart.h"
#include "models/uart/pattern.h"
#include "models/uart/pl011.h"

namespace sim {

namespace {

using models::PhysAddr;
using models::Picos;

constexpr std::uint64_t page = 0x1000;

std::uint64_t page_up(std::uint64_t n) {
    return (n + page - 1) / page * page;
}

/// Hands out physical pages of the platform's RAM around what the configuration has placed.
class PageAllocator {
  public:
    struct Block {
        std::uint64_t base = 0;
        std::uint64_t size = 0;
    };

    explicit PageAllocator(const std::vector<RamRegion>& ram) {
        for (const RamRegion& r : ram)
            free_.push_back({r.base.value, r.size});
    }

    void reserve(std::uint64_t base, std::uint64_t size) {
        std::vector<Block> left;
        for (const Block& b : free_) {
            const std::uint64_t end = b.base + b.size;
            if (base >= end || base + size <= b.base) {
                left.push_back(b);
                continue;
            }
            if (base > b.base)
                left.push_back({b.base, base - b.base});
            if (base + size < end)
                left.push_back({base + size, end - (base + size)});
        }
        free_ = std::move(left);
    }

    /// First fit; nullopt when no block is large enough.
    std::optional<PhysAddr> take(std::uint64_t size) {
        for (const Block& b : free_) {
            if (b.size >= size) {
                const PhysAddr at{b.base};
                reserve(b.base, size);
                return at;
            }
        }
        return std::nullopt;
    }

  private:
    std::vector<Block> free_;
};

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

}  // namespace

Platform::Platform(const Scenario& s, const models::ProbeHub& probes, const SerialText& serial)
    : timeline_(s.quantum) {
    if (!load_costs(s) || !place_memory(s))
        return;
    describe_vms(s);

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
    if (!errors_.empty())
        return;
    hypervisor_ = std::make_unique<models::bao::Hypervisor>(config_, costs_, probes);
    build_cores(s, probes);
}

Platform::~Platform() = default;

bool Platform::load_costs(const Scenario& s) {
    std::string error;
    const std::string_view gic = s.platform.gic.version == 3 ? "GICv3" : "GICv2";
    std::optional<models::bao::CostTable> table;
    if (s.timing.path_costs.empty()) {
        table = models::bao::CostTable::built_in();
    } else {
        std::ifstream in(s.timing.path_costs, std::ios::binary);
        std::ostringstream text;
        if (in)
            text << in.rdbuf();
        if (!in) {
            errors_.push_back(fmt::format("timing.path_costs: the file '{}' cannot be read",
                                          s.timing.path_costs));
            return false;
        }
        table = models::bao::CostTable::parse(text.str(), error);
    }
    if (table) {
        if (auto costs = models::bao::PathCosts::from(*table, gic, error)) {
            costs_ = *costs;
            return true;
        }
    }
    errors_.push_back(
        fmt::format("timing.path_costs: {}: {}",
                    s.timing.path_costs.empty() ? "built-in table" : s.timing.path_costs, error));
    return false;
}

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
    const auto host = [&](PhysAddr a, std::uint64_t n) -> std::byte* {
        for (const auto& m : ram_)
            if (std::byte* p = m->host(a, n))
                return p;
        return nullptr;
    };

    PageAllocator pages(s.platform.ram);
    for (const ShmemConfig& m : s.shmemlist)
        if (m.phys)
            pages.reserve(m.phys->value, page_up(m.size));
    for (const VmConfig& vm : s.vms)
        for (const RegionConfig& r : vm.regions)
            if (r.phys)
                pages.reserve(r.phys->value, page_up(r.size));

    const auto place = [&](const std::optional<PhysAddr>& fixed, std::uint64_t size,
                           const Place& where) -> std::optional<PhysAddr> {
        const auto at = fixed ? fixed : pages.take(page_up(size));
        if (!at || host(*at, size) == nullptr) {
            errors_.push_back(fmt::format("{}:{}: {}: {} bytes do not fit the platform's RAM",
                                          where.file, where.line, where.key, size));
            return std::nullopt;
        }
        return at;
    };
    for (const ShmemConfig& m : s.shmemlist) {
        const auto at = place(m.phys, m.size, m.place);
        if (!at)
            return false;
        config_.shmemlist.push_back({m.size, *at});
    }
    for (const VmConfig& vm : s.vms) {
        models::bao::VmConfig& out = config_.vmlist.emplace_back();
        for (const RegionConfig& r : vm.regions) {
            const auto at = place(r.phys, r.size, r.place);
            if (!at)
                return false;
            out.regions.push_back({r.base, r.size, *at, host(*at, r.size)});
        }
        // Shared memory of remote I/O and IPC objects is mapped like any region. Bao truncates one
        // that is larger than its shmem.
        const auto map_shared = [&](vms::GuestAddr base, std::uint64_t size, unsigned id) {
            if (id >= config_.shmemlist.size())
                return;  // refused at boot
            const models::bao::Shmem& m = config_.shmemlist[id];
            const std::uint64_t n = std::min(size, m.size);
            out.regions.push_back({base, n, m.phys, host(m.phys, n)});
        };
        for (const IpcConfig& i : vm.ipcs)
            map_shared(i.base, i.size, i.shmem_id);
        for (const RemioDevConfig& d : vm.remio_devs)
            map_shared(d.shmem.base, d.shmem.size, d.shmem.shmem_id);
    }
    return true;
}

void Platform::describe_vms(const Scenario& s) {
    const PlatformConfig& p = s.platform;
    config_.cpu_num = p.cpu_num;
    config_.firmware_standby = p.firmware_standby;
    config_.gic = {p.gic.gicd,        p.gic.gicc,           p.gic.gich,           p.gic.gicv,
                   p.gic.maintenance, p.gic.list_registers, p.gic.interrupt_lines};
    for (std::size_t i = 0; i < s.vms.size(); ++i) {
        const VmConfig& vm = s.vms[i];
        models::bao::VmConfig& out = config_.vmlist[i];
        out.name = vm.name;
        out.cpu_affinity = vm.cpu_affinity;
        out.start = vm.start;
        out.gicd = vm.gicd;
        out.gicc = vm.gicc;
        for (const DevConfig& d : vm.devs)
            out.devs.push_back({d.pa, d.va, d.size, d.interrupts});
        for (const IpcConfig& c : vm.ipcs)
            out.ipcs.push_back({c.base, c.size, c.shmem_id, c.interrupts});
        for (const RemioDevConfig& d : vm.remio_devs) {
            models::bao::RemioDev r;
            r.name = d.name;
            r.type = d.type == RemioType::backend ? models::bao::RemioDevType::backend
                                                  : models::bao::RemioDevType::frontend;
            r.bind_key = d.bind_key;
            r.va = d.va;
            r.size = d.size;
            r.interrupt = d.interrupt;
            r.shmem = {d.shmem.base, d.shmem.size, d.shmem.shmem_id};
            out.remio_devs.push_back(std::move(r));
        }
    }
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
            if (u.output == "stdout" && serial)
                line->channel.set_sink(std::make_unique<TextSink>(serial));
            else if (u.output == "stdout")
                line->channel.set_sink(models::HostOutput::to_stream(stdout));
            else if (u.output != "none")
                line->channel.set_sink(models::HostOutput::to_file(u.output));
            if (!u.input.empty()) {
                std::vector<models::ScriptedInput::Text> script;
                for (const TypedInput& t : u.input)
                    script.push_back({t.at, t.text});
                line->channel.add_source(
                    std::make_unique<models::ScriptedInput>(std::move(script)));
            }
            if (!u.input_file.empty())
                line->channel.add_source(std::make_unique<models::FileInput>(u.input_file));
        } catch (const std::system_error& e) {
            wrong(fmt::format("{}: {}",
                              u.output == "stdout" || u.output == "none" ? u.input_file : u.output,
                              e.code().message()));
            continue;
        }
        if (u.pattern) {
            line->channel.add_source(std::make_unique<models::PatternInput>(
                u.pattern->seed, u.pattern->bytes, u.pattern->at));
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
            line->synchronise = [uart = m.get()] { uart->synchronise(); };
            line->model = std::move(m);
        } else {
            auto m = std::make_unique<models::Pl011>(u.name.c_str(), parameters, irq, activity_,
                                                     line->channel);
            target = m.get();
            line->synchronise = [uart = m.get()] { uart->synchronise(); };
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
