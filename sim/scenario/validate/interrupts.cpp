// Which VM has which interrupts, and from what.
#include <map>
#include <string>

#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

class InterruptChecks : private Checks {
  public:
    explicit InterruptChecks(const Checks& c) : Checks(c) {}

    void run() {
        struct Owner {
            Place place;
            std::string device;
        };
        std::map<unsigned, Owner> physical;  // shared interrupts that are passed through
        for (std::size_t v = 0; v < s_.vms.size(); ++v) {
            const VmConfig& vm = s_.vms[v];
            std::map<unsigned, Place> used;  // by this VM
            const auto claim = [&](vms::IntId interrupt, const Place& place, Source source) {
                const unsigned id = interrupt.value;
                if (!possible(id, place, source))
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
                    // A device of the platform brings them; a list written beside it is an error.
                    const auto& listed = value["interrupts"].items;
                    const Place place = k < listed.size() ? listed[k].place : d.place;
                    const unsigned id = d.interrupts[k].value;
                    if (!claim(d.interrupts[k], place, Source::device) || id < first_spi)
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
                          Source::doorbell);
            for (std::size_t i = 0; i < vm.remio_devs.size(); ++i)
                claim(vm.remio_devs[i].interrupt,
                      values_["vms"].items[v]["remio_devs"].items[i]["interrupt"].place,
                      Source::remio);
        }
    }

  private:
    /// Who raises it: a passed-through device (or timer), a doorbell of an IPC, the service guest.
    enum class Source { device, doorbell, remio };

    /// Whether a VM can be given this interrupt. One that is carried in a message of 8 bits may be
    /// larger than the controller has: Bao cuts it, and the run shows it.
    bool possible(unsigned id, const Place& place, Source source) {
        const bool carried = source == Source::remio;
        const GicConfig& gic = s_.platform.gic;
        const unsigned last = gic.interrupt_lines - 1;
        if (id < first_ppi)
            error(place,
                  "interrupt {} is one of the software-generated, 0 to 15, which are the "
                  "hypervisor's and the VM's own; write one from {} to {}",
                  id, first_spi, last);
        else if (source != Source::device && id == virtual_timer)
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
};

}  // namespace

void validate_interrupts(const Checks& c) {
    InterruptChecks(c).run();
}

}  // namespace sim
