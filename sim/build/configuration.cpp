// Bao's configuration from a scenario (configuration.h).
#include "sim/build/configuration.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "sim/build/runner.h"
#include "sim/build/software.h"
#include "sim/scenario/diagnostic.h"

namespace sim {

namespace {

using models::PhysAddr;

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

bool in_ram(const Scenario& s, PhysAddr base, std::uint64_t size) {
    return std::any_of(s.platform.ram.begin(), s.platform.ram.end(), [&](const RamRegion& r) {
        return base.value >= r.base.value && size <= r.size &&
               base.value - r.base.value <= r.size - size;
    });
}

/// Fills in shmemlist and the regions of each VM.
bool place_memory(const Scenario& s, models::bao::Config& config,
                  std::vector<std::string>& errors) {
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
        if (!at || !in_ram(s, *at, size)) {
            errors.push_back(fmt::format(
                "{}: {}: {} bytes do not fit the platform's RAM in one piece; make it, or another "
                "region, smaller",
                format_short(where), where.key, size));
            return std::nullopt;
        }
        return at;
    };
    for (const ShmemConfig& m : s.shmemlist) {
        const auto at = place(m.phys, m.size, m.place);
        if (!at)
            return false;
        config.shmemlist.push_back({m.size, *at});
    }
    for (const VmConfig& vm : s.vms) {
        models::bao::VmConfig& out = config.vmlist.emplace_back();
        for (const RegionConfig& r : vm.regions) {
            const auto at = place(r.phys, r.size, r.place);
            if (!at)
                return false;
            out.regions.push_back({r.base, r.size, *at, nullptr});
        }
        // Shared memory of remote I/O and IPC objects is mapped like any region. Bao truncates one
        // that is larger than its shmem.
        const auto map_shared = [&](vms::GuestAddr base, std::uint64_t size, unsigned id) {
            if (id >= config.shmemlist.size())
                return;  // refused at boot
            const models::bao::Shmem& m = config.shmemlist[id];
            out.regions.push_back({base, std::min(size, m.size), m.phys, nullptr});
        };
        for (const IpcConfig& i : vm.ipcs)
            map_shared(i.base, i.size, i.shmem_id);
        for (const RemioDevConfig& d : vm.remio_devs)
            map_shared(d.shmem.base, d.shmem.size, d.shmem.shmem_id);
    }
    return true;
}

void describe_vm(const VmConfig& vm, models::bao::VmConfig& out) {
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

}  // namespace

std::optional<models::bao::PathCosts> load_path_costs(const Scenario& s,
                                                      std::vector<std::string>& errors) {
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
            errors.push_back(fmt::format("timing.path_costs: the file '{}' cannot be read",
                                         s.timing.path_costs));
            return std::nullopt;
        }
        table = models::bao::CostTable::parse(text.str(), error);
    }
    if (table)
        if (auto costs = models::bao::PathCosts::from(*table, gic, error))
            return costs;
    errors.push_back(
        fmt::format("timing.path_costs: {}: {}",
                    s.timing.path_costs.empty() ? "built-in table" : s.timing.path_costs, error));
    return std::nullopt;
}

std::optional<models::bao::Config> make_configuration(const Scenario& s,
                                                      std::vector<std::string>& errors) {
    models::bao::Config config;
    if (!place_memory(s, config, errors))
        return std::nullopt;
    const PlatformConfig& p = s.platform;
    config.cpu_num = p.cpu_num;
    config.firmware_standby = p.firmware_standby;
    config.corrected_vgic = p.corrected_vgic;
    config.gic = {p.gic.gicd,        p.gic.gicc,           p.gic.gich,           p.gic.gicv,
                  p.gic.maintenance, p.gic.list_registers, p.gic.interrupt_lines};
    for (std::size_t i = 0; i < s.vms.size(); ++i)
        describe_vm(s.vms[i], config.vmlist[i]);
    return config;
}

std::string boot_error_text(const Scenario& s, const models::bao::BootError& e) {
    std::string where = s.file;
    for (const VmConfig& vm : s.vms)
        for (const RemioDevConfig& d : vm.remio_devs)
            if (d.name == e.device && (e.vm.empty() || vm.name == e.vm))
                where = fmt::format("{}: {}", format_short(d.place), d.place.key);
    return fmt::format("{}: the hypervisor does not boot this configuration: {}", where, e.message);
}

std::vector<std::string> boot_problems(const Scenario& s) {
    std::vector<std::string> errors = Software(s).errors();
    const auto costs = load_path_costs(s, errors);
    auto config = make_configuration(s, errors);
    if (!errors.empty() || !costs || !config)
        return errors;
    const models::ProbeHub nobody;
    models::bao::Hypervisor hypervisor(std::move(*config), *costs, nobody);
    if (const auto e = hypervisor.boot())
        errors.push_back(boot_error_text(s, *e));
    return errors;
}

}  // namespace sim
