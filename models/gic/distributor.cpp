// The GIC-400's Distributor. Candidates are kept as bitmaps, a word of 32 interrupts and a CPU at a
// time, and the first candidate of each CPU is kept up to date with every change: a change that
// does not concern it costs a few operations on words.
#include "models/gic/distributor.h"

#include <bit>

namespace models::gic {

namespace {

constexpr std::uint32_t both_groups = 0x3;

/// The bitmap registers take 0x80 bytes each, and the others are aligned to that.
constexpr std::uint32_t block(std::uint32_t offset) {
    return offset >> 7;
}
constexpr std::uint32_t word_in_block(std::uint32_t offset) {
    return (offset & 0x7F) / 4;
}

/// Registers with a byte per interrupt (IHI 0048B 4.1.4).
constexpr bool byte_accessible(std::uint32_t offset) {
    return (offset >= gicd::ipriorityr && offset < gicd::ipriorityr + max_lines) ||
           (offset >= gicd::itargetsr && offset < gicd::itargetsr + max_lines) ||
           (offset >= gicd::cpendsgir && offset < gicd::spendsgir + sgis);
}

constexpr std::uint32_t bit(unsigned id) {
    return 1U << (id % 32);
}

/// Bit n of the low half goes to bit 2n + 1, as ICFGR has it, and back.
constexpr std::uint32_t spread(std::uint32_t half) {
    std::uint32_t v = 0;
    for (unsigned i = 0; i < 16; ++i)
        v |= (half >> i & 1U) << (2 * i + 1);
    return v;
}
constexpr std::uint32_t gather(std::uint32_t config) {
    std::uint32_t v = 0;
    for (unsigned i = 0; i < 16; ++i)
        v |= (config >> (2 * i + 1) & 1U) << i;
    return v;
}

}  // namespace

Distributor::Distributor(unsigned cpus, unsigned lines) : cpus_(cpus), lines_(lines) {
    for (Bank& b : private_) {
        b.edge = sgi_bits;
        b.enabled = sgi_bits;  // SGIs are always enabled on the GIC-400 (DDI 0471B table 3-2)
    }
    // With one CPU the targets are not programmable: all go there (IHI 0048B 4.3.12).
    if (cpus_ == 1) {
        for (unsigned n = 1; n < lines_ / 32; ++n)
            targeted_[0][n] = ~0U;
        targets_.fill(1);
    }
}

// --- candidates -------------------------------------------------------------------------------

void Distributor::update(unsigned cpu, unsigned n) {
    const Bank& b = bank(cpu, n);
    const auto& passing = passing_[cpu];
    std::uint32_t now = b.ready() & ((b.group & passing[1]) | (~b.group & passing[0]));
    if (n != 0)
        now &= targeted_[cpu][n];
    std::uint32_t& word = candidates_[cpu][n];
    const std::uint32_t before = word;
    if (now == before)
        return;
    word = now;
    if (now != 0)
        nonempty_[cpu] |= 1U << n;
    else
        nonempty_[cpu] &= ~(1U << n);

    Candidate& first = first_[cpu];
    if (first && first.id / 32U == n && (before & ~now & bit(first.id)) != 0) {
        rescan(cpu);
        return;
    }
    for (std::uint32_t added = now & ~before; added != 0; added &= added - 1) {
        const unsigned id = n * 32 + static_cast<unsigned>(std::countr_zero(added));
        const std::uint16_t p = priority_of(cpu, id);
        if (p < first.priority || (p == first.priority && id < first.id)) {
            first = {static_cast<std::uint16_t>(id), p,
                     static_cast<std::uint8_t>(b.group >> (id % 32) & 1U)};
            changed_ |= 1U << cpu;
        }
    }
}

void Distributor::update_all(unsigned cpu, unsigned n) {
    if (n == 0) {
        update(cpu, 0);
        return;
    }
    for (unsigned c = 0; c < cpus_; ++c)
        update(c, n);
}

void Distributor::rescan(unsigned cpu) {
    Candidate best;
    for (std::uint32_t left = nonempty_[cpu]; left != 0; left &= left - 1) {
        const auto n = static_cast<unsigned>(std::countr_zero(left));
        for (std::uint32_t ids = candidates_[cpu][n]; ids != 0; ids &= ids - 1) {
            const unsigned id = n * 32 + static_cast<unsigned>(std::countr_zero(ids));
            const std::uint16_t p = priority_of(cpu, id);
            if (p < best.priority)
                best = {static_cast<std::uint16_t>(id), p,
                        static_cast<std::uint8_t>(bank(cpu, n).group >> (id % 32) & 1U)};
        }
    }
    if (best == first_[cpu])
        return;
    first_[cpu] = best;
    changed_ |= 1U << cpu;
}

void Distributor::update_groups(unsigned cpu) {
    const std::uint32_t groups = ctlr_ & interface_groups_[cpu];
    passing_[cpu] = {(groups & 1U) != 0 ? ~0U : 0U, (groups & 2U) != 0 ? ~0U : 0U};
    for (unsigned n = 0; n < lines_ / 32; ++n)
        update(cpu, n);
}

void Distributor::set_interface_groups(unsigned cpu, std::uint32_t groups) {
    if (groups == interface_groups_[cpu])
        return;
    interface_groups_[cpu] = groups;
    update_groups(cpu);
}

// --- interrupts -------------------------------------------------------------------------------

void Distributor::set_shared(unsigned id, bool level) {
    const unsigned n = id / 32;
    Bank& b = shared_[n];
    if (((b.level & bit(id)) != 0) == level)
        return;
    b.level ^= bit(id);
    if (level)
        b.latch |= b.edge & bit(id);
    update_all(0, n);
}

void Distributor::set_private(unsigned cpu, unsigned id, bool level) {
    Bank& b = private_[cpu];
    if (((b.level & bit(id)) != 0) == level)
        return;
    b.level ^= bit(id);
    update(cpu, 0);
}

std::uint32_t Distributor::acknowledge(unsigned cpu, unsigned id) {
    const unsigned n = id / 32;
    Bank& b = bank(cpu, n);
    std::uint32_t source = 0;
    b.active |= bit(id);
    if (id < sgis) {
        // One source at a time; the others keep it pending.
        std::uint8_t& sources = sources_[cpu][id];
        source = static_cast<std::uint32_t>(std::countr_zero(sources));
        sources = static_cast<std::uint8_t>(sources & (sources - 1U));
        if (sources == 0)
            b.latch &= ~bit(id);
    } else {
        b.latch &= ~bit(id);
    }
    update_all(cpu, n);
    return source;
}

void Distributor::deactivate(unsigned cpu, unsigned id) {
    if (id >= lines_)
        return;
    const unsigned n = id / 32;
    Bank& b = bank(cpu, n);
    if ((b.active & bit(id)) == 0)
        return;
    b.active &= ~bit(id);
    update_all(cpu, n);
}

void Distributor::set_sgi_sources(unsigned cpu, unsigned id, std::uint8_t sources) {
    sources_[cpu][id] = sources;
    if (sources != 0)
        private_[cpu].latch |= bit(id);
    else
        private_[cpu].latch &= ~bit(id);
    update(cpu, 0);
}

void Distributor::generate_sgi(unsigned cpu, std::uint32_t value) {
    const std::uint32_t all = (1U << cpus_) - 1;
    const std::uint32_t self = 1U << cpu;
    const unsigned id = value & 0xFU;
    std::uint32_t targets = 0;
    switch (value >> 24 & 3U) {  // TargetListFilter; 3 is reserved and reaches nobody
        case 0:
            targets = value >> 16 & all;
            break;
        case 1:
            targets = all & ~self;
            break;
        case 2:
            targets = self;
            break;
        default:
            break;
    }
    for (; targets != 0; targets &= targets - 1) {
        const auto target = static_cast<unsigned>(std::countr_zero(targets));
        set_sgi_sources(target, id, static_cast<std::uint8_t>(sources_[target][id] | self));
    }
}

bool Distributor::pending(unsigned cpu, unsigned id) const {
    return (bank(cpu, id / 32).pending() & bit(id)) != 0;
}
bool Distributor::active(unsigned cpu, unsigned id) const {
    return (bank(cpu, id / 32).active & bit(id)) != 0;
}
bool Distributor::enabled(unsigned cpu, unsigned id) const {
    return (bank(cpu, id / 32).enabled & bit(id)) != 0;
}
bool Distributor::group1(unsigned cpu, unsigned id) const {
    return (bank(cpu, id / 32).group & bit(id)) != 0;
}
std::uint32_t Distributor::priority(unsigned cpu, unsigned id) const {
    return id < private_ids ? private_priority_[cpu][id] : shared_priority_[id];
}
std::uint32_t Distributor::source(unsigned cpu, unsigned id) const {
    return id < sgis ? static_cast<std::uint32_t>(std::countr_zero(sources_[cpu][id])) : 0;
}

// --- registers --------------------------------------------------------------------------------

void Distributor::access(Access& a) {
    const std::uint64_t offset = a.offset;
    const unsigned n = vms::bytes(a.width);
    const unsigned cpu = a.cpu.value;
    const bool word = a.width == vms::Width::word && (offset & 3U) == 0;
    if (!(word || (a.width == vms::Width::byte && offset < gicd::size &&
                   byte_accessible(static_cast<std::uint32_t>(offset))))) {
        a.error = true;
        if (!a.write)
            a.value = 0;
        return;
    }
    if (a.write) {
        if (offset < gicd::size)
            write(cpu, static_cast<std::uint32_t>(offset), n, static_cast<std::uint32_t>(a.value));
    } else {
        a.value = offset < gicd::size ? read(cpu, static_cast<std::uint32_t>(offset), n) : 0;
    }
}

std::uint32_t Distributor::read(unsigned cpu, std::uint32_t offset, unsigned bytes) const {
    const unsigned n = word_in_block(offset);
    switch (block(offset)) {
        case block(gicd::ctlr):
            switch (offset) {
                case gicd::ctlr:
                    return ctlr_;
                case gicd::typer:
                    return (lines_ / 32 - 1) | (cpus_ - 1) << 5;
                case gicd::iidr:
                    return gicd::iidr_value;
                default:
                    return 0;
            }
        case block(gicd::igroupr):
            return n < words ? bank(cpu, n).group : 0;
        case block(gicd::isenabler):
        case block(gicd::icenabler):
            return n < words ? bank(cpu, n).enabled : 0;
        case block(gicd::ispendr):
        case block(gicd::icpendr):
            return n < words ? bank(cpu, n).pending() : 0;
        case block(gicd::isactiver):
        case block(gicd::icactiver):
            return n < words ? bank(cpu, n).active : 0;
        case block(gicd::icfgr): {
            if (n == 0)
                return gicd::icfgr_sgi;
            if (n == 1)
                return gicd::icfgr_ppi;
            if (n * 16 >= lines_)
                return 0;
            return gicd::icfgr_spi | spread(shared_[n / 2].edge >> (n % 2 * 16));
        }
        case block(gicd::ppisr):
            if (offset == gicd::ppisr)
                return private_[cpu].level >> 16;
            return n < words ? shared_[n].level : 0;
        case block(gicd::pidr4):
            if (offset >= gicd::pidr4)
                return gicd::identification[(offset - gicd::pidr4) / 4];
            return 0;
        default:
            break;
    }
    if (!byte_accessible(offset))
        return 0;
    std::uint32_t value = 0;
    for (unsigned i = 0; i < bytes; ++i)
        value |= std::uint32_t{read_byte(cpu, offset + i)} << (8 * i);
    return value;
}

std::uint8_t Distributor::read_byte(unsigned cpu, std::uint32_t offset) const {
    if (offset >= gicd::cpendsgir)
        return sources_[cpu][offset % sgis];
    const unsigned id = offset % max_lines;
    if (offset < gicd::itargetsr)
        return static_cast<std::uint8_t>(priority(cpu, id));
    if (cpus_ == 1 || !implemented(id))
        return 0;
    return id < private_ids ? static_cast<std::uint8_t>(1U << cpu) : targets_[id];
}

void Distributor::write(unsigned cpu, std::uint32_t offset, unsigned bytes, std::uint32_t value) {
    const unsigned n = word_in_block(offset);
    const std::uint32_t bits = n < words ? value & implemented_bits(n) : 0;
    switch (block(offset)) {
        case block(gicd::ctlr):
            if (offset == gicd::ctlr && (value & both_groups) != ctlr_) {
                ctlr_ = value & both_groups;
                for (unsigned c = 0; c < cpus_; ++c)
                    update_groups(c);
            }
            return;
        case block(gicd::igroupr):
            if (n < words) {
                bank(cpu, n).group = bits;
                update_all(cpu, n);
                // The first candidate remembers its group.
                for (unsigned c = 0; c < cpus_; ++c)
                    rescan(c);
            }
            return;
        case block(gicd::isenabler):
            if (bits != 0) {
                bank(cpu, n).enabled |= bits;
                update_all(cpu, n);
            }
            return;
        case block(gicd::icenabler):
            if (bits != 0) {
                bank(cpu, n).enabled &= ~(n == 0 ? bits & ~sgi_bits : bits);
                update_all(cpu, n);
            }
            return;
        case block(gicd::ispendr):
            if (bits != 0) {
                bank(cpu, n).latch |= n == 0 ? bits & ~sgi_bits : bits;
                update_all(cpu, n);
            }
            return;
        case block(gicd::icpendr):
            if (bits != 0) {
                bank(cpu, n).latch &= ~(n == 0 ? bits & ~sgi_bits : bits);
                update_all(cpu, n);
            }
            return;
        case block(gicd::isactiver):
            if (bits != 0) {
                bank(cpu, n).active |= bits;
                update_all(cpu, n);
            }
            return;
        case block(gicd::icactiver):
            if (bits != 0 && (bank(cpu, n).active & bits) != 0) {
                bank(cpu, n).active &= ~bits;
                update_all(cpu, n);
            }
            return;
        case block(gicd::icfgr):
            write_config(n, value);
            return;
        default:
            break;
    }
    if (offset == gicd::sgir) {
        generate_sgi(cpu, value);
        return;
    }
    if (!byte_accessible(offset))
        return;
    for (unsigned i = 0; i < bytes; ++i)
        write_byte(cpu, offset + i, static_cast<std::uint8_t>(value >> (8 * i)));
}

void Distributor::write_byte(unsigned cpu, std::uint32_t offset, std::uint8_t value) {
    const std::uint32_t all = (1U << cpus_) - 1;
    if (offset >= gicd::cpendsgir) {
        const unsigned id = offset % sgis;
        const std::uint32_t named = value & all;
        const std::uint32_t before = sources_[cpu][id];
        const std::uint32_t now = offset < gicd::spendsgir ? before & ~named : before | named;
        if (now != before)
            set_sgi_sources(cpu, id, static_cast<std::uint8_t>(now));
        return;
    }
    const unsigned id = offset % max_lines;
    if (!implemented(id))
        return;
    const unsigned n = id / 32;
    if (offset < gicd::itargetsr) {
        priority_of(cpu, id) = static_cast<std::uint8_t>(value & priority_bits);
        for (unsigned c = 0; c < cpus_; ++c)
            if ((candidates_[c][n] & bit(id)) != 0)
                rescan(c);
        return;
    }
    if (cpus_ == 1 || id < private_ids)
        return;
    targets_[id] = static_cast<std::uint8_t>(value & all);
    for (unsigned c = 0; c < cpus_; ++c) {
        if ((value >> c & 1U) != 0)
            targeted_[c][n] |= bit(id);
        else
            targeted_[c][n] &= ~bit(id);
        update(c, n);
    }
}

void Distributor::write_config(unsigned n, std::uint32_t value) {
    // SGIs and PPIs have a fixed configuration; of the SPIs only the odd bits can be written.
    if (n < 2 || n * 16 >= lines_)
        return;
    const unsigned shift = n % 2 * 16;
    Bank& b = shared_[n / 2];
    b.edge = (b.edge & ~(0xFFFFU << shift)) | gather(value) << shift;
    update_all(0, n / 2);
}

}  // namespace models::gic
