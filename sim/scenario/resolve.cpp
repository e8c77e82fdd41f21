// Fills the model from checked values (resolve.h).
#include "sim/scenario/resolve.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "sim/scenario/resolve/values.h"
#include "sim/scenario/spelling.h"

namespace sim {

namespace resolving {

std::string file_path(const Value& v) {
    if (!v.present || v.place.line == 0)
        return v.text;
    const auto folder = std::filesystem::path(v.place.file).parent_path();
    return (folder / v.text).lexically_normal().string();
}

}  // namespace resolving

namespace {

using namespace resolving;

UartConfig uart(const Value& v, const std::string& name) {
    UartConfig u;
    u.place = v.place;
    u.name = name;
    u.model = v["model"].text == "pl011" ? UartModel::pl011 : UartModel::cadence;
    u.base = phys(v["base"]);
    u.size = v["size"].u64();
    u.interrupt = int_id(v["interrupt"]);
    u.reference_clock_hz = v["reference_clock"].u64();
    u.baud = v["baud"].u64();
    u.output = v["output"].text;
    u.input = typed_input(v["input"]);
    u.pattern = pattern_input(v["pattern"]);
    u.mux = serial_mux(v["mux"]);
    if (u.mux != SerialMux::none && !v["output"].given)
        u.output = "none";  // its channels have far ends of their own
    u.channels = serial_channels(v["channels"]);
    u.input_file = file_path(v["input_file"]);
    u.records = records(v["records"]);
    return u;
}

PlatformConfig platform(const Value& v) {
    PlatformConfig p;
    p.place = v.place;
    p.preset = v["preset"].text;
    p.cpu_num = small(v["cpu_num"]);
    p.cpu_hz = v["cpu_hz"].u64();
    p.counter_hz = v["counter_hz"].u64();
    p.firmware_standby = v["firmware_standby"].flag();
    p.corrected_vgic = v["corrected_vgic"].flag();
    for (const Value& item : v["ram"].items)
        p.ram.push_back({phys(item["base"]), item["size"].u64()});
    const Value& gic = v["gic"];
    p.gic.version = small(gic["version"]);
    p.gic.gicd = phys(gic["gicd"]);
    p.gic.gicc = phys(gic["gicc"]);
    p.gic.gich = phys(gic["gich"]);
    p.gic.gicv = phys(gic["gicv"]);
    p.gic.list_registers = small(gic["list_registers"]);
    p.gic.interrupt_lines = small(gic["interrupt_lines"]);
    p.gic.maintenance = int_id(gic["maintenance"]);
    const Value& uarts = v["uarts"];
    for (std::size_t i = 0; i < uarts.items.size(); ++i)
        p.uarts.push_back(uart(uarts.items[i], uarts.names[i]));
    const Value& nics = v["nics"];
    for (std::size_t i = 0; i < nics.items.size(); ++i)
        p.nics.push_back(nic(nics.items[i], nics.names[i]));
    return p;
}

TimingConfig timing(const Value& v) {
    TimingConfig t;
    t.cpi_milli = v["cpi"].u64();
    t.exception_entry_cycles = v["exception_entry"].u64();
    t.exception_return_cycles = v["exception_return"].u64();
    t.sysreg_cycles = v["sysreg"].u64();
    t.barrier_cycles = v["barrier"].u64();
    t.gic_read = picos(v["gic_read"]);
    t.gic_write = picos(v["gic_write"]);
    t.device_read = picos(v["device_read"]);
    t.device_write = picos(v["device_write"]);
    t.path_costs = file_path(v["path_costs"]);
    const Value& operations = v["operations"];
    for (std::size_t i = 0; i < operations.items.size(); ++i)
        t.operations[operations.names[i]] = {operations.items[i].place, operations.items[i].u64()};
    return t;
}

/// One entry of devs: by the platform's name for it, or by addresses.
DevConfig dev(const Value& v, const PlatformConfig& platform, Diagnostics& out) {
    DevConfig d;
    d.place = v.place;
    d.device = v["device"].text;
    d.pa = phys(v["pa"]);
    d.va = v["va"].present ? guest(v["va"]) : vms::GuestAddr{d.pa.value};
    d.size = v["size"].u64();
    d.interrupts = int_ids(v["interrupts"]);
    d.id = v["id"].u64();
    if (d.device.empty()) {
        if (!v["pa"].present && !v["size"].present && !d.interrupts.empty())
            return d;  // interrupts alone, such as those of the timer
        for (const char* key : {"pa", "size"})
            if (!v[key].present)
                out.add(v[key].place,
                        "this key is missing; a device has a pa and a size, or the "
                        "name of one of the platform: {device: uart1}");
        for (const UartConfig& u : platform.uarts)
            if (d.pa == u.base)
                d.device = u.name;
        for (const NicConfig& n : platform.nics)
            if (d.pa == n.base)
                d.device = n.name;
        return d;
    }
    for (const char* key : {"pa", "size", "interrupts"})
        if (v[key].present)
            out.add(v[key].place, fmt::format("device {} brings its own {}; take this key or the "
                                              "key 'device' out",
                                              quote(d.device), key));
    std::vector<std::string> known;
    const auto take = [&](models::PhysAddr base, std::uint64_t bytes,
                          std::vector<vms::IntId> interrupts) {
        d.pa = base;
        d.va = v["va"].present ? guest(v["va"]) : vms::GuestAddr{base.value};
        d.size = bytes;
        d.interrupts = std::move(interrupts);
    };
    for (const UartConfig& u : platform.uarts) {
        known.push_back(u.name);
        if (u.name == d.device) {
            if (v["id"].given)
                out.add(v["id"].place,
                        fmt::format("device {} makes no accesses of its own that the SMMU could "
                                    "know by an id; take this key out",
                                    quote(d.device)));
            take(u.base, u.size, {u.interrupt});
            return d;
        }
    }
    for (const NicConfig& n : platform.nics) {
        known.push_back(n.name);
        if (n.name == d.device) {
            take(n.base, n.size, n.interrupts);
            if (!v["id"].present)
                d.id = n.stream_id;
            return d;
        }
    }
    out.add(v["device"].place, fmt::format("the platform has no device {}; {}", quote(d.device),
                                           suggest(d.device, known)));
    return d;
}

/// The VM's own address, or the one that the platform suggests.
vms::GuestAddr gic_address(const char* key, const Value& vm, const Value& platform,
                           Diagnostics& out) {
    const Value& own = vm["gic"][key];
    if (own.present)
        return guest(own);
    const Value& common = platform["guest_gic"][key];
    if (!common.present)
        out.add(own.place,
                "this key is missing, and the platform has no guest_gic; it is an "
                "address; write where the VM sees it, such as 0xF9010000");
    return guest(common);
}

VmConfig vm(const Value& v, const std::string& name, const Value& platform_value,
            const PlatformConfig& platform, Diagnostics& out) {
    VmConfig c;
    c.place = v.place;
    c.name = name;
    c.cpu_affinity = v["cpu_affinity"].u64();
    c.gicd = gic_address("gicd", v, platform_value, out);
    c.gicc = gic_address("gicc", v, platform_value, out);
    c.start = picos(v["start"]);
    for (const Value& r : v["regions"].items)
        c.regions.push_back({r.place, guest(r["base"]), r["size"].u64(), optional_phys(r["phys"])});
    for (const Value& d : v["devs"].items)
        c.devs.push_back(dev(d, platform, out));
    for (const Value& i : v["ipcs"].items)
        c.ipcs.push_back({i.place, guest(i["base"]), i["size"].u64(), small(i["shmem_id"]),
                          int_ids(i["interrupts"])});
    const Value& remio_devs = v["remio_devs"];
    for (std::size_t i = 0; i < remio_devs.items.size(); ++i) {
        const Value& r = remio_devs.items[i];
        RemioDevConfig d;
        d.place = r.place;
        d.name = remio_devs.names[i];
        d.type = r["type"].text == "backend" ? RemioType::backend : RemioType::frontend;
        d.bind_key = r["bind_key"].u64();
        d.va = guest(r["va"]);
        d.size = r["size"].u64();
        d.interrupt = int_id(r["interrupt"]);
        const Value& shmem = r["shmem"];
        d.shmem.base = guest(shmem["base"]);
        d.shmem.size = shmem["size"].u64();
        d.shmem.shmem_id = small(shmem["shmem_id"]);
        for (const char* key : {"va", "size"}) {
            if (d.type == RemioType::frontend && !r[key].present)
                out.add(r[key].place,
                        "this key is missing; a front-end has a window of registers: "
                        "give va and size, such as va: 0x0a003e00, size: 0x200");
            if (d.type == RemioType::backend && r[key].present)
                out.add(r[key].place, "a back-end has no window of registers; take this key out");
        }
        c.remio_devs.push_back(std::move(d));
    }
    c.software = software(v["software"]);
    return c;
}

std::optional<std::int64_t> optional_i64(const Value& v) {
    return v.present ? std::optional(v.i64()) : std::nullopt;
}

}  // namespace

Scenario resolve(const Value& root, const std::string& file, Diagnostics& out) {
    Scenario s;
    s.file = file;
    s.name = root["name"].text;
    s.description = root["description"].text;
    s.duration = picos(root["duration"]);
    s.seed = root["seed"].u64();
    s.quantum = picos(root["quantum"]);
    s.watchdog = picos(root["watchdog"]);
    s.strict = root["strict"].flag();
    s.platform = platform(root["platform"]);
    s.timing = timing(root["timing"]);
    for (const Value& m : root["shmemlist"].items)
        s.shmemlist.push_back({m.place, m["size"].u64(), optional_phys(m["phys"])});
    const Value& vm_values = root["vms"];
    for (std::size_t i = 0; i < vm_values.items.size(); ++i)
        s.vms.push_back(
            vm(vm_values.items[i], vm_values.names[i], root["platform"], s.platform, out));
    const Value& hosts = root["hosts"];
    for (std::size_t i = 0; i < hosts.items.size(); ++i)
        s.hosts.push_back(host(hosts.items[i], hosts.names[i], i));
    const Value& switches = root["switches"];
    for (std::size_t i = 0; i < switches.items.size(); ++i)
        s.switches.push_back(wire_switch(switches.items[i], switches.names[i]));
    const Value& links = root["links"];
    for (std::size_t i = 0; i < links.items.size(); ++i)
        s.links.push_back(link(links.items[i], links.names[i]));
    for (const Value& c : root["captures"].items)
        s.captures.push_back(capture(c));
    for (const Value& e : root["expect"].items)
        s.expect.push_back({e.place, e["metric"].text, optional_i64(e["equals"]),
                            optional_i64(e["min"]), optional_i64(e["max"]),
                            e["equals_metric"].text});
    return s;
}

}  // namespace sim
