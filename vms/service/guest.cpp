#include "vms/service/guest.h"

#include <utility>

#include "vms/abi/bao.h"

namespace vms::service {

namespace bao = abi::bao;

namespace {

/// A front-end that traps without pause can have this many answers before the rings of all devices
/// get their turn. Requests pending at one time are bounded by the number of physical CPUs.
constexpr unsigned requests_in_a_row = 16;

// Priorities: of the 32 levels of a virtual CPU interface, forwarded accesses first, since a
// physical CPU stands still for each.
constexpr std::uint32_t request_priority = 0x80;
constexpr std::uint32_t peripheral_priority = 0xa0;

/// A link that is down does not interrupt when it comes back: how often it is looked at. Longer
/// than the interval at which an interface looks itself, so that each look is one.
constexpr std::uint64_t link_look_interval_ns = 11'000'000;

/// Steps of a turn while several devices wait for room (estimate): none is ever ahead of another by
/// more. Short against the ring of a network controller, so that all get a part of what comes free.
constexpr std::uint32_t scarce_turn = 4;

}  // namespace

ServiceGuest::ServiceGuest(Port& port, const GuestConfig& config)
    : port_(port),
      config_(config),
      gic_(port, config.gicd, config.gicc),
      peripherals_(port, config_),
      timetable_(port, config_),
      switch_(port, {.ageing_seconds = config.net.ageing_seconds,
                     .storm_frames = config.net.storm_frames,
                     .storm_interval_us = config.net.storm_interval_us,
                     .source_check = config.net.source_check,
                     .bridge_uplinks = config.net.bridge_uplinks}) {
    std::array<std::uint8_t, max_devices> switch_ports{};
    for (std::size_t i = 0; i < config_.device_count; ++i) {
        const DeviceConfig& d = config_.devices[i];
        Slot& s = slots_[i];
        s.memory = &s.memory_storage.emplace<SharedMemory>(port, d.shmem_base, d.shmem_size);
        s.peripherals = d.backend->peripherals(config_, d);
        switch_ports[i] = static_cast<std::uint8_t>(switch_.port_count());
        s.device = &d.backend->make(s.backend_storage,
                                    {port, d, config_, peripherals_, switch_, s.counters});
        s.transport = &s.transport_storage.emplace<MmioTransport>(
            port, *s.memory, *s.device, d.window_base.value, s.counters, i);
    }
    for (std::size_t i = 0; i < config_.peripheral_count; ++i)
        if (NetworkPort* interface = peripherals_.network(i))
            uplinks_[i] = &uplink_storage_[i].emplace<Uplink>(switch_, *interface,
                                                              config_.net.uplink_stations);
    if (const TrafficConfig& t = config_.net.traffic; t.present)
        traffic_ = &traffic_storage_.emplace<TrafficPort>(
            switch_, TrafficPort::Parameters{.mac = t.mac,
                                             .echo = t.echo,
                                             .frame_bytes = t.frame_bytes,
                                             .to = config_.devices[t.device].net.mac,
                                             .to_port = switch_ports[t.device]});
}

void ServiceGuest::run() {
    start();
    const bool polls = config_.polling || config_.poll_rings;
    for (;;) {
        const std::uint64_t before = polls ? moved() : 0;
        if (polls)
            port_.look_begins();
        pass();
        idle();
        if (polls && moved() == before)
            port_.look_found_nothing();
    }
}

/// Grows whenever a pass had something to do.
std::uint64_t ServiceGuest::moved() const {
    std::uint64_t n = counters_.answered + counters_.interrupts;
    for (std::size_t i = 0; i < switch_.port_count(); ++i)
        n += switch_.counters(i).frames_in;
    return n;
}

void ServiceGuest::start() {
    port_.charge<Operation::boot>();
    port_.mask_interrupts(true);
    port_.set_vector(*this);
    gic_.start();
    peripherals_.start(gic_, peripheral_priority);
    for (Uplink* uplink : uplinks_)
        if (uplink != nullptr)
            uplink->look_at_link();
    timetable_.start(gic_, peripheral_priority, peripherals_.any_network());
    plan_look_at_links();
    if (!config_.polling)
        for (std::size_t i = 0; i < config_.device_count; ++i)
            gic_.enable(config_.devices[i].interrupt, request_priority);
    port_.note(Step::started, config_.device_count);
    port_.mask_interrupts(false);
}

void ServiceGuest::irq() {
    port_.charge<Operation::irq_entry>();
    const std::uint32_t acknowledged = gic_.acknowledge();
    const std::uint32_t id = acknowledged & abi::gicv2::gicc::iar_id_mask;
    if (id >= abi::gicv2::gicc::first_special) {
        ++counters_.spurious;
        return;
    }
    ++counters_.interrupts;
    bool ours = peripherals_.interrupt(id) || timetable_.interrupt(id);
    for (std::size_t i = 0; i < config_.device_count; ++i) {
        if (config_.devices[i].interrupt.value == id) {
            slots_[i].requested = true;
            ours = true;
        }
    }
    if (!ours)
        ++counters_.spurious;
    gic_.end(acknowledged);
    port_.note(Step::interrupted, id);
    port_.charge<Operation::irq_exit>();
    port_.settle();
}

void ServiceGuest::pass() {
    answer_requests();
    handle_events();
    if (switch_.port_count() != 0)
        switch_.begin_pass();
    serve_peripherals();
    work_on_rings();
    if (switch_.port_count() != 0)
        see_to_switch();
    notify();
}

// --- requests -----------------------------------------------------------------------------------

void ServiceGuest::answer_requests() {
    port_.settle();  // the vector has marked all that has come up to here
    for (std::size_t i = 0; i < config_.device_count; ++i)
        if (slots_[i].requested)
            answer_requests(i);
}

void ServiceGuest::answer_requests(std::size_t device) {
    // Cleared first: an interrupt from here on announces something that ASK may not have seen.
    slots_[device].requested = false;
    Request request;
    for (unsigned n = 0; n < requests_in_a_row; ++n) {
        if (!ask(device, request))
            return;
        answer(device, request);
        if (!request.more)
            return;
    }
    slots_[device].requested = true;
}

bool ServiceGuest::ask(std::size_t device, Request& request) {
    port_.charge<Operation::ask>();
    ++counters_.asks;
    CallRegisters x{};
    x[bao::arg::function] = bao::hypercall_remote_io;
    x[bao::arg::device] = config_.devices[device].remio_index;
    x[bao::arg::op] = static_cast<std::uint64_t>(bao::RemoteIoOp::ask);
    port_.hypercall(x);
    const auto result = static_cast<std::int64_t>(x[bao::ask_result::status]);
    if (result != bao::result::success) {
        port_.note(Step::asked, device | no_request);
        if (result == bao::result::nothing_pending)
            ++counters_.empty_asks;
        else
            ++counters_.failed_hypercalls;
        return false;
    }
    request = {.address = x[bao::ask_result::address],
               .op = x[bao::ask_result::op],
               .value = x[bao::ask_result::value],
               .width = x[bao::ask_result::access_width],
               .id = x[bao::ask_result::request],
               .more = x[bao::ask_result::more] == 1};
    port_.note(Step::asked, step_detail(device, request.id));
    return true;
}

void ServiceGuest::answer(std::size_t device, const Request& request) {
    if (config_.stop_answering && counters_.answered >= config_.stop_answering_after) {
        ++counters_.withheld;
        port_.note(Step::withheld, step_detail(device, request.id));
        return;
    }
    port_.charge<Operation::dispatch>();
    const DeviceConfig& d = config_.devices[device];
    Slot& slot = slots_[device];
    MmioTransport& transport = *slot.transport;
    // The hypervisor forwards what it trapped in the window; an address outside would be a fault
    // of the configuration, and is answered like any unknown register.
    const std::uint64_t offset = request.address - d.window_base.value;
    const bool inside = offset < d.window_size;
    const bool is_read = request.op == static_cast<std::uint64_t>(bao::RemoteIoOp::read);
    std::uint64_t value = 0;
    if (!inside) {
        ++slot.counters.bad_accesses;
        port_.report(Incident::bad_access, device, access_detail(offset, request.width, !is_read));
    } else if (is_read) {
        value = transport.read(offset, request.width);
    } else {
        transport.write(offset, request.width, request.value);
    }
    if (is_read)
        ++slot.counters.reads;
    else
        ++slot.counters.writes;

    port_.charge<Operation::answer>();
    CallRegisters x{};
    x[bao::arg::function] = bao::hypercall_remote_io;
    x[bao::arg::device] = d.remio_index;
    x[bao::arg::address] = request.address;
    x[bao::arg::op] =
        static_cast<std::uint64_t>(is_read ? bao::RemoteIoOp::read : bao::RemoteIoOp::write);
    x[bao::arg::value] = value;
    x[bao::arg::request] = request.id;
    port_.hypercall(x);
    if (static_cast<std::int64_t>(x[0]) != bao::result::success)
        ++counters_.failed_hypercalls;
    ++counters_.answered;
    port_.note(Step::answered, step_detail(device, request.id));

    if (transport.take_work_mark())
        slot.work = true;
}

// --- the work behind the requests ---------------------------------------------------------------

void ServiceGuest::handle_events() {
    if (timetable_.take_look())
        for (std::size_t i = 0; i < peripherals_.count(); ++i)
            if (uplinks_[i] != nullptr && !uplinks_[i]->up())
                peripherals_.mark(i);
    while (const DeviceEvent* event = timetable_.take()) {
        Slot& s = slots_[event->device];
        if (event->kind == DeviceEventKind::device_error)
            s.transport->fail_device();
        else
            s.device->event(*event);
        if (s.transport->take_work_mark())
            s.work = true;
        answer_requests();
    }
}

void ServiceGuest::plan_look_at_links() {
    for (const Uplink* uplink : uplinks_)
        if (uplink != nullptr && !uplink->up())
            timetable_.look_at(port_.counter() +
                               ticks_at(link_look_interval_ns, port_.counter_frequency()));
}

void ServiceGuest::serve_peripherals() {
    for (std::size_t i = 0; i < peripherals_.count(); ++i) {
        if (!peripherals_.marked(i))
            continue;
        peripherals_.serve(i);
        if (uplinks_[i] != nullptr)
            uplinks_[i]->look_at_link();
        for (std::size_t d = 0; d < config_.device_count; ++d)
            if (slots_[d].peripherals.has(i))
                slots_[d].work = true;  // input has come, or output has found room
        port_.note(Step::served, i);
        answer_requests();
    }
}

void ServiceGuest::work_on_rings() {
    // Who waited and finds room goes on. That there are several makes turns short: room comes in
    // portions of any size, and with turns of a whole budget the first would take most of each.
    std::size_t waiting = 0;
    for (std::size_t i = 0; i < config_.device_count; ++i) {
        Slot& s = slots_[i];
        s.done = 0;
        s.waits = s.waits && s.device->waits_for_room();
        if (!s.waits)
            continue;
        ++waiting;
        s.work = s.work || s.device->room_has_come();
    }
    const bool scarce = waiting > 1;
    const std::uint32_t length =
        scarce && scarce_turn < config_.ring_budget ? scarce_turn : config_.ring_budget;
    const std::size_t none = config_.device_count;
    std::size_t began = none;    // the first that was worked on
    std::size_t refused = none;  // the first that has found no room
    // A round is a turn of each. A device's budget is as many turns, so the rounds end with it.
    for (bool more = true; more;) {
        more = false;
        for (std::size_t n = 0; n < config_.device_count; ++n) {
            const std::size_t i = (first_ + n) % config_.device_count;
            Slot& s = slots_[i];
            port_.charge<Operation::loop_pass>();
            if (!s.work || s.done == config_.ring_budget)
                continue;
            if (s.done == 0)
                port_.note(Step::ring_work, i);
            if (began == none)
                began = i;
            more = turn(s, scarce && s.left != 0 && s.left < length ? s.left : length) || more;
            if (s.waits && refused == none)
                refused = i;
        }
    }
    // Next is whose turn was broken off, or who waited already when others were refused: the order
    // of turns does not depend on when room comes. Else who began is last.
    if (slots_[first_].waits && slots_[first_].done == 0)
        return;
    if (refused != none)
        first_ = refused;
    else if (began != none)
        first_ = (began + 1) % config_.device_count;
}

/// At most as many steps of a device's ring work. True: it has more to do, and budget for it.
bool ServiceGuest::turn(Slot& s, std::uint32_t steps) {
    s.work = false;
    bool more = true;
    std::uint32_t done = 0;
    while (more && done < steps && s.done < config_.ring_budget) {
        more = s.transport->work();
        ++done;
        ++s.done;
        // A request may have come meanwhile, for this device or another: its front-end stands
        // still. It may stop or reset this device; the next step sees that.
        answer_requests();
    }
    if (more)
        s.work = true;
    s.waits = s.device->waits_for_room();
    s.left = s.waits ? steps - done + 1 : 0;  // the step that found no room was none
    if (more && s.done < config_.ring_budget)
        return true;
    s.transport->publish();
    return false;
}

void ServiceGuest::see_to_switch() {
    if (traffic_ != nullptr) {
        const std::size_t device = config_.net.traffic.device;
        traffic_->send(config_.ring_budget, device < config_.device_count &&
                                                slots_[device].transport->interrupt_pending());
    }
    switch_.flush();
    plan_look_at_links();
    for (std::size_t i = 0; i < config_.device_count; ++i) {
        Slot& s = slots_[i];
        if (s.transport->take_publication_mark())
            s.transport->publish();
    }
}

void ServiceGuest::notify() {
    for (std::size_t i = 0; i < config_.device_count; ++i) {
        Slot& s = slots_[i];
        if (!s.transport->take_interrupt_mark())
            continue;
        port_.charge<Operation::notify>();
        CallRegisters x{};
        x[bao::arg::function] = bao::hypercall_remote_io;
        x[bao::arg::device] = config_.devices[i].remio_index;
        x[bao::arg::op] = static_cast<std::uint64_t>(bao::RemoteIoOp::notify);
        port_.hypercall(x);
        if (static_cast<std::int64_t>(x[0]) != bao::result::success)
            ++counters_.failed_hypercalls;
        ++s.counters.notifications;
        port_.note(Step::notified, i);
        answer_requests();
    }
}

bool ServiceGuest::anything_marked() const {
    for (std::size_t i = 0; i < config_.device_count; ++i) {
        const Slot& s = slots_[i];
        if (s.requested || s.work || s.transport->interrupt_marked())
            return true;
        if (s.waits && s.device->room_has_come())
            return true;
    }
    return peripherals_.any_marked() || timetable_.marked();
}

void ServiceGuest::idle() {
    if (config_.poll_rings)
        for (std::size_t i = 0; i < config_.device_count; ++i)
            slots_[i].work = slots_[i].work || config_.devices[i].backend->network;
    if (config_.polling) {
        for (std::size_t i = 0; i < config_.device_count; ++i)
            slots_[i].requested = true;
        return;
    }
    // Masked from the look at the marks to the wait: an interrupt in between stays pending and ends
    // the wait, which a masked interrupt does too (Arm ARM, WFI).
    port_.mask_interrupts(true);
    if (!anything_marked()) {
        port_.note(Step::idle, 0);
        ++counters_.waits;
        port_.wait_for_interrupt();
    }
    port_.mask_interrupts(false);
}

}  // namespace vms::service
