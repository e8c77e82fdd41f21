// Tables of a scenario; the words are those of Bao's configuration.
#include "sim/cli/describe.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/cli/describe_network.h"
#include "sim/cli/notes.h"
#include "sim/scenario/spelling.h"

namespace sim {

namespace {

using Align = Table::Align;

/// Register blocks of a GIC-400 (Arm DDI 0471, "GIC-400 register map").
constexpr std::uint64_t gicd_size = 0x1000;
constexpr std::uint64_t gicc_size = 0x2000;
constexpr std::uint64_t gich_size = 0x2000;
constexpr std::uint64_t gicv_size = 0x2000;
/// The virtual timer's PPI (Arm BSA; the same on all platforms here).
constexpr unsigned virtual_timer_ppi = 27;

std::string hex(std::uint64_t v) {
    return fmt::format("{:#010x}", v);
}

std::string frequency(std::uint64_t hz) {
    if (hz % 1'000'000 == 0)
        return fmt::format("{} MHz", hz / 1'000'000);
    return fmt::format("{} Hz", hz);
}

std::string cpus_of(std::uint64_t mask) {
    std::string text;
    for (unsigned cpu = 0; cpu < 64; ++cpu)
        if ((mask >> cpu & 1) != 0)
            text += fmt::format("{}{}", text.empty() ? "" : ", ", cpu);
    return text.empty() ? "none" : text;
}

std::string ids(const std::vector<vms::IntId>& list) {
    std::string text;
    for (const vms::IntId id : list)
        text += fmt::format("{}{}", text.empty() ? "" : ", ", id.value);
    return text;
}

/// " on uart1", " on uart1.shell and uart1.log"
std::string serial_text(const BackendConfig& b) {
    std::vector<std::string> lines;
    for (const ConsolePortConfig& p : b.console.ports)
        if (b.backend == "console" && !p.serial.empty())
            lines.push_back(p.channel.empty() ? p.serial : p.serial + "." + p.channel);
    return lines.empty() ? std::string() : " on " + list_words(lines);
}

std::string interrupt_kind(unsigned id) {
    return id < 16 ? "SGI" : id < 32 ? "PPI" : "SPI";
}

/// A stretch of an address space.
struct Area {
    std::uint64_t base = 0;
    std::uint64_t size = 0;
    std::string what;
    std::string more;
    unsigned depth = 0;
};

/// By address; what lies within another comes after it and is indented.
void arrange(std::vector<Area>& areas) {
    std::stable_sort(areas.begin(), areas.end(), [](const Area& x, const Area& y) {
        return x.base != y.base ? x.base < y.base : x.size > y.size;
    });
    std::vector<const Area*> around;
    for (Area& a : areas) {
        while (!around.empty() && a.base - around.back()->base >= around.back()->size)
            around.pop_back();
        a.depth = static_cast<unsigned>(around.size());
        around.push_back(&a);
    }
}

std::string area_table(std::vector<Area> areas, std::string_view last_column, const Style& style) {
    arrange(areas);
    Table t({{"from"}, {"to"}, {"size", Align::right}, {"what"}, {std::string(last_column)}});
    for (const Area& a : areas)
        t.row({hex(a.base), hex(a.base + (a.size == 0 ? 0 : a.size - 1)), byte_size(a.size),
               std::string(2 * std::size_t{a.depth}, ' ') + a.what, a.more});
    return t.text(2, style);
}

std::string shmem_name(unsigned id) {
    return fmt::format("shmem {}", id);
}

class Description {
  public:
    Description(const Scenario& s, const Style& style) : s_(s), style_(style) {}

    std::string text() {
        summary();
        physical_memory();
        interrupts();
        shared_memory();
        remote_io();
        network();
        for (std::size_t i = 0; i < s_.vms.size(); ++i)
            vm(i);
        expectations();
        remarks();
        return std::move(out_);
    }

  private:
    void remarks() {
        const std::vector<std::string> all = notes(s_);
        if (!all.empty())
            heading("Notes");
        for (const std::string& note : all)
            lines(note);
    }

    void heading(const std::string& title) {
        out_ += fmt::format("\n{}\n", paint(title, Paint::bold, style_));
    }

    void lines(std::string_view text) {
        for (const std::string& l : wrap(text, 2, style_.columns))
            out_ += l + "\n";
    }

    void summary();
    void physical_memory();
    void interrupts();
    void shared_memory();
    void remote_io();
    void network();
    void vm(std::size_t index);
    void software(const SoftwareConfig& sw);
    void expectations();

    /// The VM that the device of the platform is passed through to.
    std::string owner_of_device(const std::string& name) const {
        for (const VmConfig& v : s_.vms)
            for (const DevConfig& d : v.devs)
                if (d.device == name)
                    return v.name;
        return "none";
    }
    std::optional<models::PhysAddr> shmem_phys(unsigned id) const {
        return id < s_.shmemlist.size() ? s_.shmemlist[id].phys : std::nullopt;
    }

    const Scenario& s_;
    const Style& style_;
    std::string out_;
};

void Description::summary() {
    out_ += paint(s_.name, Paint::bold, style_) + "\n";
    if (!s_.description.empty())
        lines(s_.description);
    const PlatformConfig& p = s_.platform;
    lines(fmt::format(
        "Platform {}: {} CPUs at {}, system counter {}, GICv{} with {} list "
        "registers and {} interrupt lines; standby is {}.",
        p.preset.empty() ? "(own)" : p.preset, p.cpu_num, frequency(p.cpu_hz),
        frequency(p.counter_hz), p.gic.version, p.gic.list_registers, p.gic.interrupt_lines,
        p.firmware_standby ? "a call to the firmware" : "a WFI of the hypervisor"));
    lines(fmt::format("Runs for at most {}, seed {}, quantum {}, watchdog {}{}.",
                      duration(s_.duration), s_.seed, duration(s_.quantum), duration(s_.watchdog),
                      s_.strict ? ", strict" : ""));
}

void Description::physical_memory() {
    heading("Physical memory");
    const PlatformConfig& p = s_.platform;
    std::vector<Area> areas;
    std::vector<std::pair<std::string, std::uint64_t>> chosen;
    for (const RamRegion& r : p.ram)
        areas.push_back({r.base.value, r.size, "RAM", ""});
    areas.push_back({p.gic.gicd.value, gicd_size, "GICD", "interrupt distributor"});
    if (p.gic.version == 2) {
        areas.push_back({p.gic.gicc.value, gicc_size, "GICC", "CPU interfaces"});
        areas.push_back({p.gic.gich.value, gich_size, "GICH", "virtual interface control"});
        areas.push_back({p.gic.gicv.value, gicv_size, "GICV", "virtual CPU interfaces"});
    }
    for (const UartConfig& u : p.uarts)
        areas.push_back(
            {u.base.value, u.size, u.name,
             fmt::format("{}, VM: {}", u.model == UartModel::cadence ? "Cadence UART" : "PL011",
                         owner_of_device(u.name))});
    for (const NicConfig& n : p.nics)
        areas.push_back({n.base.value, n.size, n.name,
                         fmt::format("Cadence GEM, VM: {}", owner_of_device(n.name))});
    for (std::size_t i = 0; i < s_.shmemlist.size(); ++i) {
        const ShmemConfig& m = s_.shmemlist[i];
        const std::string name = shmem_name(static_cast<unsigned>(i));
        if (m.phys)
            areas.push_back({m.phys->value, m.size, name, "shared memory"});
        else
            chosen.emplace_back(name, m.size);
    }
    for (const VmConfig& v : s_.vms)
        for (std::size_t i = 0; i < v.regions.size(); ++i) {
            const RegionConfig& r = v.regions[i];
            const std::string name = fmt::format("{} region {}", v.name, i);
            if (r.phys)
                areas.push_back(
                    {r.phys->value, r.size, name, fmt::format("at guest {:#010x}", r.base.value)});
            else
                chosen.emplace_back(fmt::format("{} (guest {})", name, hex(r.base.value)), r.size);
        }
    out_ += area_table(std::move(areas), "", style_);
    if (!chosen.empty()) {
        out_ += "  Placed in RAM at boot:\n";
        Table t({{""}, {"", Align::right}});
        for (const auto& [name, size] : chosen)
            t.row({name, byte_size(size)});
        out_ += t.text(4, style_);
    }
}

void Description::interrupts() {
    heading("Interrupts");
    struct Row {
        unsigned id;
        std::string vm;
        std::string what;
        std::string how;
    };
    std::vector<Row> rows;
    constexpr std::string_view hardware = "physical, passed through (HW bit)";
    constexpr std::string_view virtual_only = "virtual, injected by the hypervisor";
    rows.push_back({s_.platform.gic.maintenance.value, "hypervisor", "GIC maintenance",
                    "physical, taken at EL2"});
    for (const VmConfig& v : s_.vms) {
        if (v.software.program != ProgramKind::idle)
            rows.push_back({virtual_timer_ppi, v.name, "virtual timer", std::string(hardware)});
        for (const DevConfig& d : v.devs)
            for (const vms::IntId id : d.interrupts)
                rows.push_back({id.value, v.name, d.device.empty() ? hex(d.pa.value) : d.device,
                                std::string(hardware)});
        for (std::size_t i = 0; i < v.ipcs.size(); ++i)
            for (const vms::IntId id : v.ipcs[i].interrupts)
                rows.push_back(
                    {id.value, v.name, fmt::format("ipc {}", i), std::string(virtual_only)});
        for (const RemioDevConfig& d : v.remio_devs)
            rows.push_back({d.interrupt.value, v.name,
                            fmt::format("remio {} ({})", d.name,
                                        d.type == RemioType::frontend ? "front-end" : "back-end"),
                            std::string(virtual_only)});
    }
    for (const UartConfig& u : s_.platform.uarts)
        if (owner_of_device(u.name) == "none")
            rows.push_back({u.interrupt.value, "none", u.name, "physical, not routed"});
    for (const NicConfig& n : s_.platform.nics)
        if (owner_of_device(n.name) == "none")
            for (const vms::IntId id : n.interrupts)
                rows.push_back({id.value, "none", n.name, "physical, not routed"});
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& x, const Row& y) { return x.id < y.id; });
    Table t({{"id", Align::right}, {"kind"}, {"VM"}, {"source"}, {"delivery"}});
    for (const Row& r : rows)
        t.row({fmt::format("{}", r.id), interrupt_kind(r.id), r.vm, r.what, r.how});
    out_ += t.text(2, style_);
    lines("A device tree's SPI cell is the id less 32, its PPI cell the id less 16.");
}

void Description::shared_memory() {
    if (s_.shmemlist.empty())
        return;
    heading("Shared memory (shmemlist)");
    Table t({{"shmem_id", Align::right}, {"size", Align::right}, {"physical"}, {"used by"}});
    for (std::size_t i = 0; i < s_.shmemlist.size(); ++i) {
        const auto id = static_cast<unsigned>(i);
        std::string users;
        const auto add = [&users](const std::string& user) {
            users += (users.empty() ? "" : ", ") + user;
        };
        for (const VmConfig& v : s_.vms) {
            for (std::size_t k = 0; k < v.ipcs.size(); ++k)
                if (v.ipcs[k].shmem_id == id)
                    add(fmt::format("{} ipc {}", v.name, k));
            for (const RemioDevConfig& d : v.remio_devs)
                if (d.shmem.shmem_id == id)
                    add(fmt::format("{} {}", v.name, d.name));
        }
        t.row({fmt::format("{}", i), byte_size(s_.shmemlist[i].size),
               s_.shmemlist[i].phys ? hex(s_.shmemlist[i].phys->value) : "chosen at boot", users});
    }
    out_ += t.text(2, style_);
}

void Description::remote_io() {
    struct Side {
        const VmConfig* vm;
        const RemioDevConfig* dev;
    };
    std::vector<Side> sides;
    for (const VmConfig& v : s_.vms)
        for (const RemioDevConfig& d : v.remio_devs)
            sides.push_back({&v, &d});
    if (sides.empty())
        return;
    std::stable_sort(sides.begin(), sides.end(), [](const Side& x, const Side& y) {
        return std::pair(x.dev->bind_key, x.dev->type) < std::pair(y.dev->bind_key, y.dev->type);
    });
    heading("Remote I/O (remio_devs), by bind key");
    Table t({{"bind_key", Align::right},
             {"side"},
             {"VM"},
             {"device"},
             {"window"},
             {"interrupt", Align::right},
             {"shared memory"}});
    for (const auto& [v, d] : sides) {
        const bool front = d->type == RemioType::frontend;
        t.row({fmt::format("{}", d->bind_key), front ? "front-end" : "back-end", v->name, d->name,
               front ? fmt::format("{} +{:#x}", hex(d->va.value), d->size) : "",
               fmt::format("{}", d->interrupt.value),
               fmt::format("{} {}, {}", hex(d->shmem.base.value), byte_size(d->shmem.size),
                           shmem_name(d->shmem.shmem_id))});
    }
    out_ += t.text(2, style_);
}

void Description::network() {
    const NetworkTables t = describe_network(s_, style_);
    if (!t.stations.empty()) {
        heading("Network");
        out_ += t.stations;
    }
    if (!t.links.empty()) {
        heading("Links, each direction");
        out_ += t.links;
    }
    if (!t.captures.empty()) {
        heading("Captures");
        out_ += t.captures;
    }
}

void Description::vm(std::size_t index) {
    const VmConfig& v = s_.vms[index];
    const auto cpus = static_cast<unsigned>(std::popcount(v.cpu_affinity));
    heading(
        fmt::format("VM {}: {}, {} on physical CPU {}{}", index, v.name,
                    counted(cpus, "vCPU", "vCPUs"), cpus_of(v.cpu_affinity),
                    v.start.value == 0 ? "" : fmt::format(", starts at {}", duration(v.start))));
    std::vector<Area> areas;
    const auto physical = [](const std::optional<models::PhysAddr>& p) {
        return p ? hex(p->value) : std::string("chosen at boot");
    };
    areas.push_back({v.gicd.value, gicd_size, "GICD", "emulated: every access traps"});
    if (s_.platform.gic.version == 2)
        areas.push_back(
            {v.gicc.value, gicc_size, "GICC", hex(s_.platform.gic.gicv.value) + " (GICV)"});
    for (std::size_t i = 0; i < v.regions.size(); ++i)
        areas.push_back({v.regions[i].base.value, v.regions[i].size, fmt::format("region {}", i),
                         physical(v.regions[i].phys)});
    for (const DevConfig& d : v.devs)
        areas.push_back(
            {d.va.value, d.size,
             (d.device.empty() ? "device" : d.device) +
                 (d.interrupts.empty() ? "" : fmt::format(", interrupt {}", ids(d.interrupts))),
             hex(d.pa.value)});
    for (std::size_t i = 0; i < v.ipcs.size(); ++i)
        areas.push_back({v.ipcs[i].base.value, v.ipcs[i].size,
                         fmt::format("ipc {}, {}", i, shmem_name(v.ipcs[i].shmem_id)),
                         physical(shmem_phys(v.ipcs[i].shmem_id))});
    for (const RemioDevConfig& d : v.remio_devs) {
        if (d.type == RemioType::frontend)
            areas.push_back({d.va.value, d.size, fmt::format("remio {}, registers", d.name),
                             "nothing: every access traps"});
        areas.push_back({d.shmem.base.value, d.shmem.size,
                         fmt::format("remio {}, {}", d.name, shmem_name(d.shmem.shmem_id)),
                         physical(shmem_phys(d.shmem.shmem_id))});
    }
    out_ += area_table(std::move(areas), "physical", style_);
    software(v.software);
}

void Description::software(const SoftwareConfig& sw) {
    switch (sw.program) {
        case ProgramKind::idle:
            lines("Software: idle.");
            break;
        case ProgramKind::service_guest:
            lines(fmt::format("Software: service guest, {}.",
                              sw.polling ? "polling" : "driven by interrupts"));
            if (sw.stop_answering_after)
                lines(fmt::format("Fault: stops answering after {}.",
                                  counted(*sw.stop_answering_after, "request", "requests")));
            for (const BackendConfig& b : sw.backends)
                lines(fmt::format("Back-end {} of {}{}: queues of up to {}, indirect descriptors "
                                  "{}, event index {}.",
                                  b.backend, b.device, serial_text(b), b.queue_size,
                                  b.indirect ? "offered" : "not offered",
                                  b.event_idx ? "offered" : "not offered") +
                      (b.backend == "net" ? " " + describe_net_backend(b.net) + "." : ""));
            break;
        case ProgramKind::frontend:
            lines(fmt::format("Software: front-end, profile {}.", sw.profile));
            for (const DriverConfig& d : sw.drivers)
                lines(fmt::format("Driver {} of {}: queue size {}.", d.driver, d.device,
                                  d.queue_size == 0 ? std::string("as the profile has it")
                                                    : fmt::format("{}", d.queue_size)) +
                      (d.driver == "net" ? " " + describe_net_driver(d.net) + "." : ""));
            for (const WorkloadConfig& w : sw.workloads)
                lines(fmt::format(
                    "Workload {}{}{}.", w.type, w.device.empty() ? "" : " on " + w.device,
                    w.start.value == 0 ? "" : fmt::format(", from {}", duration(w.start))));
            break;
    }
}

void Description::expectations() {
    if (s_.expect.empty())
        return;
    heading("Expectations");
    for (const ExpectConfig& e : s_.expect) {
        std::string bound;
        const auto add = [&bound](const std::string& b) {
            bound += (bound.empty() ? "" : " and ") + b;
        };
        if (e.equals)
            add(fmt::format("= {}", *e.equals));
        if (e.min)
            add(fmt::format(">= {}", *e.min));
        if (e.max)
            add(fmt::format("<= {}", *e.max));
        if (!e.equals_metric.empty())
            add("= " + e.equals_metric);
        lines(fmt::format("{} {}", e.metric, bound));
    }
}

}  // namespace

std::string describe(const Scenario& s, const Style& style) {
    return Description(s, style).text();
}

}  // namespace sim
