// Names and fields of events in one table; ordering and writing of the trace.
#include "sim/observe/trace.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace sim {

namespace {

using models::Event;
using models::EventKind;

/// How a field reads in the trace.
enum class Form {
    none,
    decimal,
    signed_decimal,
    hex,
    access,   ///< bit 8 of a trap: read or write
    op,       ///< operation of a remote I/O request, in Bao's numbering
    outcome,  ///< 1 success, 0 failure
};

/// A field of an event: bits [low, low + bits) of a, b or c.
struct Field {
    std::string_view label;
    std::uint64_t Event::*word = nullptr;
    Form form = Form::none;
    unsigned low = 0;
    unsigned bits = 64;
};

struct EventFormat {
    EventKind kind;
    std::string_view name;
    std::array<Field, 4> fields;
};

constexpr auto a = &Event::a;
constexpr auto b = &Event::b;
constexpr auto c = &Event::c;

constexpr Field address{"address", a, Form::hex};
constexpr Field width{"width", b, Form::decimal, 0, 8};
constexpr Field value{"value", c, Form::hex};
constexpr Field data{"data", c, Form::hex};
constexpr Field key{"bind_key", a, Form::decimal};
constexpr Field intid{"intid", a, Form::decimal};
constexpr Field queue{"queue", a, Form::hex};
constexpr Field index{"index", b, Form::decimal};
constexpr Field byte{"byte", a, Form::hex};

// In the order of EventKind, whose comments give the meaning of a, b and c.
constexpr EventFormat formats[] = {
    {EventKind::boot, "boot", {{{"vm", a, Form::decimal}, {"vcpu", b, Form::decimal}}}},
    {EventKind::trap, "trap", {{address, width, {"op", b, Form::access, 8, 1}, value}}},
    {EventKind::message_push,
     "message_push",
     {{{"to_cpu", a, Form::decimal},
       {"handler", b, Form::decimal, 32, 32},
       {"event", b, Form::decimal, 0, 32},
       data}}},
    {EventKind::message_drop,
     "message_drop",
     {{{"to_cpu", a, Form::decimal},
       {"handler", b, Form::decimal, 32, 32},
       {"event", b, Form::decimal, 0, 32},
       data}}},
    {EventKind::message_pop,
     "message_pop",
     {{{"handler", a, Form::decimal, 32, 32}, {"event", a, Form::decimal, 0, 32}, data}}},
    {EventKind::request, "request", {{address, width, {"op", b, Form::op, 8, 56}, value}}},
    {EventKind::ask, "ask", {{key}}},
    {EventKind::complete, "complete", {{key, {"op", b, Form::op}, value}}},
    {EventKind::resume, "resume", {{value}}},
    {EventKind::notify, "notify", {{key}}},
    {EventKind::hypercall,
     "hypercall",
     {{{"function", a, Form::hex}, {"result", b, Form::signed_decimal}}}},
    {EventKind::physical_irq, "physical_irq", {{intid}}},
    {EventKind::inject, "inject", {{intid, {"list_register", b, Form::decimal}}}},
    {EventKind::maintenance, "maintenance", {{{"misr", a, Form::hex}}}},
    {EventKind::virtual_irq, "virtual_irq", {}},
    {EventKind::standby, "standby", {}},
    {EventKind::ring_publish, "ring_publish", {{queue, index}}},
    {EventKind::ring_consume, "ring_consume", {{queue, index}}},
    {EventKind::backend_step,
     "backend_step",
     {{{"step", a, Form::decimal}, {"detail", b, Form::hex}}}},
    {EventKind::workload_done, "workload_done", {{{"result", a, Form::outcome}}}},
    {EventKind::driver_fault,
     "driver_fault",
     {{{"code", a, Form::decimal}, {"detail", b, Form::hex}}}},
    {EventKind::uart_tx, "uart_tx", {{byte}}},
    {EventKind::uart_rx, "uart_rx", {{byte}}},
    {EventKind::power_off, "power_off", {}},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < std::size(formats); ++i)
        if (static_cast<std::size_t>(formats[i].kind) != i)
            return false;
    return true;
}
static_assert(in_order(), "a row for every EventKind, in its order");

constexpr std::string_view observation_name = "observation";

/// Width of the longest event name, so that what follows lines up.
constexpr std::size_t name_width = [] {
    std::size_t w = observation_name.size();
    for (const EventFormat& f : formats)
        w = std::max(w, f.name.size());
    return w;
}();

const EventFormat* format_of(EventKind kind) {
    const auto i = static_cast<std::size_t>(kind);
    return i < std::size(formats) ? &formats[i] : nullptr;
}

using Buffer = fmt::memory_buffer;

void put_field(Buffer& out, const Event& e, const Field& f) {
    const std::uint64_t shifted = e.*f.word >> f.low;
    const std::uint64_t v = f.bits >= 64 ? shifted : shifted & ((std::uint64_t{1} << f.bits) - 1);
    const auto it = std::back_inserter(out);
    fmt::format_to(it, " {}=", f.label);
    switch (f.form) {
        case Form::none:
            break;
        case Form::decimal:
            fmt::format_to(it, "{}", v);
            break;
        case Form::signed_decimal:
            fmt::format_to(it, "{}", static_cast<std::int64_t>(v));
            break;
        case Form::hex:
            fmt::format_to(it, "{:#x}", v);
            break;
        case Form::access:
            fmt::format_to(it, "{}", v != 0 ? "write" : "read");
            break;
        case Form::outcome:
            fmt::format_to(it, "{}", v != 0 ? "success" : "failure");
            break;
        case Form::op: {
            constexpr std::string_view ops[] = {"write", "read", "ask", "notify"};
            if (v < std::size(ops))
                fmt::format_to(it, "{}", ops[v]);
            else
                fmt::format_to(it, "{}", v);
            break;
        }
    }
}

void put_head(Buffer& out, models::Picos time, models::CpuId cpu, std::string_view name,
              bool more) {
    fmt::format_to(std::back_inserter(out), "{:>12}.{:03} cpu{} ", time.value / 1000,
                   time.value % 1000, cpu.value);
    if (more)
        fmt::format_to(std::back_inserter(out), "{:<{}}", name, name_width);
    else
        out.append(name);
}

void put_line(Buffer& out, const Event& e) {
    const EventFormat* f = format_of(e.kind);
    if (f == nullptr) {
        put_head(out, e.time, e.cpu, fmt::format("event-{}", static_cast<unsigned>(e.kind)), true);
        fmt::format_to(std::back_inserter(out), " a={:#x} b={:#x} c={:#x}", e.a, e.b, e.c);
        return;
    }
    const bool request = static_cast<bool>(e.request);
    put_head(out, e.time, e.cpu, f->name, request || f->fields[0].form != Form::none);
    if (request)
        fmt::format_to(std::back_inserter(out), " r{}", e.request.value);
    for (const Field& field : f->fields)
        if (field.form != Form::none)
            put_field(out, e, field);
}

void put_line(Buffer& out, const models::Observation& o) {
    put_head(out, o.time, o.cpu, observation_name, true);
    fmt::format_to(std::back_inserter(out), " {} vm={} ", o.rule, o.vm.empty() ? "-" : o.vm);
    for (const char ch : o.what)  // one line, whatever the text holds
        out.push_back(static_cast<unsigned char>(ch) < 0x20 ? ' ' : ch);
}

}  // namespace

std::string_view event_name(EventKind kind) {
    const EventFormat* f = format_of(kind);
    return f != nullptr ? f->name : "event-unknown";
}

std::string trace_line(const Event& e) {
    Buffer out;
    put_line(out, e);
    return fmt::to_string(out);
}

std::string trace_line(const models::Observation& o) {
    Buffer out;
    put_line(out, o);
    return fmt::to_string(out);
}

Trace::Trace(const std::string& path, std::function<models::Picos()> settled)
    : path_(path), settled_(std::move(settled)) {
    file_.reset(std::fopen(path.c_str(), "w"));
    if (file_ == nullptr)
        fail("open", errno);
}

void Trace::event(const Event& e) {
    push({e, nullptr});
}

void Trace::observation(models::Observation o) {
    Entry entry;
    entry.event.time = o.time;
    entry.event.cpu = o.cpu;
    entry.observation = std::make_unique<models::Observation>(std::move(o));
    push(std::move(entry));
}

void Trace::push(Entry entry) {
    if (!error_.empty())
        return;
    if (entry.event.time < written_until_)
        ++late_;
    held_.push_back(std::move(entry));
    if (settled_ && held_.size() >= next_flush_) {
        flush_until(settled_());
        next_flush_ = held_.size() + flush_threshold;
    }
}

void Trace::flush_until(models::Picos limit) {
    if (!error_.empty() || held_.empty())
        return;
    // Stable: of equal time and CPU, the order of arrival stands, across flushes too, because what
    // is kept precedes what comes.
    std::stable_sort(held_.begin(), held_.end(), [](const Entry& x, const Entry& y) {
        return std::tie(x.event.time, x.event.cpu) < std::tie(y.event.time, y.event.cpu);
    });
    const auto end = std::partition_point(held_.begin(), held_.end(),
                                          [limit](const Entry& x) { return x.event.time < limit; });
    Buffer text;
    for (auto it = held_.begin(); it != end; ++it) {
        if (it->observation != nullptr)
            put_line(text, *it->observation);
        else
            put_line(text, it->event);
        text.push_back('\n');
    }
    held_.erase(held_.begin(), end);
    written_until_ = std::max(written_until_, limit);
    write({text.data(), text.size()});
}

const std::string& Trace::finish() {
    flush_until(models::Picos::never());
    if (file_ != nullptr) {
        std::FILE* f = file_.release();
        if (std::fclose(f) != 0)
            fail("write", errno);
    }
    return error_;
}

void Trace::write(std::string_view text) {
    if (!error_.empty() || text.empty() || file_ == nullptr)
        return;
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size())
        fail("write", errno);
}

void Trace::fail(std::string_view what, int error_number) {
    if (error_.empty())
        error_ = fmt::format("cannot {} trace '{}': {}", what, path_, std::strerror(error_number));
    held_.clear();
}

}  // namespace sim
