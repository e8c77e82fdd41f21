// The emulated distributor of a VM: what a guest's accesses to GICD do (Bao: vgic.c, vgicv2.c).
#include <algorithm>

#include <fmt/format.h>

#include "models/bao/hypervisor.h"
#include "models/bao/vgic.h"
#include "models/bao/vgic_fields.h"
#include "models/bao/vgic_registers.h"

namespace models::bao {

/// A field of the distributor: how wide, and what an access covering it costs.
struct Vgic::FieldInfo {
    std::uint64_t base = 0;
    unsigned bits = 1;
    bool byte_access = false;  ///< besides word access
    PathCosts::Register PathCosts::*read = nullptr;
    PathCosts::Register PathCosts::*write = nullptr;
    Leg read_leg = Leg::gicd_other_rd;
    Leg write_leg = Leg::gicd_other_wr;
};

const Vgic::FieldInfo& Vgic::info(Field f) {
    using P = PathCosts;
    // Registers without a measured row of their own are charged as the most similar one: derived.
    static constexpr std::array<FieldInfo, 9> table{{
        {vgicd::isenabler, 1, false, &P::gicd_enable_read, &P::gicd_set_enable, Leg::gicd_isen_rd,
         Leg::gicd_isen_wr},
        {vgicd::icenabler, 1, false, &P::gicd_enable_read, &P::gicd_clear_enable,
         Leg::gicd_other_rd, Leg::gicd_icen_wr},
        {vgicd::ispendr, 1, false, &P::gicd_enable_read, &P::gicd_set_pending, Leg::gicd_other_rd,
         Leg::gicd_ispend_wr},
        {vgicd::icpendr, 1, false, &P::gicd_enable_read, &P::gicd_clear_enable, Leg::gicd_other_rd,
         Leg::gicd_other_wr},
        {vgicd::isactiver, 1, false, &P::gicd_enable_read, &P::gicd_set_enable, Leg::gicd_other_rd,
         Leg::gicd_other_wr},
        {vgicd::icactiver, 1, false, &P::gicd_enable_read, &P::gicd_clear_enable,
         Leg::gicd_other_rd, Leg::gicd_other_wr},
        {vgicd::icfgr, 2, false, &P::gicd_enable_read, &P::gicd_config_write, Leg::gicd_other_rd,
         Leg::gicd_icfgr_wr},
        {vgicd::ipriorityr, 8, true, &P::gicd_priority_read, &P::gicd_priority_write,
         Leg::gicd_prio_rd, Leg::gicd_prio_wr},
        {vgicd::itargetsr, 8, true, &P::gicd_priority_read, &P::gicd_priority_write,
         Leg::gicd_other_rd, Leg::gicd_other_wr},
    }};
    return table[static_cast<std::size_t>(f)];
}

namespace {

/// vCPU mask of a VM to physical CPU mask, and back.
std::uint8_t to_physical(const Vm& vm, std::uint64_t mask) {
    std::uint8_t p = 0;
    for (const auto& v : vm.vcpus)
        if (v->id < max_targets && (mask >> v->id & 1) != 0)
            p = static_cast<std::uint8_t>(p | 1u << v->phys.value);
    return p;
}
std::uint8_t to_virtual(const Vm& vm, std::uint64_t mask) {
    std::uint8_t p = 0;
    for (const auto& v : vm.vcpus)
        if (v->id < max_targets && (mask >> v->phys.value & 1) != 0)
            p = static_cast<std::uint8_t>(p | 1u << v->id);
    return p;
}

bool change(std::uint8_t& field, std::uint8_t bit, bool on) {
    const std::uint8_t before = field;
    field = static_cast<std::uint8_t>(on ? field | bit : field & ~bit);
    return field != before;
}

}  // namespace

bool Vgic::update_field(Cpu& c, Field f, VgicInterrupt& i, std::uint64_t data) {
    switch (f) {
        case Field::set_enable:
        case Field::clear_enable: {
            const bool on = f == Field::set_enable;
            if (data == 0 || is_sgi(i) || i.enabled == on)
                return false;
            i.enabled = on;
            return true;
        }
        case Field::set_pending:
        case Field::clear_pending:
            return data != 0 && !is_sgi(i) && change(i.state, pending, f == Field::set_pending);
        case Field::set_active:
        case Field::clear_active:
            return data != 0 && change(i.state, active, f == Field::set_active);
        case Field::config: {
            const bool changed = i.cfg != data;
            i.cfg = static_cast<std::uint8_t>(data);
            return changed;
        }
        case Field::priority: {
            const bool changed = i.prio != data;
            i.prio = static_cast<std::uint8_t>(data & 0xf8);  // five bits, as in a list register
            return changed;
        }
        case Field::targets: {
            if (i.id.value < 32)
                return false;
            const std::uint8_t before = i.targets;
            i.targets = to_physical(*c.vcpu->vm, data);
            return before != i.targets;
        }
    }
    return false;
}

/// What the pending and active registers show: Bao's copy, which holds nothing while the interrupt
/// is in a list register.
std::uint8_t Vgic::readable_state(Cpu& c, const VgicInterrupt& i) {
    if (corrected())
        return state_of(c, i);
    if (i.state == inactive && in_valid_lr(c, i)) {
        h_.observe(
            c, "vgic.state-unread",
            fmt::format("the guest read the pending or active state of interrupt {}, which is "
                        "in a list register: it reads 0",
                        i.id.value));
    }
    return i.state;
}

std::uint64_t Vgic::read_field(Cpu& c, Field f, VgicInterrupt& i) {
    switch (f) {
        case Field::set_enable:
        case Field::clear_enable:
            return i.enabled ? 1 : 0;
        case Field::set_pending:
        case Field::clear_pending:
            return (readable_state(c, i) & pending) != 0 ? 1 : 0;
        case Field::set_active:
        case Field::clear_active:
            return (readable_state(c, i) & active) != 0 ? 1 : 0;
        case Field::config:
            return i.cfg;
        case Field::priority:
            return i.prio;
        case Field::targets:
            return i.id.value < 32 ? 1u << c.vcpu->id : to_virtual(*c.vcpu->vm, i.targets);
    }
    return 0;
}

/// Bring the physical distributor into line for a passed-through interrupt.
void Vgic::update_hw(Cpu& c, Field f, VgicInterrupt& i) {
    Core& k = *c.core;
    const unsigned id = i.id.value;
    const std::uint64_t word = 4 * (id / 32);
    const std::uint32_t bit = 1u << id % 32;
    const auto modify = [&](std::uint64_t reg, unsigned shift, std::uint32_t mask,
                            std::uint32_t value) {
        // The word has other VMs' interrupts too: Bao holds the distributor's lock meanwhile, which
        // CPUs of other VMs take too.
        k.sync();
        while (distributor_locked_) {
            // Estimate: a load and a branch back.
            constexpr vms::Work look{.instructions = 4, .loads = 1};
            k.charge(look);
            k.sync();
        }
        distributor_locked_ = true;
        const std::uint32_t others = k.read32(c.gicd, reg) & ~(mask << shift);
        k.write32(c.gicd, reg, others | (value & mask) << shift);
        distributor_locked_ = false;
    };
    k.charge(h_.costs().hw_update);
    switch (f) {
        case Field::set_enable:
        case Field::clear_enable:
            k.write32(c.gicd, (i.enabled ? vgicd::isenabler : vgicd::icenabler) + word, bit);
            break;
        case Field::set_pending:
        case Field::clear_pending:
        case Field::set_active:
        case Field::clear_active: {
            // Pending alone becomes active in hardware: the guest gets it from the list register.
            const std::uint8_t s = i.state == pending ? std::uint8_t{active} : i.state;
            k.write32(c.gicd, ((s & active) != 0 ? vgicd::isactiver : vgicd::icactiver) + word,
                      bit);
            k.write32(c.gicd, ((s & pending) != 0 ? vgicd::ispendr : vgicd::icpendr) + word, bit);
            break;
        }
        case Field::config:
            modify(vgicd::icfgr + 4 * (id / 16), 2 * (id % 16), 0x3, i.cfg);
            break;
        case Field::priority:
            modify(vgicd::ipriorityr + (id & ~3u), 8 * (id & 3), 0xff, i.prio);
            break;
        case Field::targets:
            modify(vgicd::itargetsr + (id & ~3u), 8 * (id & 3), 0xff, i.targets);
            break;
    }
}

void Vgic::set_field(Cpu& c, Field f, VgicInterrupt& i, std::uint64_t data) {
    agree(c);
    if (get_ownership(*c.vcpu, i)) {
        remove_lr(c, i);
        if (update_field(c, f, i, data) && is_hw(i))
            update_hw(c, f, i);
        route(c, i);
        yield_ownership(c, i);
    } else {
        send(c, i.owner->phys, VgicEvent::set_register, i.id.value, static_cast<unsigned>(f), data);
    }
}

void Vgic::sgir(Cpu& c, std::uint32_t value, const Mark& from) {
    const Vm& vm = *c.vcpu->vm;
    const unsigned id = value & 0xf;
    const unsigned filter = value >> 24 & 3;
    std::uint64_t targets = 0;
    switch (filter) {
        case 0:
            targets = to_physical(vm, value >> 16 & 0xff);
            break;
        case 1:
            targets = vm.cpus & ~(std::uint64_t{1} << c.id.value);
            break;
        case 2:
            targets = std::uint64_t{1} << c.id.value;
            break;
        default:
            return;
    }
    const bool self = targets == std::uint64_t{1} << c.id.value;
    const PathCosts& k = h_.costs();
    c.core->charge(self ? k.sgir_self : k.sgir_other);
    const std::uint64_t data =
        static_cast<std::uint64_t>(vm.id) << 48 | static_cast<std::uint64_t>(id) << 16 | c.vcpu->id;
    bool first = true;
    for (unsigned p = 0; p < h_.config().cpu_num; ++p) {
        if ((targets >> p & 1) == 0)
            continue;
        if (!first)
            c.core->charge(k.send_message);
        first = false;
        h_.send_message(
            c, CpuId{static_cast<std::uint8_t>(p)},
            {MessageHandler::vgic, static_cast<std::uint32_t>(VgicEvent::inject), data, {}});
    }
    const Mark sent = h_.mark(c);
    c.core->charge(self ? k.sgir_self_exit : k.sgir_other_exit);
    h_.leg(c, self ? Leg::sgir_self_a : Leg::sgir_other_a, from, sent, {});
    h_.leg(c, self ? Leg::sgir_self_b : Leg::sgir_other_b, sent);
    h_.leg(c, self ? Leg::sgir_self : Leg::sgir_other, from);
}

bool Vgic::distributor_access(Cpu& c, DataAbort& abort, const Mark& from) {
    Vm& vm = *c.vcpu->vm;
    const PathCosts& k = h_.costs();
    const std::uint64_t offset = abort.ipa.value & 0xfff;
    const unsigned width = vms::bytes(abort.width);
    const bool aligned = (offset & (width - 1)) == 0;
    const bool word = width == 4 && aligned;
    const bool word_or_byte = word || width == 1;

    const auto done = [&](const PathCosts::Register& cost, Leg leg) {
        c.core->charge(cost.fixed);
        h_.leg(c, leg, from);
        return true;
    };
    const auto field = [&](Field f) {
        const FieldInfo& fi = info(f);
        if (!(fi.byte_access ? word_or_byte : word))
            return false;
        const unsigned first = static_cast<unsigned>((offset - fi.base) * 8 / fi.bits);
        const std::uint64_t mask = (std::uint64_t{1} << fi.bits) - 1;
        const PathCosts::Register& cost = k.*(abort.write ? fi.write : fi.read);
        c.core->charge(cost.fixed);
        std::uint64_t value = 0;
        for (unsigned n = 0; n < width * 8 / fi.bits; ++n) {
            VgicInterrupt* i = get(*c.vcpu, first + n);
            if (i == nullptr)
                break;
            c.core->charge(cost.each);
            if (abort.write)
                set_field(c, f, *i, abort.reg >> (n * fi.bits) & mask);
            else
                value |= (read_field(c, f, *i) & mask) << (n * fi.bits);
        }
        if (!abort.write)
            abort.reg = value;
        h_.leg(c, abort.write ? fi.write_leg : fi.read_leg, from);
        return true;
    };
    const auto zero = [&](bool allowed) {
        if (!allowed)
            return false;
        if (!abort.write)
            abort.reg = 0;
        return done(k.gicd_typer_read, abort.write ? Leg::gicd_other_wr : Leg::gicd_other_rd);
    };

    // Groups of 128 bytes, as Bao dispatches.
    constexpr std::uint64_t group = 0x80;
    switch (offset / group) {
        case vgicd::ctlr / group:
            if (!word)
                return false;
            switch (offset) {
                case vgicd::ctlr:
                    if (!abort.write) {
                        // Bao reports ARE_NS (bit 4) here on both GIC versions.
                        abort.reg = vm.vgicd.ctlr | 1u << 4;
                        return done(k.gicd_ctlr_read, Leg::gicd_ctlr_rd);
                    } else {
                        const std::uint32_t before = vm.vgicd.ctlr;
                        vm.vgicd.ctlr = abort.reg & 1;
                        if (before != vm.vgicd.ctlr) {
                            update_enable(c);
                            for (const auto& v : vm.vcpus)
                                if (v->phys != c.id)
                                    send(c, v->phys, VgicEvent::update_enable, 0, 0, 0);
                        }
                        return done(k.gicd_ctlr_write, Leg::gicd_ctlr_wr);
                    }
                case vgicd::typer:
                    if (!abort.write)
                        abort.reg = vm.vgicd.typer;
                    return done(k.gicd_typer_read,
                                abort.write ? Leg::gicd_other_wr : Leg::gicd_typer_rd);
                case vgicd::iidr:
                    if (!abort.write)
                        abort.reg = vm.vgicd.iidr;
                    return done(k.gicd_typer_read,
                                abort.write ? Leg::gicd_other_wr : Leg::gicd_other_rd);
                default:
                    return zero(true);
            }
        case vgicd::isenabler / group:
            return field(Field::set_enable);
        case vgicd::icenabler / group:
            return field(Field::clear_enable);
        case vgicd::ispendr / group:
            return field(Field::set_pending);
        case vgicd::icpendr / group:
            return field(Field::clear_pending);
        case vgicd::isactiver / group:
            return field(Field::set_active);
        case vgicd::icactiver / group:
            return field(Field::clear_active);
        case vgicd::icfgr / group:
            return field(Field::config);
        case vgicd::sgir / group:
            if (!word)
                return false;
            if (offset == vgicd::sgir && abort.write) {
                sgir(c, static_cast<std::uint32_t>(abort.reg), from);
                return true;
            }
            // CPENDSGIR and SPENDSGIR are not emulated: a load leaves the guest's register as it
            // was.
            return done(k.gicd_typer_read, abort.write ? Leg::gicd_other_wr : Leg::gicd_other_rd);
        default:
            if (offset >= vgicd::ipriorityr && offset < vgicd::itargetsr)
                return field(Field::priority);
            if (offset >= vgicd::itargetsr && offset < vgicd::icfgr)
                return field(Field::targets);
            if (offset >= vgicd::id_registers && word && !abort.write) {
                abort.reg = c.core->read32(c.gicd, offset);
                return done(k.gicd_typer_read, Leg::gicd_other_rd);
            }
            return zero(word);
    }
}

}  // namespace models::bao
