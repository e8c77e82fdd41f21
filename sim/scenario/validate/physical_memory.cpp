// Who has which physical addresses: shared memory, the VMs' regions, the devices.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/spelling.h"
#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

class PhysicalMemoryChecks : private Checks {
  public:
    explicit PhysicalMemoryChecks(const Checks& c) : Checks(c) {}

    void run() {
        shared_memory();
        physical_memory();
        physical_devices();
    }

  private:
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
        for (const NicConfig& n : s_.platform.nics)
            spans.push_back({n.base.value, n.size, n.name, n.place});
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
};

}  // namespace

void validate_physical_memory(const Checks& c) {
    PhysicalMemoryChecks(c).run();
}

}  // namespace sim
