#include "sim/cli/notes.h"

#include <algorithm>

#include <fmt/format.h>

#include "vms/abi/virtio_console.h"
#include "vms/frontend/profile.h"

namespace sim {

namespace {

using vms::frontend::Profile;

struct Binding {
    const VmConfig* vm = nullptr;
    const BackendConfig* backend = nullptr;
};

/// Who serves a front-end's device; null when nobody does.
Binding backend_of(const Scenario& s, const VmConfig& front, const std::string& device) {
    for (const RemioDevConfig& f : front.remio_devs) {
        if (f.name != device || f.type != RemioType::frontend)
            continue;
        for (const VmConfig& vm : s.vms)
            for (const RemioDevConfig& b : vm.remio_devs)
                if (b.type == RemioType::backend && b.bind_key == f.bind_key)
                    for (const BackendConfig& config : vm.software.backends)
                        if (config.device == b.name)
                            return {&vm, &config};
    }
    return {};
}

/// Zephyr's console commits its features, and sets FEATURES_OK, only where MULTIPORT is offered.
bool needs_multiport(const Profile& p) {
    return std::ranges::any_of(p.transport.negotiate, [](const vms::frontend::Step& step) {
        return step.what == vms::frontend::Do::end_unless_accepted &&
               step.arg == vms::abi::console::feature::multiport;
    });
}

void note(std::vector<std::string>& out, const VmConfig& vm, const DriverConfig& d,
          const Binding& b, const Profile& p) {
    const std::string who = fmt::format("{}, driver of {}", vm.name, d.device);
    const std::string back =
        fmt::format("vms.{}.software.backends.{}", b.vm->name, b.backend->device);
    if (d.driver == "console") {
        if (needs_multiport(p) && !b.backend->console.multiport)
            out.push_back(fmt::format(
                "{}: the {} profile of this driver negotiates only with MULTIPORT; without, it "
                "sets "
                "no FEATURES_OK and the device stays at rest. Give the back-end multiport: true "
                "({}.multiport).",
                who, p.name, back));
        const std::uint64_t built = d.queue_size != 0 ? d.queue_size : p.transport.built_queue_size;
        const bool tells = std::ranges::any_of(p.transport.queue, [](const vms::frontend::Step& s) {
            return s.what == vms::frontend::Do::write_queue_size ||
                   s.what == vms::frontend::Do::write_requested_size;
        });
        if (!tells && built != 0 && built != b.backend->queue_size)
            out.push_back(fmt::format(
                "{}: the {} profile builds its queues for {} buffers and does not write QueueSize, "
                "while the device goes by {}. Give the back-end queue_size: {} ({}.queue_size).",
                who, p.name, built, b.backend->queue_size, built, back));
    } else if (d.driver == "net") {
        std::uint64_t size = b.backend->queue_size;
        for (const std::uint64_t own : {d.queue_size, std::uint64_t{d.net.transmit_queue_size}})
            if (own != 0)
                size = std::min<std::uint64_t>(own, b.backend->queue_size);
        if (size < p.net.stop_below)
            out.push_back(fmt::format(
                "{}: its transmit queue of {} descriptor(s) stops with the first frame and for "
                "ever, as the {} profile goes on only with {} free ones (2 + MAX_SKB_FRAGS). Give "
                "it a queue_size of 32 or more ({}.queue_size).",
                who, size, p.name, p.net.stop_below, back));
    }
}

}  // namespace

std::vector<std::string> notes(const Scenario& s) {
    std::vector<std::string> out;
    for (const VmConfig& vm : s.vms) {
        const Profile* p = vms::frontend::find_profile(vm.software.profile);
        if (vm.software.program != ProgramKind::frontend || p == nullptr)
            continue;
        for (const DriverConfig& d : vm.software.drivers)
            if (const Binding b = backend_of(s, vm, d.device); b.backend != nullptr)
                note(out, vm, d, b, *p);
    }
    return out;
}

}  // namespace sim
