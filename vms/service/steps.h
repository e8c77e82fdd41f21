// What a back-end did last, as a diagnosis names it: the codes of port.note() (Note::backend_step).
#pragma once

#include <cstdint>
#include <string_view>

namespace vms::service {

/// The comment gives the meaning of the note's detail.
enum class Step : std::uint8_t {
    started,      ///< main loop entered: number of devices
    idle,         ///< about to wait for an interrupt: 0
    interrupted,  ///< interrupt acknowledged and ended: interrupt id
    asked,        ///< ASK has returned: device | request id << 8, or device | no_request
    answered,     ///< a request was completed: device | request id << 8
    withheld,     ///< a request was taken and, by an injected fault, not completed: as asked
    ring_work,    ///< about to work on a device's queues: device
    notified,     ///< NOTIFY has returned: device
    served,       ///< a peripheral was served: peripheral
};

/// In the detail of `asked`: the list was empty.
inline constexpr std::uint64_t no_request = std::uint64_t{1} << 16;

constexpr std::uint64_t step_detail(std::uint64_t device, std::uint64_t request) {
    return device | (request & 0xff) << 8;
}

constexpr std::string_view name(Step step) {
    switch (step) {
        case Step::started:
            return "started";
        case Step::idle:
            return "waiting for an interrupt";
        case Step::interrupted:
            return "took an interrupt";
        case Step::asked:
            return "asked for requests";
        case Step::answered:
            return "answered a request";
        case Step::withheld:
            return "took a request without answering it";
        case Step::ring_work:
            return "working on virtqueues";
        case Step::notified:
            return "notified a front-end";
        case Step::served:
            return "served a peripheral";
    }
    return "unknown";
}

}  // namespace vms::service
