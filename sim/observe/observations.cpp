// The catalogue of rules: what the simulated hypervisor observes (models/bao), with what is known
// of the real one's behaviour in each case; and input that is lost (sim/build/input_loss.h).
#include "sim/observe/observations.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sim {

namespace {

constexpr Rule catalogue[] = {
    {"call.unknown-function",
     "A guest called a function of the SMC Calling Convention that the hypervisor does not serve: "
     "it gets -1, and the hypervisor prints a warning.",
     "Check the function id in x0; only a subset of PSCI is served."},
    {"call.unknown-hypercall",
     "A guest made a hypercall with an id that the hypervisor does not have: it gets -2, and the "
     "hypervisor prints a warning.",
     "Check x0 of the HVC: 0xC6000001 is the IPC doorbell, 0xC6000002 remote I/O."},
    {"console.emergency-dropped",
     "A character written to emerg_wr found the way to the serial line full: it is lost. The "
     "register has no way to tell the driver to wait.",
     "Expect some hundred characters of early text to arrive and no more before the line has "
     "sent them, or let the driver write them more slowly than the line sends; keep early text "
     "short."},
    {"console.input-dropped",
     "Characters for a console arrived faster than its front-end took them, until the back-end "
     "had no room left to keep them: they are lost, and the front-end does not learn of it.",
     "Let the front-end offer more or larger receive buffers, or the sender pause; a serial "
     "line of three wires has no flow control."},
    {"console.input-unconnected",
     "Characters came for a console port that was unplugged, or whose far end was closed: they are "
     "dropped, as nobody is there who could have sent them.",
     "Let the far end open the channel, or the port be plugged in, before anything is sent."},
    {"cpu.message-dropped",
     "The message queue of a CPU was full: the message is lost with a warning, and whoever waits "
     "for it waits for ever.",
     "Look for a CPU that does not take its SGI for long: interrupts masked, or a long stay at "
     "EL2."},
    {"ipc.bad-index",
     "A guest rang the doorbell of an ipc object that it does not have: the hypercall returns -3.",
     "Compare x1 of the doorbell with the order of the VM's ipcs."},
    {"ipc.event-out-of-range",
     "A doorbell named an event for which the receiver has no interrupt: it is ignored without a "
     "message.",
     "Compare x2 of the doorbell with the interrupts of the ipc object on the other side."},
    {"irq.unknown",
     "A physical interrupt arrived that belongs to no VM. Nothing is injected into the guest, and "
     "that physical CPU loops for ever; on a board only the hypervisor's own UART has a line "
     "about it.",
     "Look for a device that is enabled and that no VM's configuration has."},
    {"psci.affinity-info-always-on",
     "A guest asked AFFINITY_INFO about a vCPU that is off: Bao answers 0, ON, whatever is asked.",
     "Expect CPU hot-unplug of a Linux guest to report that the CPU did not die; do not wait for "
     "OFF in a driver of your own."},
    {"psci.interrupt-while-off",
     "A physical interrupt is pending for a CPU whose vCPU is off: the hypervisor powers the CPU "
     "down and it wakes at once, again and again, until a CPU_ON comes.",
     "Route a VM's interrupts away from a vCPU before it is switched off, and stop its timer."},
    {"psci.on-pending-is-already-on",
     "CPU_ON of a vCPU that an earlier CPU_ON is just starting: Bao answers ALREADY_ON (-4), where "
     "the specification has ON_PENDING (-5).",
     "Treat both codes alike in the guest."},
    {"psci.suspend-past-virtual-interrupt",
     "A vCPU called CPU_SUSPEND (standby) while a virtual interrupt was pending for it. The CPU "
     "waits at EL2, where virtual interrupts do not end a wait: it sleeps until the next physical "
     "one.",
     "Use WFI for idling, which is not trapped, or keep a timer running over the suspend."},
    {"psci.unknown-function",
     "A guest called a PSCI function that Bao does not have: it gets NOT_SUPPORTED (-1).",
     "Ask PSCI_FEATURES first. SYSTEM_OFF and SYSTEM_RESET are among the missing: a guest that "
     "shuts down goes on running."},
    {"remio.answer-wider-than-access",
     "The back-end answered a load with more bits than it asked for: Bao writes all 64 bits into "
     "the "
     "guest's register, which a real device could not.",
     "Mask the answer to the access width in the back-end."},
    {"remio.ask-arguments",
     "ASK was made with an address or value other than 0: it is refused with +1, as if nothing "
     "were pending, and the request stays unanswered.",
     "Clear x2 and x4 before ASK."},
    {"remio.bad-completion",
     "A back-end completed a request whose id is wrong, free or already completed: the hypercall "
     "returns -1.",
     "Complete each request exactly once, with the id that its ASK returned in x5."},
    {"remio.bad-device",
     "A hypercall named a remote I/O device that the calling VM does not have: it returns -3, or "
     "-1 "
     "where the VM's list has one that is bound to others.",
     "x1 is the index into the calling VM's own remio_devs, not the bind_key."},
    {"remio.bad-op", "A remote I/O hypercall had an operation that does not exist: it returns -3.",
     "x3 is WRITE 0, READ 1, ASK 2 or NOTIFY 3."},
    {"remio.bind-key-truncated",
     "A bind_key above 255 travels as 8 bits between CPUs and then names another device.",
     "Use bind keys up to 255."},
    {"remio.completion-loses-request",
     "A completion with request id -1 was taken for the next pending request: that request left "
     "the list and was lost, and its front-end waits for ever.",
     "Complete with the id that ASK gave; check it before the hypercall."},
    {"remio.completion-op-mismatch",
     "A back-end completed a request by another operation than was asked. The completion decides: "
     "a read completed as a write leaves the front-end's register as it was, a write completed as "
     "a read overwrites it.",
     "Complete a read with READ and a write with WRITE; the front-end's symptom is a register "
     "that seems to return stale values."},
    {"remio.failed-completion",
     "The answer to a request found neither device nor request on the front-end's CPU. Nothing is "
     "injected into the guest, and that physical CPU loops for ever; on a board only the "
     "hypervisor's own UART has a line about it.",
     "Look for truncated bind keys and for a request that was completed twice."},
    {"remio.interrupt-truncated",
     "An interrupt id above 255 travels as 8 bits between CPUs: another interrupt is injected.",
     "Use interrupt ids up to 255 for remote I/O devices."},
    {"remio.notify-by-frontend",
     "A front-end used NOTIFY on its own device and so interrupts itself: the hypervisor checks "
     "no roles.",
     "NOTIFY is for the back-end; find the hypercall with op 3 in the front-end."},
    {"remio.pool-exhausted",
     "An access to a remote I/O window found no free request. Nothing is injected into the guest, "
     "and that physical CPU loops for ever; on a board only the hypervisor's own UART has a line "
     "about it.",
     "There is a request for each physical CPU, and a stalled access holds one: only requests "
     "that were lost lead here (remio.completion-loses-request)."},
    {"remio.ready-wait",
     "A front-end accessed a device before the VMs of both sides had started: it waits at EL2, "
     "busy and without a limit, and takes no interrupt meanwhile.",
     "Start the service guest first, or expect the front-end's boot to last as long as the "
     "service guest's."},
    {"remio.register-wider-than-access",
     "A store handed over a register with bits set above its width: Bao passes on all 64 bits.",
     "Mask the value to the access width in the back-end."},
    {"remio.silent-backend",
     "A back-end did not answer an access for longer than the run's `watchdog`, or when nothing "
     "more could happen. Bao has no time-out: that CPU of the front-end stands still for ever, and "
     "takes no interrupt.",
     "Look at what the service guest did last (the diagnosis says it): an ASK that is missing "
     "after an interrupt, a completion that was refused, interrupts left masked. A back-end must "
     "answer first and work later."},
    {"remio.totals-only",
     "A remote I/O device has only one side. The boot check compares no more than the numbers of "
     "front-ends and back-ends, which agree when another bind_key lacks the opposite side, and "
     "then "
     "shared-memory settings that nobody has written.",
     "Give both sides the same bind_key. On a board the settings are whatever the memory held: Bao "
     "may stop with a complaint about shared memory, or boot and leave the front-end waiting at "
     "its first access."},
    {"smmu.translation-fault",
     "A device reached for memory that no stage-2 map of its stream leads to: the SMMU refused the "
     "access, and the device saw a bus error.",
     "Give the VM that has the device a region there, and compare the id of the device in Bao's "
     "configuration with the stream of the device: without the right id the hypervisor sets no "
     "translation up for it."},
    {"standby.interrupt-late",
     "Another interrupt became pending while an access was outstanding: the standby spins until "
     "the answer, and the guest gets the interrupt only then.",
     "Expect timer interrupts of a front-end to be late by up to the rest of an access; keep the "
     "back-end quick."},
    {"trap.gicd-access",
     "An access to the emulated distributor had a width or alignment that its register does not "
     "take. Nothing is injected into the guest, and that physical CPU loops for ever; on a board "
     "only the hypervisor's own UART has a line about it.",
     "Access the distributor with the widths of the GIC architecture: words, and bytes for "
     "priorities and targets."},
    {"trap.no-handler",
     "A guest accessed an address that is neither its memory nor emulated. Nothing is injected "
     "into the guest, and that physical CPU loops for ever; on a board only the hypervisor's own "
     "UART has a line about it.",
     "Compare the address with the VM's regions, devs and remio_devs (baosim check lists them)."},
    {"trap.no-syndrome",
     "A trapped load or store came without a valid syndrome (a pair, or write-back addressing), "
     "so that the hypervisor cannot tell what was accessed. Nothing is injected into the guest, "
     "and that physical CPU loops for ever; on a board only the hypervisor's own UART has a line "
     "about it.",
     "Let the driver use single loads and stores for device registers."},
    {"uart.overrun",
     "Characters arrived while the receive FIFO of a UART was full: they are lost, and the "
     "driver learns of it by an error flag alone.",
     "Look for what keeps the service guest from its UART for longer than the FIFO takes to "
     "fill (64 characters of a Cadence UART, 32 of a PL011), or lower the baud rate."},
    {"uart.receiver-off",
     "Characters arrived while the receiver of a UART was off, as after reset: they are lost, and "
     "no flag says so.",
     "Let the service guest start before the far end sends, or the far end wait for a prompt."},
    {"vgic.end-lost",
     "A guest ended an interrupt that Bao keeps outside the list registers and then did not find: "
     "one that was disabled or retargeted while active, or one spilled while another vCPU has an "
     "active one of higher priority. It stays active: the guest never gets it again.",
     "Do not disable an interrupt in its handler before ending it, and do not move it while it is "
     "active (in Linux: no irqbalance in the guest); clearing its active bit (GICD_ICACTIVER) "
     "revives it."},
    {"vgic.foreign-message",
     "A message about a virtual interrupt reached a CPU of another VM. Nothing is injected into "
     "the guest, and that physical CPU loops for ever; on a board only the hypervisor's own UART "
     "has a line about it.",
     "This cannot come from a guest: report it with the scenario."},
    {"vgic.injected-while-disabled",
     "A virtual interrupt was injected while the guest had it disabled: it stays pending until "
     "the guest enables it.",
     "Harmless when the driver enables it soon; when it never does, the device seems dead: "
     "compare the interrupt in the device tree with the configuration."},
    {"vgic.maintenance-storm",
     "The maintenance interrupt came again and again without an instruction of the guest between: "
     "a request to refill stayed, because no list register was free. That physical CPU never gets "
     "back to its guest.",
     "Use a GIC with more list registers; with one, an interrupt that is changed while it is in "
     "the register leads here, with any number so many nested handlers as there are registers, "
     "and one more interrupt of lower priority."},
    {"vgic.sgi-lost",
     "A guest SGI came again from the same vCPU while the earlier one was still pending. Bao takes "
     "it out of its list register and, since nothing is new, does not put it back: the receiver "
     "gets neither, until the same SGI comes from another vCPU.",
     "Let the sender wait until the receiver has seen the earlier SGI, as an acknowledgement in "
     "shared memory; a Linux guest may lose rescheduling interrupts this way."},
    {"vgic.sgi-source-forgotten",
     "An SGI ended while the same one was pending from another vCPU. Bao looks the interrupt up by "
     "the whole list register instead of its id, finds none and leaves the other pending in no "
     "register: the receiver does not get it, and every later one from that vCPU is lost as well.",
     "Avoid one SGI number for several senders; a Linux guest with more than two vCPUs may stall "
     "on a function call or a rescheduling interrupt that never came."},
    {"vgic.sgi0-forgotten",
     "The end of an interrupt that the hypervisor injected made Bao take SGI 0 for one that ended, "
     "while it was in a list register. It stays there, and is not known to be: when SGI 0 comes "
     "again it is in two registers, and the receiver may take it twice.",
     "Let handlers of SGI 0 (in Linux: rescheduling) bear being called once too often."},
    {"vgic.spilled-again",
     "An interrupt that is on the list of spilled ones was put there again: the list loses those "
     "behind it, or is linked to itself. Any write of the guest to a distributor register that "
     "covers a spilled interrupt leads here while no list register is free.",
     "Keep the number of interrupts that can be pending at once below that of list registers (4 "
     "on a GIC-400), or enable and configure all of them before the first can come."},
    {"vgic.spilled-astray",
     "An interrupt that one vCPU had spilled was refilled into a list register of another, which "
     "is none of its targets: the wrong vCPU handles it.",
     "Let drivers bear a handler on any vCPU, or stay below the number of list registers."},
    {"vgic.spilled-disabled",
     "An interrupt was disabled by the guest while it was spilled, and refilled all the same: the "
     "guest takes an interrupt that it has disabled.",
     "Let the handler check its device; stay below the number of list registers."},
    {"vgic.spilled-doubled",
     "An interrupt that was put into a list register by other means while on the list of spilled "
     "ones was refilled too: it is in two registers, and the guest takes it twice.",
     "Let handlers bear being called once too often; stay below the number of list registers."},
    {"vgic.spilled-endless",
     "The list of spilled interrupts is linked to itself, and Bao searches it. Nothing is injected "
     "into the guest, and that physical CPU loops for ever without a word, with the lock of the "
     "list taken.",
     "See vgic.spilled-again, which came before."},
    {"vgic.spilled-lost",
     "An interrupt was spilled after the last one on the list had been taken off it: Bao appends "
     "it to the one that has left, and no search finds it. The guest does not get it until it is "
     "made pending anew.",
     "Stay below the number of list registers: a lost interrupt of a device that waits for its "
     "handler is a dead device."},
    {"vgic.spilled-owned",
     "A vCPU that refills its list registers found first on the VM's list an interrupt that "
     "another vCPU owns. It looks again and again, with the lock of the list taken, until the "
     "owner lets go; after 10 ms the run takes it for a hang.",
     "Keep handlers short, and no handler preempted for long; stay below the number of list "
     "registers."},
    {"vgic.state-unread",
     "A guest read the pending or active state of an interrupt that is in a list register. Bao "
     "answers from its own copy, which says neither.",
     "Do not poll GICD_ISPENDR or GICD_ISACTIVER in a guest; Linux does so when it synchronises "
     "with a handler (synchronize_irq)."},
    {"vgic.unknown-interrupt",
     "An interrupt was to be injected that does not exist in the VM: nothing happens.",
     "Compare the interrupt with the number of interrupt lines of the platform."},
    {"virtio.bad-access",
     "A driver accessed a register with the wrong width or alignment, in the wrong direction, or "
     "where there is none (VirtIO 1.4, 4.2.2): a read gives 0, a write does nothing.",
     "Access registers below 0x100 as aligned 32-bit words and a field of the configuration space "
     "with its own width; look for a driver of the legacy interface (version 1)."},
    {"virtio.bad-buffer",
     "A driver gave the device a chain without a buffer of the right direction, or with one that "
     "holds nothing: it goes back unused, with length 0.",
     "Let the driver offer writable buffers in receive queues and readable ones in transmit "
     "queues; a network receive buffer holds at least the header of 12 bytes."},
    {"virtio.bad-control",
     "A console's driver sent a control message that means nothing, or offered a buffer for one "
     "that is too small: it is ignored.",
     "Control messages have 8 bytes; buffers for them take a port's name besides (VirtIO 1.4, "
     "5.3.6.2)."},
    {"virtio.driver-ok-refused",
     "A driver wrote DRIVER_OK without FEATURES_OK (VirtIO 1.4, 3.1.1): the device does not start. "
     "A driver that does not read Status back goes on as if it had, and what it queues stays where "
     "it is.",
     "Let the driver write FEATURES_OK and read it back first. Zephyr's console negotiates only "
     "with MULTIPORT: give the back-end `multiport: true`."},
    {"virtio.features-refused",
     "A driver asked for features that the device does not accept together: FEATURES_OK stays "
     "clear, and a driver that does not read it back goes on in vain.",
     "Accept only what is offered, and VERSION_1 always: a driver without it is one of the legacy "
     "interface. Compare the back-end's options with what the driver needs."},
    {"virtio.needs-reset",
     "A device has failed and set DEVICE_NEEDS_RESET: bad rings or descriptors of the driver, or a "
     "failure of its own. It does nothing until the driver resets it; most drivers do not look.",
     "Look at the reason: rings and buffers must lie in the device's shared memory (in Linux: "
     "restricted-dma-pool and ACCESS_PLATFORM), a queue's size is a power of two up to "
     "QueueSizeMax. A driver that writes no QueueSize means the size that it is built with: give "
     "the back-end that `queue_size`."},
    {"virtio.out-of-order",
     "A driver wrote a register at a time or with a value that the specification does not allow: "
     "the device ignores it.",
     "Follow the order of VirtIO 1.4, 3.1.1: features, FEATURES_OK, queues, DRIVER_OK, then "
     "notifications; after a reset begin anew."},
};

constexpr bool sorted() {
    for (std::size_t i = 1; i < std::size(catalogue); ++i)
        if (!(catalogue[i - 1].id < catalogue[i].id))
            return false;
    return true;
}
static_assert(sorted(), "alphabetical, each id once");

}  // namespace

std::span<const Rule> rules() {
    return catalogue;
}

const Rule* find_rule(std::string_view id) {
    const auto* it =
        std::lower_bound(std::begin(catalogue), std::end(catalogue), id,
                         [](const Rule& r, std::string_view wanted) { return r.id < wanted; });
    return it != std::end(catalogue) && it->id == id ? it : nullptr;
}

void Observations::observation(models::Observation o) {
    ++total_;
    std::string rule(o.rule);
    ++by_rule_[rule];

    const auto count = [&o](Seen& s) {
        if (s.count++ == 0 || std::tie(o.time, o.cpu) < std::tie(s.first, s.cpu)) {
            s.first = o.time;
            s.cpu = o.cpu;
        }
    };
    Key key{rule, std::move(o.vm), o.cpu.value, std::move(o.what)};
    if (const auto it = seen_.find(key); it != seen_.end())
        count(it->second);
    else if (seen_.size() < max_distinct)
        count(seen_[std::move(key)]);
    else
        count(overflow_[std::move(rule)]);
}

std::vector<ObservationCount> Observations::list() const {
    std::vector<ObservationCount> all;
    all.reserve(seen_.size() + overflow_.size());
    for (const auto& [key, s] : seen_)
        all.push_back(
            {s.first, s.cpu, std::get<0>(key), std::get<1>(key), std::get<3>(key), s.count});
    for (const auto& [rule, s] : overflow_)
        all.push_back({s.first, s.cpu, rule, "", "further ones, not listed one by one", s.count});
    std::sort(all.begin(), all.end(), [](const ObservationCount& x, const ObservationCount& y) {
        return std::tie(x.first, x.cpu, x.rule, x.vm, x.what) <
               std::tie(y.first, y.cpu, y.rule, y.vm, y.what);
    });
    return all;
}

}  // namespace sim
