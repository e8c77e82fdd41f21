// Choosing, ordering and writing of captured frames (frame_capture.h).
#include "sim/build/frame_capture.h"

#include <algorithm>
#include <system_error>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "models/core/timeline.h"
#include "sim/build/net_software.h"
#include "sim/scenario/diagnostic.h"

namespace sim {

namespace {

std::string at(const CaptureConfig& c, std::string_view what) {
    return fmt::format("{}: {}: {}", format_short(c.place), c.place.key, what);
}

}  // namespace

FrameCapture::FrameCapture(const Scenario& s, std::vector<std::string>& errors) {
    for (const CaptureConfig& c : s.captures) {
        const bool link = std::any_of(s.links.begin(), s.links.end(),
                                      [&](const LinkConfig& l) { return l.name == c.at; });
        const auto vm = std::find_if(s.vms.begin(), s.vms.end(),
                                     [&](const VmConfig& v) { return v.name == c.at; });
        if (link || vm == s.vms.end())
            continue;
        const bool driver = vm->software.program == ProgramKind::frontend;
        std::uint64_t device = 0;
        if (driver) {
            for (const RemioDevConfig& r : vm->remio_devs)
                if (r.name == c.name)
                    device = r.va.value;
        } else {
            const std::vector<std::string> ports = switch_ports(s, *vm);
            device = static_cast<std::uint64_t>(std::find(ports.begin(), ports.end(), c.name) -
                                                ports.begin());
        }
        try {
            captures_.push_back(
                {&c, vm->cpu_affinity, driver, device, models::wire::PcapWriter(c.file), {}});
        } catch (const std::system_error& e) {
            errors.push_back(at(c, fmt::format("{}: {}", c.file, e.code().message())));
        }
    }
}

bool FrameCapture::later(const Waiting& x, const Waiting& y) {
    return std::tie(x.at, x.order) > std::tie(y.at, y.order);
}

void FrameCapture::frame(const models::FrameRecord& r) {
    const bool driver =
        r.where == vms::FramePoint::driver_tx || r.where == vms::FramePoint::driver_rx;
    for (Capture& c : captures_) {
        if (c.driver != driver || c.device != r.device || ((c.cpus >> r.cpu.value) & 1) == 0)
            continue;
        flush(c, models::kernel_now());
        c.waiting.push_back({r.time, order_++, {r.bytes.begin(), r.bytes.end()}});
        std::push_heap(c.waiting.begin(), c.waiting.end(), later);
    }
}

/// No CPU can tell of a frame before the kernel's time any more.
void FrameCapture::flush(Capture& c, models::Picos until) {
    while (!c.waiting.empty() && c.waiting.front().at < until) {
        c.writer.write(c.waiting.front().at, c.waiting.front().bytes);
        std::pop_heap(c.waiting.begin(), c.waiting.end(), later);
        c.waiting.pop_back();
    }
}

void FrameCapture::finish(Results& results) {
    for (Capture& c : captures_) {
        flush(c, models::Picos::never());
        if (const std::error_code e = c.writer.finish())
            results.errors.push_back(
                at(*c.config, fmt::format("{}: {}", c.config->file, e.message())));
        else
            results.captures.push_back(
                {c.config->at + "." + c.config->name, c.config->file, c.writer.frames()});
    }
}

}  // namespace sim
