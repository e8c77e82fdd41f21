// The checks across keys (validate.h). The rules on pages and windows are those of stage-2
// translation as Bao sets it up: whole pages of 4 KiB are mapped or not, and only an access to a
// page that is not mapped traps and finds an emulated window.
#include "sim/scenario/validate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/file_identity.h"
#include "sim/scenario/spelling.h"
#include "vms/workload/ipc_ring.h"
#include "vms/workload/workload.h"

namespace sim {

namespace {

constexpr std::uint64_t page = 4096;  // Bao PAGE_SIZE, Arm ARM: 4 KiB granule
// Physical and guest-physical addresses have 40 bits on a Cortex-A53 (ID_AA64MMFR0_EL1.PARange; the
// input of stage 2 as Bao sets VTCR_EL2 for it).
constexpr std::uint64_t address_space = std::uint64_t{1} << 40;

// Sizes of the GIC's blocks as the hypervisor maps and emulates them (GIC-400 TRM, DDI 0471, 3.2).
constexpr std::uint64_t gicd_size = 0x1000;
constexpr std::uint64_t gicc_size = 0x2000;
constexpr std::uint64_t gich_size = 0x2000;

constexpr unsigned first_ppi = 16;
constexpr unsigned virtual_timer = 27;  // PPI of the virtual timer on every Arm platform
constexpr unsigned first_spi = 32;
constexpr unsigned highest_carried = 255;  // remote I/O interrupts travel as 8 bits in Bao

std::uint64_t page_down(std::uint64_t a) {
    return a & ~(page - 1);
}

std::uint64_t page_up(std::uint64_t a) {
    return page_down(a + page - 1);
}

/// Addresses that something takes up.
struct Span {
    std::uint64_t base = 0;
    std::uint64_t size = 0;
    std::string what;
    Place place;

    std::uint64_t end() const { return base + size; }
};

std::string show(const Span& s) {
    return fmt::format("{} ({:#x} to {:#x})", s.what, s.base, s.end() - 1);
}

bool overlap(const Span& a, const Span& b) {
    return a.base < b.end() && b.base < a.end();
}

Span pages(const Span& s) {
    const std::uint64_t base = page_down(s.base);
    return {base, page_up(s.end()) - base, s.what, s.place};
}

/// The rate nearest to `wanted` that a Cadence UART gives: clock / (CD * (BDIV + 1)), CD from 1 to
/// 65535, BDIV from 4 to 255 (UG1087, Baud_rate_gen_reg0 and Baud_rate_divider_reg0), with MR.CLKS
/// selecting the clock as it is.
std::uint64_t cadence_baud(std::uint64_t clock_hz, std::uint64_t wanted) {
    std::uint64_t best = 0;
    for (std::uint64_t divider = 5; divider <= 256; ++divider) {
        const std::uint64_t step = wanted * divider;
        const std::uint64_t generator =
            std::clamp<std::uint64_t>((clock_hz + step / 2) / step, 1, 65535);
        const std::uint64_t rate = clock_hz / (generator * divider);
        const auto off = [&](std::uint64_t r) { return r > wanted ? r - wanted : wanted - r; };
        if (off(rate) < off(best))
            best = rate;
    }
    return best;
}

/// The same for a PL011: 4 * clock / divisor in 64ths, from 1 to 65535 (DDI 0183, 3.3.6).
std::uint64_t pl011_baud(std::uint64_t clock_hz, std::uint64_t wanted) {
    const std::uint64_t divisor = std::clamp<std::uint64_t>((4 * clock_hz + wanted / 2) / wanted,
                                                            64, std::uint64_t{65535} * 64);
    return 4 * clock_hz / divisor;
}

template <typename T>
std::vector<std::string> names_of(const std::vector<T>& items) {
    std::vector<std::string> names;
    for (const T& item : items)
        names.push_back(item.name);
    return names;
}

template <typename T>
const T* find_named(const std::vector<T>& items, std::string_view name) {
    for (const T& item : items)
        if (item.name == name)
            return &item;
    return nullptr;
}

class Validator {
  public:
    Validator(const Scenario& s, const Value& values, Diagnostics& out)
        : s_(s), values_(values), out_(out) {}

    void run() {
        run_times();
        platform();
        files();
        outputs();
        cpus();
        shared_memory();
        physical_memory();
        physical_devices();
        interrupts();
        for (std::size_t i = 0; i < s_.vms.size(); ++i) {
            alignment(i);
            guest_addresses(s_.vms[i], values_["vms"].items[i]);
            software(s_.vms[i], values_["vms"].items[i]["software"]);
        }
        ipc_partners();
        expectations();
    }

  private:
    template <typename... Args>
    void error(const Place& place, fmt::format_string<Args...> text, Args&&... args) {
        out_.add(place, fmt::format(text, std::forward<Args>(args)...));
    }

    // --- the run ------------------------------------------------------------------------------

    void run_times() {
        if (s_.vms.empty())
            error(values_["vms"].place, "found no VM; a scenario has at least one: name one");
    }

    void platform() {
        const Value& p = values_["platform"];
        const unsigned lines = s_.platform.gic.interrupt_lines;
        if (lines % 32 != 0)
            error(p["gic"]["interrupt_lines"].place,
                  "found {}; GICD_TYPER counts in blocks of 32: write a multiple of 32", lines);
        if (s_.platform.gic.maintenance.value == virtual_timer)
            error(p["gic"]["maintenance"].place,
                  "found {}, the interrupt of the virtual timer; write another from 25 to 31",
                  virtual_timer);
        for (const char* key : {"gicd", "gicc", "gich", "gicv"})
            aligned(p["gic"][key], p["gic"][key].u64());
        for (const char* key : {"gicd", "gicc"})
            aligned(p["guest_gic"][key], p["guest_gic"][key].u64());
        for (const Value& r : p["ram"].items)
            for (const char* key : {"base", "size"})
                aligned(r[key], r[key].u64());
        if (s_.platform.ram.empty())
            error(p["ram"].place, "found no memory; write at least one entry of base and size");
        std::map<unsigned, Place> used;
        for (std::size_t i = 0; i < s_.platform.uarts.size(); ++i) {
            const UartConfig& u = s_.platform.uarts[i];
            const Value& v = p["uarts"].items[i];
            for (const char* key : {"base", "size"})
                aligned(v[key], v[key].u64());
            baud(u, v["baud"].given ? v["baud"] : v);
            const unsigned id = u.interrupt.value;
            if (id < first_spi || id >= lines)
                error(v["interrupt"].place,
                      "interrupt {} cannot be wired to a device; allowed is {} to {} (the "
                      "platform's interrupt_lines): write one of those",
                      id, first_spi, lines - 1);
            const auto [first, added] = used.emplace(id, v["interrupt"].place);
            if (!added)
                error(v["interrupt"].place,
                      "interrupt {} is that of {} too ({}); a line has one device: write another",
                      id, first->second.key, format_short(first->second));
            const int sources = (u.input.empty() ? 0 : 1) + (u.pattern ? 1 : 0) +
                                (u.input_file.empty() ? 0 : 1) + (u.records ? 1 : 0);
            if (sources > 1)
                error(u.place,
                      "found more than one of input, pattern, input_file and records; a line has "
                      "one source of bytes: keep one");
            for (const Value& typed : v["input"].items)
                if (typed["text"].text.empty())
                    error(typed["text"].place,
                          "found an empty text; write what is typed, or take "
                          "the entry out");
            if (u.records && v["output"].given && u.output != "none")
                error(v["output"].place,
                      "found {}, but with records the far end takes what is sent itself; write "
                      "none, or take one of the two keys out",
                      quote(u.output));
            if (u.output.empty())
                error(v["output"].place,
                      "found an empty text; write stdout, none or the name of a file");
        }
    }

    /// The driver derives its rate from the reference clock by whole dividers; a receiver that is
    /// more than half a bit off after ten misses the stop bit.
    void baud(const UartConfig& u, const Value& v) {
        constexpr std::uint64_t tolerance_percent = 5;
        const std::uint64_t nearest_rate = u.model == UartModel::cadence
                                               ? cadence_baud(u.reference_clock_hz, u.baud)
                                               : pl011_baud(u.reference_clock_hz, u.baud);
        const std::uint64_t off =
            nearest_rate > u.baud ? nearest_rate - u.baud : u.baud - nearest_rate;
        if (off * 100 > u.baud * tolerance_percent)
            error(v.place,
                  "{} baud cannot be made from a reference_clock of {} Hz: the nearest that the "
                  "dividers of this UART give is {}, and more than {} % off no character is "
                  "understood; write {}, or another reference_clock",
                  u.baud, u.reference_clock_hz, nearest_rate, tolerance_percent, nearest_rate);
    }

    /// An output that is also read, or written twice, would destroy what it holds.
    void outputs() {
        FileUse use;
        for (const std::string& file : s_.files)
            use.reads(file, file == s_.file ? "the scenario itself"
                                            : "a file that the scenario includes");
        use.reads(s_.timing.path_costs, "timing.path_costs of this run");
        for (const UartConfig& u : s_.platform.uarts)
            use.reads(u.input_file, u.place.key + ".input_file");
        for (std::size_t i = 0; i < s_.platform.uarts.size(); ++i) {
            const UartConfig& u = s_.platform.uarts[i];
            if (!u.writes_file())
                continue;
            const Place& place = values_["platform"]["uarts"].items[i]["output"].place;
            const std::string taken =
                use.writes(u.output, fmt::format("{} ({})", place.key, format_short(place)));
            if (!taken.empty())
                error(place,
                      "found {}, which is {} and would be overwritten; write another "
                      "file, stdout or none",
                      quote(u.output), taken);
        }
    }

    void files() {
        readable(s_.timing.path_costs, values_["timing"]["path_costs"]);
        for (std::size_t i = 0; i < s_.platform.uarts.size(); ++i)
            readable(s_.platform.uarts[i].input_file,
                     values_["platform"]["uarts"].items[i]["input_file"]);
    }

    void readable(const std::string& file, const Value& v) {
        if (!v.present)
            return;
        // Opened only when it is a file: a pipe would be waited for.
        std::error_code code;
        const bool regular = std::filesystem::is_regular_file(file, code);
        if (!regular || !std::ifstream(file))
            error(v.place,
                  "{}: this file cannot be read; it is relative to the file that names "
                  "it: check the name and your permissions",
                  file);
    }

    // --- CPUs ---------------------------------------------------------------------------------

    void cpus() {
        const unsigned count = s_.platform.cpu_num;
        const std::uint64_t existing = (std::uint64_t{1} << count) - 1;
        std::map<unsigned, const VmConfig*> owners;
        for (std::size_t i = 0; i < s_.vms.size(); ++i) {
            const VmConfig& vm = s_.vms[i];
            const Value& v = values_["vms"].items[i]["cpu_affinity"];
            if (vm.cpu_affinity == 0)
                error(v.place,
                      "found no CPU; a VM owns at least one: write a mask, such as 0x1 "
                      "for CPU 0");
            if ((vm.cpu_affinity & ~existing) != 0)
                error(v.place,
                      "found {:#x}, but the platform has CPUs 0 to {}; write a mask of {:#x} or "
                      "less",
                      vm.cpu_affinity, count - 1, existing);
            for (unsigned cpu = 0; cpu < count; ++cpu) {
                if (((vm.cpu_affinity >> cpu) & 1) == 0)
                    continue;
                const auto [first, added] = owners.emplace(cpu, &vm);
                if (!added)
                    error(v.place,
                          "CPU {} belongs to {} already ({}); a CPU has one VM: write another mask",
                          cpu, first->second->place.key, format_short(first->second->place));
            }
            if (std::popcount(vm.cpu_affinity) > 1 &&
                vm.software.program == ProgramKind::service_guest)
                error(v.place,
                      "found {:#x}, which is {} CPUs; a service guest has one loop and runs on one "
                      "CPU: write a mask of one CPU, or divide the devices among service guests",
                      vm.cpu_affinity, std::popcount(vm.cpu_affinity));
        }
    }

    // --- memory -------------------------------------------------------------------------------

    void aligned(const Value& v, std::uint64_t what) {
        if (!v.present || what % page == 0)
            return;
        const std::uint64_t below = page_down(what);
        error(v.place,
              "found {}, which is no multiple of 4KiB; whole pages are mapped: write {}{:#x}",
              v.text, below == 0 ? std::string() : fmt::format("{:#x} or ", below), page_up(what));
    }

    void alignment(std::size_t index) {
        const VmConfig& vm = s_.vms[index];
        const Value& v = values_["vms"].items[index];
        for (std::size_t i = 0; i < vm.regions.size(); ++i) {
            const Value& r = v["regions"].items[i];
            for (const char* key : {"base", "size", "phys"})
                aligned(r[key], r[key].u64());
        }
        for (std::size_t i = 0; i < vm.devs.size(); ++i) {
            const Value& d = v["devs"].items[i];
            for (const char* key : {"pa", "va"})
                aligned(d[key], d[key].u64());
        }
        for (std::size_t i = 0; i < vm.ipcs.size(); ++i)
            aligned(v["ipcs"].items[i]["base"], vm.ipcs[i].base.value);
        for (std::size_t i = 0; i < vm.remio_devs.size(); ++i)
            aligned(v["remio_devs"].items[i]["shmem"]["base"], vm.remio_devs[i].shmem.base.value);
        for (const char* key : {"gicd", "gicc"})
            aligned(v["gic"][key], v["gic"][key].u64());
    }

    void shared_memory() {
        for (std::size_t i = 0; i < s_.shmemlist.size(); ++i)
            for (const char* key : {"size", "phys"})
                aligned(values_["shmemlist"].items[i][key],
                        values_["shmemlist"].items[i][key].u64());
        // Two devices of one side in one shmem would write over each other: both begin at its
        // start.
        struct User {
            std::uint64_t bind_key;
            Place place;
        };
        std::map<std::pair<unsigned, RemioType>, User> users;
        for (std::size_t v = 0; v < s_.vms.size(); ++v) {
            const VmConfig& vm = s_.vms[v];
            const Value& value = values_["vms"].items[v];
            for (std::size_t i = 0; i < vm.ipcs.size(); ++i)
                shmem(vm.ipcs[i].shmem_id, vm.ipcs[i].size, value["ipcs"].items[i]);
            for (std::size_t i = 0; i < vm.remio_devs.size(); ++i) {
                const RemioDevConfig& d = vm.remio_devs[i];
                const Value& place = value["remio_devs"].items[i]["shmem"];
                shmem(d.shmem.shmem_id, d.shmem.size, place);
                const auto [first, added] = users.emplace(
                    std::pair(d.shmem.shmem_id, d.type), User{d.bind_key, place["shmem_id"].place});
                if (!added && first->second.bind_key != d.bind_key)
                    error(place["shmem_id"].place,
                          "shared memory {} is that of {} too ({}), a device of another bind_key; "
                          "each device has memory of its own: add an entry to shmemlist",
                          d.shmem.shmem_id, first->second.place.key,
                          format_short(first->second.place));
            }
        }
    }

    void shmem(unsigned id, std::uint64_t size, const Value& user) {
        const std::size_t count = s_.shmemlist.size();
        if (id >= count) {
            error(user["shmem_id"].place,
                  "found {}, but shmemlist has {}; write the index of one of its entries, or add "
                  "one",
                  id,
                  count == 0   ? std::string("no entry")
                  : count == 1 ? std::string("one entry, 0")
                               : fmt::format("{} entries, 0 to {}", count, count - 1));
            return;
        }
        if (size > s_.shmemlist[id].size)
            error(user["size"].place,
                  "found {}, more than {:#x}, the size of shared memory {} ({}); write at most "
                  "that",
                  user["size"].text, s_.shmemlist[id].size, id,
                  format_short(s_.shmemlist[id].place));
    }

    void physical_memory() {
        std::vector<Span> placed;
        std::uint64_t needed = 0;
        const auto claim = [&](std::uint64_t size, const std::optional<models::PhysAddr>& phys,
                               const Value& v, const std::string& what) {
            needed += page_up(size);
            if (!phys)
                return;
            Span s{phys->value, size, what, v["phys"].place};
            const bool inside = std::any_of(
                s_.platform.ram.begin(), s_.platform.ram.end(), [&](const RamRegion& r) {
                    return s.base >= r.base.value && s.end() <= r.base.value + r.size;
                });
            if (!inside)
                error(s.place,
                      "found {:#x} to {:#x}, which is not inside the platform's memory, "
                      "{}; write an address inside",
                      s.base, s.end() - 1, ram_text());
            placed.push_back(std::move(s));
        };
        for (std::size_t i = 0; i < s_.shmemlist.size(); ++i)
            claim(s_.shmemlist[i].size, s_.shmemlist[i].phys, values_["shmemlist"].items[i],
                  fmt::format("shared memory {}", i));
        for (std::size_t v = 0; v < s_.vms.size(); ++v)
            for (std::size_t i = 0; i < s_.vms[v].regions.size(); ++i)
                claim(s_.vms[v].regions[i].size, s_.vms[v].regions[i].phys,
                      values_["vms"].items[v]["regions"].items[i],
                      fmt::format("memory of {}", s_.vms[v].name));
        no_overlap(placed, "physical memory has one owner: write another address");
        std::uint64_t available = 0;
        for (const RamRegion& r : s_.platform.ram)
            available += r.size;
        if (needed > available && !s_.platform.ram.empty())
            error(values_["platform"]["ram"].place,
                  "the VMs' regions and the shared memory take {} MiB together, but the platform "
                  "has {} MiB ({}); make regions smaller",
                  needed >> 20, available >> 20, ram_text());
    }

    std::string ram_text() const {
        std::vector<std::string> parts;
        for (const RamRegion& r : s_.platform.ram)
            parts.push_back(fmt::format("{:#x} to {:#x}", r.base.value, r.base.value + r.size - 1));
        return list_words(parts);
    }

    void physical_devices() {
        std::vector<Span> spans;
        const Value& p = values_["platform"];
        for (std::size_t i = 0; i < s_.platform.ram.size(); ++i)
            spans.push_back({s_.platform.ram[i].base.value, s_.platform.ram[i].size, "memory",
                             p["ram"].items[i].place});
        const GicConfig& g = s_.platform.gic;
        const std::vector<Span> gic{
            {g.gicd.value, gicd_size, "the GIC's distributor", p["gic"]["gicd"].place},
            {g.gicc.value, gicc_size, "the GIC's CPU interface", p["gic"]["gicc"].place},
            {g.gich.value, gich_size, "the GIC's virtual interface control",
             p["gic"]["gich"].place},
            {g.gicv.value, gicc_size, "the GIC's virtual CPU interface", p["gic"]["gicv"].place}};
        spans.insert(spans.end(), gic.begin(), gic.end());
        for (const UartConfig& u : s_.platform.uarts)
            spans.push_back({u.base.value, u.size, u.name, u.place});
        addressable(spans);
        no_overlap(spans, "an address has one device: write another");

        // What VMs pass through must not be the hypervisor's, memory, or another VM's.
        std::vector<Span> passed;
        const std::size_t fixed = s_.platform.ram.size() + gic.size();
        for (const VmConfig& vm : s_.vms) {
            for (const DevConfig& d : vm.devs) {
                if (d.size == 0)
                    continue;
                const Span s = pages({d.pa.value, d.size,
                                      d.device.empty() ? "a device of " + vm.name
                                                       : fmt::format("{} of {}", d.device, vm.name),
                                      d.place});
                for (std::size_t i = 0; i < fixed && !out_.full(); ++i)
                    if (overlap(s, spans[i]))
                        error(d.place,
                              "{} overlaps {}; that is the hypervisor's to give: write "
                              "the address of a device",
                              show(s), show(spans[i]));
                passed.push_back(s);
            }
        }
        addressable(passed);
        no_overlap(passed, "a device has one VM: take one of the two out");
    }

    void addressable(const std::vector<Span>& spans) {
        for (const Span& s : spans)
            if (!out_.full() && s.end() > address_space)
                error(s.place,
                      "{} ends beyond the 40 bits that an address has here; write addresses up to "
                      "{:#x}",
                      show(s), address_space - 1);
    }

    void no_overlap(const std::vector<Span>& spans, std::string_view rule) {
        for (std::size_t i = 0; i < spans.size(); ++i)
            for (std::size_t j = 0; j < i && !out_.full(); ++j)
                if (overlap(spans[i], spans[j]))
                    error(spans[i].place, "{} overlaps {} ({}: {}); {}", show(spans[i]),
                          show(spans[j]), format_short(spans[j].place), spans[j].place.key, rule);
    }

    void guest_addresses(const VmConfig& vm, const Value& v) {
        std::vector<Span> mapped;    // stage-2 mappings, whole pages
        std::vector<Span> emulated;  // windows that trap
        emulated.push_back(
            {vm.gicd.value, gicd_size, "the emulated distributor", v["gic"]["gicd"].place});
        mapped.push_back({vm.gicc.value, gicc_size, "the interrupt controller's CPU interface",
                          v["gic"]["gicc"].place});
        for (std::size_t i = 0; i < vm.regions.size(); ++i)
            mapped.push_back({vm.regions[i].base.value, vm.regions[i].size, "memory",
                              v["regions"].items[i]["base"].place});
        for (const DevConfig& d : vm.devs)
            if (d.size != 0)
                mapped.push_back(
                    {d.va.value, d.size, d.device.empty() ? "a device" : d.device, d.place});
        for (std::size_t i = 0; i < vm.ipcs.size(); ++i)
            mapped.push_back({vm.ipcs[i].base.value, vm.ipcs[i].size, "shared memory of an ipc",
                              v["ipcs"].items[i]["base"].place});
        for (std::size_t i = 0; i < vm.remio_devs.size(); ++i) {
            const RemioDevConfig& d = vm.remio_devs[i];
            const Value& value = v["remio_devs"].items[i];
            mapped.push_back({d.shmem.base.value, d.shmem.size, "shared memory of " + d.name,
                              value["shmem"]["base"].place});
            if (d.type == RemioType::frontend && d.va.value % 4 != 0)
                error(value["va"].place,
                      "found {:#x}; registers of 32 bits are aligned to 4: write a multiple of 4",
                      d.va.value);
            if (d.type == RemioType::frontend)
                emulated.push_back(
                    {d.va.value, d.size, "the window of " + d.name, value["va"].place});
        }
        for (Span& s : mapped)
            s = pages(s);
        addressable(mapped);
        addressable(emulated);
        no_overlap(mapped, "an address of a VM leads to one thing: write another");
        no_overlap(emulated, "an address of a VM leads to one thing: write another");
        for (const Span& e : emulated)
            for (const Span& m : mapped)
                if (!out_.full() && overlap(pages(e), m))
                    error(e.place,
                          "{} lies in a page of {} ({}: {}); accesses to a mapped page do "
                          "not trap: write an address in a page of its own (windows may "
                          "share one)",
                          show(e), show(m), format_short(m.place), m.place.key);
    }

    // --- interrupts ---------------------------------------------------------------------------

    void interrupts() {
        struct Owner {
            Place place;
            std::string device;
        };
        std::map<unsigned, Owner> physical;  // shared interrupts that are passed through
        for (std::size_t v = 0; v < s_.vms.size(); ++v) {
            const VmConfig& vm = s_.vms[v];
            std::map<unsigned, Place> used;  // by this VM
            const auto claim = [&](vms::IntId interrupt, const Place& place, bool carried) {
                const unsigned id = interrupt.value;
                if (!possible(id, place, carried))
                    return false;
                const auto [first, added] = used.emplace(id, place);
                if (!added)
                    error(place,
                          "interrupt {} is used by {} too ({}); in a VM an interrupt has one "
                          "source: write another",
                          id, first->second.key, format_short(first->second));
                return added;
            };
            for (std::size_t i = 0; i < vm.devs.size(); ++i) {
                const DevConfig& d = vm.devs[i];
                const Value& value = values_["vms"].items[v]["devs"].items[i];
                for (std::size_t k = 0; k < d.interrupts.size(); ++k) {
                    const Place place =
                        value["interrupts"].present ? value["interrupts"].items[k].place : d.place;
                    const unsigned id = d.interrupts[k].value;
                    if (!claim(d.interrupts[k], place, false) || id < first_spi)
                        continue;
                    const auto [first, added] = physical.emplace(id, Owner{place, d.device});
                    // One device given to two VMs is told of by its addresses.
                    const Owner& owner = first->second;
                    if (!added && (d.device.empty() || d.device != owner.device))
                        error(place,
                              "interrupt {} belongs to {} already ({}); a physical interrupt "
                              "has one VM: write another, or take one of the two out",
                              id, owner.place.key, format_short(owner.place));
                }
            }
            for (std::size_t i = 0; i < vm.ipcs.size(); ++i)
                for (std::size_t k = 0; k < vm.ipcs[i].interrupts.size(); ++k)
                    claim(vm.ipcs[i].interrupts[k],
                          values_["vms"].items[v]["ipcs"].items[i]["interrupts"].items[k].place,
                          false);
            for (std::size_t i = 0; i < vm.remio_devs.size(); ++i)
                claim(vm.remio_devs[i].interrupt,
                      values_["vms"].items[v]["remio_devs"].items[i]["interrupt"].place, true);
        }
    }

    /// Whether a VM can be given this interrupt. One that is carried in a message of 8 bits may be
    /// larger than the controller has: Bao cuts it, and the run shows it.
    bool possible(unsigned id, const Place& place, bool carried) {
        const GicConfig& gic = s_.platform.gic;
        const unsigned last = gic.interrupt_lines - 1;
        if (id < first_ppi)
            error(place,
                  "interrupt {} is one of the software-generated, 0 to 15, which are the "
                  "hypervisor's and the VM's own; write one from {} to {}",
                  id, first_spi, last);
        else if (carried && id == virtual_timer)
            error(
                place,
                "interrupt {} is that of the virtual timer, which every VM has; write one from {} "
                "to {}",
                id, first_spi, last);
        else if (id == gic.maintenance.value)
            error(place,
                  "interrupt {} is the maintenance interrupt, which is the hypervisor's; "
                  "write one from {} to {}",
                  id, first_spi, last);
        else if (id > last && !(carried && id > highest_carried))
            error(place,
                  "interrupt {} cannot be routed: the platform's controller has {} "
                  "interrupt_lines; write one from {} to {}",
                  id, gic.interrupt_lines, first_spi, last);
        else
            return true;
        return false;
    }

    // --- software -----------------------------------------------------------------------------

    void software(const VmConfig& vm, const Value& v) {
        const SoftwareConfig& sw = vm.software;
        const bool service = sw.program == ProgramKind::service_guest;
        const bool frontend = sw.program == ProgramKind::frontend;
        const auto only_for = [&](const char* key, bool right_program, const char* program) {
            if (v[key].given && !right_program && !takes_nothing(v[key]))
                error(v[key].place,
                      "this key is for program: {}, but the program is {}; take it "
                      "out or change the program",
                      program, v["program"].text);
        };
        only_for("polling", service, "service-guest");
        only_for("stop_answering_after", service, "service-guest");
        only_for("backends", service, "service-guest");
        only_for("profile", frontend, "frontend");
        only_for("drivers", frontend, "frontend");
        only_for("workloads", frontend, "frontend");
        if (sw.program != ProgramKind::idle && vm.regions.empty())
            error(v["program"].place,
                  "a {} needs memory, but {} has no regions; give it one, such as regions: "
                  "[{{base: 0x40000000, size: 16MiB}}]",
                  v["program"].text, vm.place.key);
        if (service)
            backends(vm, v);
        if (frontend) {
            drivers(vm, v);
            for (std::size_t i = 0; i < sw.workloads.size(); ++i)
                workload(vm, sw.workloads[i], v["workloads"].items[i]);
        }
    }

    /// `drivers: {}`, `polling: false`: what a file that builds on another writes to take its
    /// keys away.
    static bool takes_nothing(const Value& v) {
        return v.items.empty() && (v.text.empty() || v.text == "false");
    }

    /// The remote I/O device of this VM with that name and side, or nullptr and an error.
    const RemioDevConfig* device(const VmConfig& vm, const std::string& name, RemioType type,
                                 const Place& place) {
        const RemioDevConfig* d = find_named(vm.remio_devs, name);
        if (d == nullptr)
            error(place, "{} has no remote I/O device {}; {}", vm.place.key, quote(name),
                  suggest(name, names_of(vm.remio_devs)));
        else if (d->type != type)
            error(place,
                  "{} is a {} here ({}), but this program is the other side; change its "
                  "type or the program",
                  quote(name), type == RemioType::backend ? "front-end" : "back-end",
                  format_short(d->place));
        return d != nullptr && d->type == type ? d : nullptr;
    }

    void queue_size(const Value& v) {
        if (v.present && !std::has_single_bit(v.u64()))
            error(v.place,
                  "found {}, which is no power of two; a split ring's size is one: write "
                  "{} or {}",
                  v.text, std::bit_floor(v.u64()), std::bit_ceil(v.u64()));
    }

    void backends(const VmConfig& vm, const Value& v) {
        std::map<std::string, Place> serials;
        std::vector<std::string> passed;  // UARTs of this VM
        for (const DevConfig& d : vm.devs)
            if (!d.device.empty())
                passed.push_back(d.device);
        for (std::size_t i = 0; i < vm.software.backends.size(); ++i) {
            const BackendConfig& b = vm.software.backends[i];
            const Value& value = v["backends"].items[i];
            device(vm, b.device, RemioType::backend, b.place);
            queue_size(value["queue_size"]);
            if (b.backend != "console")
                continue;
            const Place& place = value["serial"].place;
            if (!value["serial"].present) {
                error(place,
                      "this key is missing; a console is carried by a serial line: write "
                      "the name of a UART in this VM's devs{}",
                      passed.empty() ? "" : " (" + list_words(passed) + ")");
                continue;
            }
            if (std::find(passed.begin(), passed.end(), b.serial) == passed.end()) {
                const bool exists = find_named(s_.platform.uarts, b.serial) != nullptr;
                if (exists)
                    error(place,
                          "{} is not passed through to {}; add '- {{device: {}}}' to its "
                          "devs",
                          quote(b.serial), vm.place.key, b.serial);
                else
                    error(place, "there is no serial line {}; {}", quote(b.serial),
                          suggest(b.serial, names_of(s_.platform.uarts)));
                continue;
            }
            const auto [first, added] = serials.emplace(b.serial, place);
            if (!added)
                error(place, "{} carries {} too ({}); a serial line has one console: write another",
                      quote(b.serial), first->second.key, format_short(first->second));
        }
    }

    /// What the service guest that is bound by this key does with it; nullptr when there is none.
    const BackendConfig* backend_of(std::uint64_t bind_key) const {
        for (const VmConfig& vm : s_.vms)
            for (const RemioDevConfig& d : vm.remio_devs)
                if (d.type == RemioType::backend && d.bind_key == bind_key)
                    for (const BackendConfig& b : vm.software.backends)
                        if (b.device == d.name)
                            return &b;
        return nullptr;
    }

    void drivers(const VmConfig& vm, const Value& v) {
        for (std::size_t i = 0; i < vm.software.drivers.size(); ++i) {
            const DriverConfig& d = vm.software.drivers[i];
            const RemioDevConfig* remio = device(vm, d.device, RemioType::frontend, d.place);
            // Registers up to 0x100, then the configuration space (VirtIO 1.3, 4.2.2).
            constexpr std::uint64_t least_window = 0x200;
            if (remio != nullptr && remio->size < least_window)
                error(remio->place,
                      "the window has {:#x} bytes; a VirtIO device with its configuration space "
                      "takes "
                      "{:#x}: write size: {:#x}",
                      remio->size, least_window, least_window);
            const Value& size = v["drivers"].items[i]["queue_size"];
            queue_size(size);
            const BackendConfig* back = remio != nullptr ? backend_of(remio->bind_key) : nullptr;
            if (back != nullptr && size.present && size.u64() > back->queue_size)
                error(size.place,
                      "found {}, more than {}, the queue_size of its back-end {} ({}); the device "
                      "offers no more (QueueSizeMax): write at most that, or raise the back-end's",
                      size.text, back->queue_size, back->place.key, format_short(back->place));
        }
    }

    /// Keys that a type of workload does not read say something else than what happens.
    void workload_keys(const WorkloadConfig& w, const Value& v) {
        struct Use {
            std::string_view type;
            std::vector<std::string> keys;
        };
        static const std::array<Use, 9> uses{
            Use{"console-echo", {"device", "port", "port_name", "text", "lines"}},
            Use{"console-write", {"device", "port", "port_name", "bytes", "chunk", "seed"}},
            Use{"console-read", {"device", "port", "port_name", "bytes", "seed"}},
            Use{"console-duplex", {"device", "port", "port_name", "bytes", "chunk", "seed"}},
            Use{"console-soak",
                {"device", "port", "port_name", "chunk", "seed", "stream", "until", "reset_every"}},
            Use{"ipc-ping", {"ipc", "event", "doorbell", "count", "bytes", "period", "seed"}},
            Use{"ipc-echo", {"ipc", "event", "doorbell", "count"}},
            Use{"registers", {"device", "count", "period"}},
            Use{"idle", {}},
        };
        const auto* const use =
            std::find_if(uses.begin(), uses.end(), [&](const Use& u) { return u.type == w.type; });
        if (use == uses.end())
            return;
        for (const char* key :
             {"device", "port", "port_name", "text", "lines", "bytes", "chunk", "seed", "stream",
              "until", "reset_every", "ipc", "event", "doorbell", "count", "period"}) {
            if (!v[key].given ||
                std::find(use->keys.begin(), use->keys.end(), key) != use->keys.end())
                continue;
            std::vector<std::string> allowed{"type"};
            allowed.insert(allowed.end(), use->keys.begin(), use->keys.end());
            allowed.insert(allowed.end(), {"vcpu", "start", "timer_period"});
            error(v[key].place,
                  "{} does not use this key; it has {}: take it out, or change the "
                  "type",
                  w.type, list_words(allowed));
        }
    }

    /// The ring that an object of this size holds for one direction.
    static vms::workload::IpcRingLayout ipc_ring(const IpcConfig& i) {
        return vms::workload::IpcRingLayout::requests(i.base, i.size);
    }

    void ipc_workload(const VmConfig& vm, const WorkloadConfig& w, const Value& v) {
        if (!v["count"].present)
            error(v["count"].place,
                  "this key is missing; {} ends after a number of messages: write one, such as 100",
                  w.type);
        const bool ping = w.type == "ipc-ping";
        if (ping && !v["bytes"].present)
            error(v["bytes"].place,
                  "this key is missing; ipc-ping sends messages of that many bytes: write one, "
                  "such as 64B");
        if (!v["ipc"].present) {
            error(v["ipc"].place,
                  "this key is missing; {} uses a shared-memory object: write the index of one of "
                  "the ipcs of {}",
                  w.type, vm.place.key);
            return;
        }
        if (w.ipc >= vm.ipcs.size()) {
            error(v["ipc"].place, "found {}, but {} has {}; write the index of one, or add one",
                  w.ipc, vm.place.key,
                  vm.ipcs.empty() ? std::string("no ipcs")
                                  : fmt::format("ipcs 0 to {}", vm.ipcs.size() - 1));
            return;
        }
        const IpcConfig& object = vm.ipcs[w.ipc];
        if (object.interrupts.empty())
            error(v["ipc"].place,
                  "{} of ipcs.{} has no interrupts, so that nothing tells of a message ({}); give "
                  "it interrupts, such as [80]",
                  vm.place.key, w.ipc, format_short(object.place));
        const std::uint64_t most = ipc_ring(object).capacity();
        if (ping && w.bytes > most)
            error(
                v["bytes"].place,
                "found {}, but a ring of eight messages in half of the object's {} bytes takes {} "
                "bytes a message ({}); write at most that, or make the object larger",
                v["bytes"].text, object.size, most, format_short(object.place));
    }

    /// A ring has one writer and one reader: one VM asks, one answers, in memory of one size.
    void ipc_partners() {
        struct Side {
            const VmConfig* vm;
            const IpcConfig* object;
            Place place;
            bool ping;
        };
        std::map<unsigned, std::vector<Side>> sides;  // by shmem_id
        for (std::size_t n = 0; n < s_.vms.size(); ++n) {
            const VmConfig& vm = s_.vms[n];
            for (const WorkloadConfig& w : vm.software.workloads)
                if (w.type.starts_with("ipc-") && w.ipc < vm.ipcs.size())
                    sides[vm.ipcs[w.ipc].shmem_id].push_back(
                        {&vm, &vm.ipcs[w.ipc], w.place, w.type == "ipc-ping"});
        }
        for (const auto& [id, users] : sides) {
            bool pair = false;
            for (const Side& a : users) {
                for (const Side& b : users) {
                    pair = pair || (a.vm != b.vm && a.ping != b.ping);
                    if (&b >= &a)
                        continue;
                    if ((a.vm != b.vm) == (a.ping == b.ping))
                        error(a.place,
                              "shared memory {} has {} of {} already ({}); one VM asks and another "
                              "answers: take one out, or give them memory of their own",
                              id, b.ping ? "an ipc-ping" : "an ipc-echo", b.vm->place.key,
                              format_short(b.place));
                    else if (a.object->size != b.object->size)
                        error(a.object->place,
                              "found {} bytes, but {} of the other side ({}); the two lay their "
                              "rings out by the size: write the same",
                              a.object->size, b.object->size, format_short(b.object->place));
                }
            }
            if (!pair && users.size() == 1)
                error(users.front().place,
                      "nothing is at the other end of shared memory {}; give another VM an {} on "
                      "it",
                      id, users.front().ping ? "ipc-echo" : "ipc-ping");
        }
    }

    void registers_workload(const VmConfig& vm, const WorkloadConfig& w, const Value& v) {
        if (!v["count"].present)
            error(v["count"].place,
                  "this key is missing; registers ends after a number of reads: write one, such as "
                  "100");
        if (!v["device"].present) {
            error(v["device"].place,
                  "this key is missing; registers reads a device: write the name of a remote I/O "
                  "device of {}",
                  vm.place.key);
            return;
        }
        const RemioDevConfig* d = device(vm, w.device, RemioType::frontend, v["device"].place);
        constexpr std::uint64_t registers = 0x100;  // VirtIO 1.4, 4.2.2
        if (d != nullptr && d->size < registers)
            error(d->place,
                  "the window has {:#x} bytes; ConfigGeneration, which is read, is at 0xfc: write "
                  "size: 0x200",
                  d->size);
    }

    /// Interrupts of devices go to the VM's first vCPU, and so do the workloads that wait for them.
    void vcpu(const VmConfig& vm, const WorkloadConfig& w, const Value& v) {
        const auto count = static_cast<unsigned>(std::popcount(vm.cpu_affinity));
        if (w.vcpu >= count)
            error(v["vcpu"].place, "found {}, but {} has {}; write a number below {}", w.vcpu,
                  vm.place.key, count == 1 ? "one vCPU" : fmt::format("{} vCPUs", count), count);
        const auto kind = vms::workload::find_kind(w.type);
        if (w.vcpu != 0 && kind && !vms::workload::runs_on_any_vcpu(*kind))
            error(v["vcpu"].place,
                  "found {}, but {} needs a device's interrupts, which go to vCPU 0; take this key "
                  "out (registers and idle run on any)",
                  w.vcpu, w.type);
    }

    void soak_workload(const WorkloadConfig& w, const Value& v) {
        constexpr std::uint64_t longest = vms::workload::longest_payload;
        if (!v["until"].present)
            error(v["until"].place,
                  "this key is missing; console-soak goes on for a time: write one, before the "
                  "duration ({})",
                  values_["duration"].text);
        else if (w.until >= s_.duration)
            error(v["until"].place,
                  "found {}, but the run ends after {} (duration); what is on its way then must "
                  "still arrive: write less",
                  v["until"].text, values_["duration"].text);
        if (w.chunk > longest)
            error(v["chunk"].place, "found {}; a record has at most {} bytes: write that or less",
                  v["chunk"].text, longest);
    }

    void workload(const VmConfig& vm, const WorkloadConfig& w, const Value& v) {
        workload_keys(w, v);
        vcpu(vm, w, v);
        if (w.type == "registers") {
            registers_workload(vm, w, v);
            return;
        }
        if (w.type.starts_with("ipc-")) {
            ipc_workload(vm, w, v);
            return;
        }
        if (w.type == "idle")
            return;
        if (!v["device"].present) {
            error(v["device"].place,
                  "this key is missing; {} uses a device: write the name of a "
                  "remote I/O device of {}",
                  w.type, vm.place.key);
        } else if (device(vm, w.device, RemioType::frontend, v["device"].place) != nullptr) {
            const bool driven =
                std::any_of(vm.software.drivers.begin(), vm.software.drivers.end(),
                            [&](const DriverConfig& d) { return d.device == w.device; });
            if (!driven)
                error(v["device"].place,
                      "device {} has no driver; add '{}: {{driver: console}}' "
                      "to drivers",
                      quote(w.device), w.device);
        }
        if (v["port"].given && v["port_name"].given)
            error(v["port_name"].place,
                  "found port and port_name; either says which port: keep one of them");
        if (w.type == "console-echo") {
            if (w.lines == 0 && w.text.empty())
                error(w.place,
                      "found neither text nor lines, so that nothing is to be done; give "
                      "one of them");
        } else if (w.type == "console-soak") {
            soak_workload(w, v);
        } else if (!v["bytes"].present) {
            error(v["bytes"].place,
                  "this key is missing; {} moves a number of bytes: write one, "
                  "such as 64KiB",
                  w.type);
        }
    }

    // --- expectations -------------------------------------------------------------------------

    void expectations() {
        for (std::size_t i = 0; i < s_.expect.size(); ++i) {
            const ExpectConfig& e = s_.expect[i];
            const Value& v = values_["expect"].items[i];
            if (!e.equals && !e.min && !e.max && e.equals_metric.empty())
                error(e.place, "nothing is expected of {}; give equals, min, max or equals_metric",
                      quote(e.metric));
            if (e.min && e.max && *e.min > *e.max)
                error(v["min"].place,
                      "found {}, more than max, {}; nothing can be both: write a "
                      "smaller one",
                      *e.min, *e.max);
            metric(v["metric"]);
            if (v["equals_metric"].present)
                metric(v["equals_metric"]);
        }
    }

    /// The parts of a metric's name that the scenario knows; the rest the run knows.
    void metric(const Value& v) {
        const std::string& name = v.text;
        const std::size_t first = name.find('.');
        if (first == std::string::npos)
            return;
        const std::string head = name.substr(0, first);
        const std::string part = name.substr(first + 1, name.find('.', first + 1) - first - 1);
        std::vector<std::string> known;
        if (head == "vms")
            known = names_of(s_.vms);
        else if (head == "uarts")
            known = names_of(s_.platform.uarts);
        else
            return;
        if (std::find(known.begin(), known.end(), part) == known.end())
            error(v.place, "found {}, but there is no {} in {}; {}", quote(name), quote(part), head,
                  suggest(part, known));
    }

    const Scenario& s_;
    const Value& values_;
    Diagnostics& out_;
};

}  // namespace

void validate(const Scenario& scenario, const Value& values, Diagnostics& out) {
    Validator(scenario, values, out).run();
}

}  // namespace sim
