// The checks across keys, a file for each subject; validate.cpp calls them in this order. What
// several of them use stands in Checks: the scenario, the values that it was resolved from (the
// places of single keys), and where errors go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/check.h"
#include "sim/scenario/model.h"

namespace sim {

inline constexpr std::uint64_t page = 4096;  // Bao PAGE_SIZE, Arm ARM: 4 KiB granule
// Physical and guest-physical addresses have 40 bits on a Cortex-A53 (ID_AA64MMFR0_EL1.PARange; the
// input of stage 2 as Bao sets VTCR_EL2 for it).
inline constexpr std::uint64_t address_space = std::uint64_t{1} << 40;

// Sizes of the GIC's blocks as the hypervisor maps and emulates them (GIC-400 TRM, DDI 0471, 3.2).
inline constexpr std::uint64_t gicd_size = 0x1000;
inline constexpr std::uint64_t gicc_size = 0x2000;
inline constexpr std::uint64_t gich_size = 0x2000;

inline constexpr unsigned first_ppi = 16;
inline constexpr unsigned virtual_timer = 27;  // PPI of the virtual timer on every Arm platform
inline constexpr unsigned first_spi = 32;
inline constexpr unsigned highest_carried = 255;  // remote I/O interrupts travel as 8 bits in Bao

constexpr std::uint64_t page_down(std::uint64_t a) {
    return a & ~(page - 1);
}

constexpr std::uint64_t page_up(std::uint64_t a) {
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

std::string show(const Span& s);
bool overlap(const Span& a, const Span& b);
/// The whole pages that it touches.
Span pages(const Span& s);

template <typename T>
std::vector<std::string> names_of(const std::vector<T>& items) {
    std::vector<std::string> names;
    names.reserve(items.size());
    for (const T& item : items)
        names.push_back(item.name);
    return names;
}

class Checks {
  public:
    Checks(const Scenario& s, const Value& values, Diagnostics& out)
        : s_(s), values_(values), out_(out) {}

    const Scenario& scenario() const { return s_; }
    const Value& values() const { return values_; }

    template <typename... Args>
    void error(const Place& place, fmt::format_string<Args...> text, Args&&... args) const {
        out_.add(place, fmt::format(text, std::forward<Args>(args)...));
    }

    /// Keys of a map that what it describes does not read say something else than what happens.
    /// `user`: "console-echo"; `change`: the key that would make it another.
    void unused_keys(const Value& map, std::string_view user, const std::vector<std::string>& used,
                     std::string_view change) const;
    /// A key that is read, but changes nothing as the others stand. `because`: "mix says the
    /// sizes".
    void no_effect(const Value& v, std::string_view because) const;
    /// An address that a station can have: of one interface, and of more than this machine.
    void station_address(const Value& ipv4, const Value& ipv6) const;
    void aligned(const Value& v, std::uint64_t what) const;
    void addressable(const std::vector<Span>& spans) const;
    void no_overlap(const std::vector<Span>& spans, std::string_view rule) const;

    /// The remote I/O device of this VM with that name and side, or nullptr and an error.
    const RemioDevConfig* device(const VmConfig& vm, const std::string& name, RemioType type,
                                 const Place& place) const;
    /// What the service guest that is bound by this key does with it; nullptr when there is none.
    const BackendConfig* backend_of(std::uint64_t bind_key) const;
    void queue_size(const Value& v) const;

  protected:
    const Scenario& s_;
    const Value& values_;
    Diagnostics& out_;
};

void validate_platform(const Checks& c);
void validate_files(const Checks& c);
void validate_cpus(const Checks& c);
void validate_physical_memory(const Checks& c);
void validate_interrupts(const Checks& c);
void validate_network(const Checks& c);
// Of one VM.
void validate_guest_memory(const Checks& c, std::size_t vm);
void validate_software(const Checks& c, std::size_t vm);
/// `value`: that of the workload.
void validate_workload(const Checks& c, const VmConfig& vm, const WorkloadConfig& workload,
                       const Value& value);
void validate_ipc_workload(const Checks& c, const VmConfig& vm, const WorkloadConfig& workload,
                           const Value& value);
void validate_ipc_partners(const Checks& c);
/// The console back-ends of a service guest, and the events of all; `backends`: their values.
void validate_consoles(const Checks& c, const VmConfig& vm, const Value& backends);
void validate_net_backend(const Checks& c, const VmConfig& vm, const BackendConfig& backend,
                          const Value& value);
void validate_net_driver(const Checks& c, const VmConfig& vm, const DriverConfig& driver,
                         const Value& value);
void validate_net_workload(const Checks& c, const VmConfig& vm, const WorkloadConfig& workload,
                           const Value& value);
/// `value`: that of the service guest's software.
void validate_interfaces(const Checks& c, const VmConfig& vm, const Value& value);
void validate_times(const Checks& c);
void validate_expectations(const Checks& c);

}  // namespace sim
