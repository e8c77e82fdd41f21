// The words for what back-ends report. See backend_incidents.h.
#include "sim/build/backend_incidents.h"

#include <string_view>

#include <fmt/format.h>

#include "vms/abi/virtio_mmio_names.h"
#include "vms/service/incident.h"
#include "vms/service/virtio/split_queue.h"

namespace sim {

namespace {

namespace sv = vms::service;
namespace mmio = vms::abi::mmio;

/// A register that a driver may write at some times and in some ways only, and what was wrong.
struct Register {
    std::uint32_t offset;
    std::string_view wrong;
};

constexpr std::string_view of_a_queue =
    "the selected queue is ready already, or is not there: nothing changes";

constexpr Register registers[] = {
    {mmio::driver_features, "after FEATURES_OK: nothing changes"},
    {mmio::queue_size, of_a_queue},
    {mmio::queue_ready, "the selected queue is not there, or this is not 0 or 1"},
    {mmio::queue_notify,
     "before DRIVER_OK, or of a queue that is not there or not ready: nothing happens"},
    {mmio::interrupt_ack, "bits that no interrupt has"},
    {mmio::status, "without bits that only a reset clears: they stay set"},
    {mmio::queue_desc_low, of_a_queue},
    {mmio::queue_desc_high, of_a_queue},
    {mmio::queue_driver_low, of_a_queue},
    {mmio::queue_driver_high, of_a_queue},
    {mmio::queue_device_low, of_a_queue},
    {mmio::queue_device_high, of_a_queue},
    {mmio::queue_reset,
     "RING_RESET was not negotiated, the selected queue is not there, or this is not 1"},
};

std::string out_of_order(std::uint64_t detail) {
    const auto [offset, value] = sv::write_of(detail);
    if (offset >= mmio::config)
        return fmt::format(
            "{:#x} is written to the configuration space at {:#05x}, which the driver cannot write",
            value, offset);
    for (const Register& r : registers)
        if (r.offset == offset)
            return fmt::format("{:#x} is written to {} ({:#05x}): {}", value,
                               mmio::register_name(offset), offset, r.wrong);
    return fmt::format("{:#x} is written to {:#05x} out of order", value, offset);
}

std::string bad_access(std::uint64_t detail) {
    const auto [offset, width, write] = sv::access_of(detail);
    return fmt::format("a {} of {} byte(s) at {:#05x}: no register takes it, and {}",
                       write ? "write" : "read", width, offset,
                       write ? "nothing is written" : "0 is the answer");
}

std::string features_refused(std::uint64_t features) {
    return fmt::format("FEATURES_OK stays clear for features {:#x}: {}", features,
                       (features & mmio::feature_bit(mmio::feature::version_1)) == 0
                           ? "VERSION_1 (bit 32) is missing"
                           : "one was not offered, or needs another that is missing");
}

std::string_view bad_control(std::uint64_t detail) {
    switch (static_cast<sv::BadControl>(detail)) {
        case sv::BadControl::malformed:
            return "a control message of the driver is too short, or has no event of a driver's";
        case sv::BadControl::no_port:
            return "a control message of the driver is about a port that it has not been told of";
        case sv::BadControl::too_small:
            break;
    }
    return "a buffer of the driver's is too small for the control message that it should get";
}

}  // namespace

BackendIncidents::BackendIncidents(const Scenario& s, const models::ProbeHub& probes)
    : probes_(probes), by_cpu_(s.platform.cpu_num) {
    const auto front_end = [&s](std::uint64_t bind_key) -> std::string {
        for (const VmConfig& vm : s.vms)
            for (const RemioDevConfig& d : vm.remio_devs)
                if (d.type == RemioType::frontend && d.bind_key == bind_key)
                    return fmt::format("{} of {}", d.name, vm.name);
        return "a device without front-end";
    };
    for (const VmConfig& vm : s.vms) {
        Guest g{vm.name, {}};
        for (const BackendConfig& b : vm.software.backends)
            for (const RemioDevConfig& d : vm.remio_devs)
                if (d.name == b.device)
                    g.devices.push_back(front_end(d.bind_key));
        for (std::size_t cpu = 0; cpu < by_cpu_.size(); ++cpu)
            if ((vm.cpu_affinity >> cpu & 1) != 0)
                by_cpu_[cpu] = g;
    }
}

void BackendIncidents::note(models::Picos at, models::CpuId cpu, std::uint64_t what,
                            std::uint64_t detail) const {
    const Guest& g = by_cpu_[cpu.value];
    const std::uint64_t device = what >> 8;
    const auto observe = [&](std::string_view rule, std::string_view text) {
        probes_.observe(
            {at, cpu, rule, g.vm,
             fmt::format("{}: {}", device < g.devices.size() ? g.devices[device] : "?", text)});
    };
    switch (static_cast<sv::Incident>(what & 0xff)) {
        case sv::Incident::bad_access:
            return observe("virtio.bad-access", bad_access(detail));
        case sv::Incident::out_of_order:
            return observe("virtio.out-of-order", out_of_order(detail));
        case sv::Incident::features_refused:
            return observe("virtio.features-refused", features_refused(detail));
        case sv::Incident::driver_ok_refused:
            return observe(
                "virtio.driver-ok-refused",
                fmt::format("DRIVER_OK is refused: FEATURES_OK is not set (Status {:#x})", detail));
        case sv::Incident::needs_reset:
            return observe("virtio.needs-reset",
                           fmt::format("DEVICE_NEEDS_RESET: {}",
                                       sv::name(static_cast<sv::QueueFault>(detail))));
        case sv::Incident::bad_buffer:
            return observe("virtio.bad-buffer",
                           "a chain without a buffer that the device can use goes back with "
                           "length 0");
        case sv::Incident::bad_control:
            return observe("virtio.bad-control", bad_control(detail));
        case sv::Incident::emergency_dropped:
            return observe("console.emergency-dropped",
                           "a character written to emerg_wr found no room on its way to the serial "
                           "line");
    }
}

}  // namespace sim
