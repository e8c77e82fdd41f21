// The GIC-400 against a second, slow description of the same rules, over random operations: after
// each one every pending and active state, list register, output level and running priority must
// agree, so that no interrupt is lost or doubled. IHI 0048B chapters 3 to 5.
//
// The reference keeps a record per interrupt and searches it anew for every question; it shares no
// code with the model, not even the arithmetic of priorities (a stack instead of a bitmap).
#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/models/gic/gic400_bench_board.h"
#include "tests/support/random_steps.h"
#include "tests/support/validation.h"

namespace gic_test {
namespace {

struct RefInterrupt {
    bool line = false;
    bool latched = false;
    bool edge = false;
    bool enabled = false;
    bool active = false;
    int group = 0;
    int priority = 0;
    std::set<unsigned> targets;
    std::set<unsigned> sources;  // of an SGI

    bool pending() const { return !sources.empty() || latched || (line && !edge); }
};

struct RefInterface {
    bool group_enabled[2] = {false, false};
    bool ack_both = false;
    bool fiq = false;
    bool common = false;
    bool split = false;
    int mask = 0;
    int bpr = 2;
    int abpr = 3;
    std::vector<int> running;  // group priorities, the innermost last

    void control(std::uint32_t v) {
        group_enabled[0] = (v & 1) != 0;
        group_enabled[1] = (v & 2) != 0;
        ack_both = (v & 4) != 0;
        fiq = (v & 8) != 0;
        common = (v & 16) != 0;
        split = (v & 0x200) != 0;
    }
    int group_priority(int priority, int group) const {
        // How many of the low bits are sub-priority (IHI 0048B tables 3-2, 3-3).
        const int sub = group == 1 && !common ? abpr : bpr + 1;
        return priority / (1 << sub) * (1 << sub) % 256;
    }
    int current() const { return running.empty() ? 256 : running.back(); }
    bool passes(int priority, int group) const {
        return priority < mask && group_priority(priority, group) < current();
    }
};

struct RefLr {
    int id = 0;
    int priority = 0;
    int group = 0;
    bool pending = false;
    bool active = false;
    bool hw = false;
    bool eoi = false;
    unsigned link = 0;  // physical id or source CPU

    bool has_source() const { return !hw && id < 16; }
    unsigned shown() const {
        return static_cast<unsigned>(id) | (has_source() ? (link & 7U) << 10 : 0);
    }
};

class Reference {
  public:
    Reference(unsigned cpus, unsigned lines, unsigned lrs)
        : cpus_(cpus),
          lines_(lines),
          ifaces(cpus),
          virt(cpus),
          lrs_(cpus, std::vector<RefLr>(lrs)),
          hcr(cpus, 0) {
        for (unsigned c = 0; c < cpus; ++c)
            for (unsigned i = 0; i < 32; ++i)
                if (i < 16 || i >= 25) {
                    RefInterrupt& r = all_[{c, i}];
                    r.edge = i < 16;
                    r.enabled = i < 16;
                    r.targets = {c};
                }
        for (unsigned i = 32; i < lines; ++i)
            retarget(i, 0);
    }

    RefInterrupt* find(unsigned c, unsigned id) {
        const auto it = all_.find({id < 32 ? c : shared, id});
        return it == all_.end() ? nullptr : &it->second;
    }

    void line(unsigned c, unsigned id, bool level) {
        RefInterrupt& r = *find(c, id);
        if (level && !r.line && r.edge)
            r.latched = true;
        r.line = level;
    }

    /// With one CPU every SPI goes there, whatever is written (IHI 0048B 4.3.12).
    void retarget(unsigned id, std::uint32_t mask) {
        std::set<unsigned>& targets = all_[{shared, id}].targets;
        targets.clear();
        for (unsigned t = 0; t < cpus_; ++t)
            if (cpus_ == 1 || (mask >> t & 1) != 0)
                targets.insert(t);
    }

    std::optional<unsigned> best(unsigned c) {
        std::optional<unsigned> found;
        for (unsigned id = 0; id < lines_; ++id) {
            RefInterrupt* r = find(c, id);
            if (r == nullptr || !r->pending() || !r->enabled || r->active ||
                !r->targets.contains(c) || !group_forwarded[r->group] ||
                !ifaces[c].group_enabled[r->group])
                continue;
            if (!found || r->priority < find(c, *found)->priority)
                found = id;
        }
        return found;
    }

    bool irq(unsigned c) {
        const auto id = best(c);
        if (!id)
            return false;
        const RefInterrupt& r = *find(c, *id);
        return ifaces[c].passes(r.priority, r.group) && !(r.group == 0 && ifaces[c].fiq);
    }

    unsigned shown(unsigned c, unsigned id) {
        const RefInterrupt& r = *find(c, id);
        return r.sources.empty() ? id : id | *r.sources.begin() << 10;
    }

    unsigned acknowledge(unsigned c, bool alias) {
        const auto id = best(c);
        if (!id)
            return 1023;
        RefInterrupt& r = *find(c, *id);
        RefInterface& f = ifaces[c];
        if (!f.passes(r.priority, r.group))
            return 1023;
        if (const auto other = hidden(r.group, f, alias))
            return *other;
        const unsigned value = shown(c, *id);
        f.running.push_back(f.group_priority(r.priority, r.group));
        r.active = true;
        r.latched = false;
        if (!r.sources.empty())
            r.sources.erase(r.sources.begin());
        ++acknowledged;
        return value;
    }

    unsigned highest(unsigned c, bool alias) {
        const auto id = best(c);
        if (!id)
            return 1023;
        const auto other = hidden(find(c, *id)->group, ifaces[c], alias);
        return other ? *other : shown(c, *id);
    }

    void end(unsigned c, unsigned value, bool alias) {
        RefInterrupt* r = find(c, value & 1023);
        if (r == nullptr || (alias && r->group == 0) || ifaces[c].running.empty())
            return;
        ifaces[c].running.pop_back();
        if (!ifaces[c].split)
            r->active = false;
    }

    void deactivate(unsigned c, unsigned id) {
        if (RefInterrupt* r = find(c, id))
            r->active = false;
    }

    // --- virtual ---
    RefLr* vbest(unsigned c) {
        RefLr* found = nullptr;
        for (RefLr& l : lrs_[c])
            if (l.pending && !l.active && virt[c].group_enabled[l.group] &&
                (found == nullptr || l.priority < found->priority))
                found = &l;
        return found;
    }
    bool virq(unsigned c) {
        const RefLr* l = vbest(c);
        return (hcr[c] & 1) != 0 && l != nullptr && virt[c].passes(l->priority, l->group) &&
               !(l->group == 0 && virt[c].fiq);
    }
    unsigned vacknowledge(unsigned c, bool alias) {
        RefLr* l = vbest(c);
        if ((hcr[c] & 1) == 0 || l == nullptr || !virt[c].passes(l->priority, l->group))
            return 1023;
        if (const auto other = hidden(l->group, virt[c], alias))
            return *other;
        virt[c].running.push_back(virt[c].group_priority(l->priority, l->group));
        l->pending = false;
        l->active = true;
        return l->shown();
    }
    unsigned vhighest(unsigned c, bool alias) {
        const RefLr* l = vbest(c);
        if (l == nullptr)
            return 1023;
        const auto other = hidden(l->group, virt[c], alias);
        return other ? *other : l->shown();
    }
    RefLr* vactive(unsigned c, unsigned value) {
        for (RefLr& l : lrs_[c])
            if (l.active && l.id == static_cast<int>(value & 1023) &&
                (!l.has_source() || (value >> 10 & 7) == (l.link & 7U)))
                return &l;
        return nullptr;
    }
    void vfinish(unsigned c, unsigned value) {
        RefLr* l = vactive(c, value);
        if (l == nullptr) {
            const std::uint32_t count = (hcr[c] >> 27) + 1;
            hcr[c] = (hcr[c] & 0xFF) | (count % 32) << 27;
            return;
        }
        l->active = false;
        if (l->hw)
            deactivate(c, l->link);
    }
    void vend(unsigned c, unsigned value, bool alias) {
        if ((value & 1023) >= 1020)
            return;
        const RefLr* l = vactive(c, value);
        if ((alias && l != nullptr && l->group == 0) || virt[c].running.empty())
            return;
        virt[c].running.pop_back();
        if (!virt[c].split)
            vfinish(c, value);
    }
    void vdir(unsigned c, unsigned value) {
        if (virt[c].split && (value & 1023) < 1020)
            vfinish(c, value);
    }
    std::uint32_t eisr(unsigned c) {
        std::uint32_t v = 0;
        for (std::size_t n = 0; n < lrs_[c].size(); ++n) {
            const RefLr& l = lrs_[c][n];
            if (!l.pending && !l.active && !l.hw && l.eoi)
                v |= 1U << n;
        }
        return v;
    }
    std::uint32_t elrsr(unsigned c) {
        std::uint32_t v = 0;
        for (std::size_t n = 0; n < lrs_[c].size(); ++n) {
            const RefLr& l = lrs_[c][n];
            if (!l.pending && !l.active && (l.hw || !l.eoi))
                v |= 1U << n;
        }
        return v;
    }
    std::uint32_t misr(unsigned c) {
        const auto& ls = lrs_[c];
        const auto valid = std::count_if(ls.begin(), ls.end(),
                                         [](const RefLr& l) { return l.pending || l.active; });
        const bool none_pending = std::none_of(
            ls.begin(), ls.end(), [](const RefLr& l) { return l.pending && !l.active; });
        const std::uint32_t h = hcr[c];
        std::uint32_t v = eisr(c) != 0 ? 1 : 0;
        v |= (h & 2) != 0 && valid <= 1 ? 2U : 0U;
        v |= (h & 4) != 0 && h >> 27 != 0 ? 4U : 0U;
        v |= (h & 8) != 0 && none_pending ? 8U : 0U;
        v |= (h & 16) != 0 && virt[c].group_enabled[0] ? 16U : 0U;
        v |= (h & 32) != 0 && !virt[c].group_enabled[0] ? 32U : 0U;
        v |= (h & 64) != 0 && virt[c].group_enabled[1] ? 64U : 0U;
        v |= (h & 128) != 0 && !virt[c].group_enabled[1] ? 128U : 0U;
        return v;
    }
    /// The maintenance interrupt's line; to be called after everything that may change it.
    void maintenance(unsigned c) { find(c, 25)->line = (hcr[c] & 1) != 0 && misr(c) != 0; }

    std::vector<RefLr>& lrs(unsigned c) { return lrs_[c]; }

    bool group_forwarded[2] = {false, false};
    unsigned acknowledged = 0;

  private:
    static constexpr unsigned shared = 1000;

    static std::optional<unsigned> hidden(int group, const RefInterface& f, bool alias) {
        if (alias)
            return group == 1 ? std::nullopt : std::optional<unsigned>(1023);
        return group == 1 && !f.ack_both ? std::optional<unsigned>(1022) : std::nullopt;
    }

    unsigned cpus_;
    unsigned lines_;
    std::map<std::pair<unsigned, unsigned>, RefInterrupt> all_;

  public:
    std::vector<RefInterface> ifaces;
    std::vector<RefInterface> virt;

  private:
    std::vector<std::vector<RefLr>> lrs_;

  public:
    std::vector<std::uint32_t> hcr;
};

class Walk {
  public:
    Walk(std::uint32_t seed, unsigned cpus, unsigned lrs)
        : random_(seed),
          cpus_(cpus),
          lr_count_(lrs),
          board_({.cpus = cpus, .lines = lines, .list_registers = lrs}),
          reference_(cpus, lines, lrs) {
        // Something goes on from the start; the operations change all of it again.
        operation_ = "start";
        board_.wd(0, gicd::ctlr, 3);
        reference_.group_forwarded[0] = reference_.group_forwarded[1] = true;
        for (unsigned c = 0; c < cpus_; ++c) {
            board_.wc(c, gicc::ctlr, 7);
            board_.wc(c, gicc::pmr, 0xFF);
            board_.wv(c, gicc::ctlr, 7);
            board_.wv(c, gicc::pmr, 0xFF);
            board_.wh(c, gich::hcr, 1);
            reference_.ifaces[c].control(7);
            reference_.ifaces[c].mask = 0xF8;
            reference_.virt[c].control(7);
            reference_.virt[c].mask = 0xF8;
            reference_.hcr[c] = 1;
        }
        compare();
    }

    void run(unsigned operations) {
        for (unsigned i = 0; i < operations && !::testing::Test::HasFailure(); ++i) {
            step();
            operation_ += " (operation " + std::to_string(i) + ")";
            compare();
        }
    }

    /// Lets everything that is pending be taken and ended; afterwards nothing may be left.
    void drain() {
        operation_ = "drain";
        board_.wd(0, gicd::ctlr, 3);
        reference_.group_forwarded[0] = reference_.group_forwarded[1] = true;
        for (unsigned id = 16; id < lines; ++id)
            for (unsigned c = 0; c < cpus_; ++c) {
                if (id >= 32 && c > 0)
                    continue;
                if (reference_.find(c, id) == nullptr || id == 25)
                    continue;
                set_line(c, id, false);
            }
        for (unsigned c = 0; c < cpus_; ++c) {
            board_.wc(c, gicc::ctlr, 7);
            reference_.ifaces[c].control(7);
            board_.wc(c, gicc::pmr, 0xFF);
            reference_.ifaces[c].mask = 0xF8;
            board_.wh(c, gich::hcr, 0);
            reference_.hcr[c] = 0;
            reference_.maintenance(c);
            board_.wc(c, gicc::apr0, 0);
            reference_.ifaces[c].running.clear();
            for (unsigned n = 0; n < lines / 32; ++n) {
                board_.wd(c, gicd::icactiver + 4 * n, 0xFFFF'FFFF);
                board_.wd(c, gicd::isenabler + 4 * n, 0xFFFF'FFFF);
                for (unsigned id = 32 * n; id < 32 * n + 32; ++id)
                    if (RefInterrupt* r = reference_.find(c, id)) {
                        r->active = false;
                        r->enabled = true;
                        r->priority = std::min(r->priority, 0xF0);
                        board_.write(board_.gic.distributor(), c, gicd::ipriorityr + id,
                                     static_cast<unsigned>(r->priority), Width::byte);
                    }
            }
        }
        for (unsigned id = 32; id < lines; ++id) {
            board_.write(board_.gic.distributor(), 0, gicd::itargetsr + id, 1, Width::byte);
            reference_.retarget(id, 1);
        }
        compare();
        for (unsigned c = 0; c < cpus_; ++c) {
            while (true) {
                const unsigned expected = reference_.acknowledge(c, false);
                const unsigned got = board_.rc(c, gicc::iar);
                ASSERT_EQ(got, expected);
                if (got == 1023)
                    break;
                board_.wc(c, gicc::eoir, got);
                reference_.end(c, got, false);
                compare();
                if (::testing::Test::HasFailure())
                    return;
            }
            for (unsigned id = 0; id < lines; ++id)
                EXPECT_FALSE(board_.pending(c, id) || board_.active(c, id)) << id;
        }
    }

    unsigned acknowledged() const { return reference_.acknowledged; }

  private:
    static constexpr unsigned lines = 64;

    std::uint32_t pick(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
    bool chance(std::uint32_t in) { return pick(in) == 0; }

    /// Some interrupt: few of them, so that they meet.
    unsigned some_id() {
        static constexpr std::array<unsigned, 14> ids{0,  1,  2,  15, 25, 26, 27,
                                                      31, 32, 33, 40, 47, 62, 63};
        return ids[pick(ids.size())];
    }
    std::uint32_t some_priority() { return pick(32) * 8; }

    void set_line(unsigned c, unsigned id, bool level) {
        if (id < 32)
            board_.ppi(c, id, level);
        else
            board_.spi(id, level);
        reference_.line(c, id, level);
    }

    template <typename Change>
    void bits(unsigned c, std::uint32_t offset, Change change) {
        const unsigned n = pick(2);
        std::uint32_t mask = 0;
        for (unsigned i = 0; i < 3; ++i) {
            const unsigned id = some_id();
            if (id / 32 == n)
                mask |= 1U << id % 32;
        }
        board_.wd(c, offset + 4 * n, mask);
        for (unsigned i = 0; i < 32; ++i)
            if ((mask >> i & 1) != 0)
                if (RefInterrupt* r = reference_.find(c, 32 * n + i))
                    change(*r, 32 * n + i);
    }

    void step() {
        const unsigned c = pick(cpus_);
        switch (pick(30)) {
            case 0:
            case 1: {
                const unsigned id = some_id();
                operation_ = "line " + std::to_string(id);
                if (id < 26)
                    return;
                set_line(c, id, chance(2));
                return;
            }
            case 2:
            case 3: {
                const std::uint32_t filter = pick(4);
                const std::uint32_t list = pick(256);
                const unsigned id = some_id() % 16;
                operation_ = "SGIR " + std::to_string(id);
                board_.wd(c, gicd::sgir, filter << 24 | list << 16 | id);
                for (unsigned t = 0; t < cpus_; ++t)
                    if ((filter == 0 && (list >> t & 1) != 0) || (filter == 1 && t != c) ||
                        (filter == 2 && t == c))
                        reference_.find(t, id)->sources.insert(c);
                return;
            }
            case 4:
                operation_ = "ISENABLER";
                bits(c, gicd::isenabler, [](RefInterrupt& r, unsigned) { r.enabled = true; });
                return;
            case 5:
                operation_ = "ICENABLER";
                if (!chance(3))
                    return;
                bits(c, gicd::icenabler, [](RefInterrupt& r, unsigned id) { r.enabled = id < 16; });
                return;
            case 6:
                operation_ = "ISPENDR";
                bits(c, gicd::ispendr, [](RefInterrupt& r, unsigned id) { r.latched |= id >= 16; });
                return;
            case 7:
                operation_ = "ICPENDR";
                bits(c, gicd::icpendr, [](RefInterrupt& r, unsigned) { r.latched = false; });
                return;
            case 8:
                operation_ = "ISACTIVER";
                if (chance(4))
                    bits(c, gicd::isactiver, [](RefInterrupt& r, unsigned) { r.active = true; });
                return;
            case 9:
                operation_ = "ICACTIVER";
                bits(c, gicd::icactiver, [](RefInterrupt& r, unsigned) { r.active = false; });
                return;
            case 10: {
                operation_ = "IPRIORITYR";
                const unsigned id = some_id();
                const std::uint32_t value = pick(256);
                board_.write(board_.gic.distributor(), c, gicd::ipriorityr + id, value,
                             Width::byte);
                if (RefInterrupt* r = reference_.find(c, id))
                    r->priority = static_cast<int>(value / 8 * 8);
                return;
            }
            case 11: {
                operation_ = "ITARGETSR";
                const unsigned id = some_id();
                const std::uint32_t value = pick(16);
                board_.write(board_.gic.distributor(), c, gicd::itargetsr + id, value, Width::byte);
                if (id >= 32)
                    reference_.retarget(id, value);
                return;
            }
            case 12: {
                operation_ = "ICFGR";
                const unsigned n = pick(4);
                const std::uint32_t value = static_cast<std::uint32_t>(random_());
                board_.wd(c, gicd::icfgr + 4 * n, value);
                for (unsigned i = 0; i < 16 && n >= 2; ++i)
                    reference_.find(c, 16 * n + i)->edge = (value >> (2 * i + 1) & 1) != 0;
                return;
            }
            case 13: {
                operation_ = "IGROUPR";
                const unsigned n = pick(2);
                const std::uint32_t value = static_cast<std::uint32_t>(random_());
                board_.wd(c, gicd::igroupr + 4 * n, value);
                for (unsigned i = 0; i < 32; ++i)
                    if (RefInterrupt* r = reference_.find(c, 32 * n + i))
                        r->group = static_cast<int>(value >> i & 1);
                return;
            }
            case 14: {
                operation_ = "C/SPENDSGIR";
                const unsigned id = some_id() % 16;
                const bool set = chance(2);
                const std::uint32_t value = pick(256);
                board_.write(board_.gic.distributor(), c,
                             (set ? gicd::spendsgir : gicd::cpendsgir) + id, value, Width::byte);
                for (unsigned t = 0; t < cpus_; ++t)
                    if ((value >> t & 1) != 0) {
                        if (set)
                            reference_.find(c, id)->sources.insert(t);
                        else
                            reference_.find(c, id)->sources.erase(t);
                    }
                return;
            }
            case 15: {
                operation_ = "GICD_CTLR";
                const std::uint32_t value = chance(4) ? pick(4) : 3;
                board_.wd(c, gicd::ctlr, value);
                reference_.group_forwarded[0] = (value & 1) != 0;
                reference_.group_forwarded[1] = (value & 2) != 0;
                return;
            }
            case 16: {
                operation_ = "GICC_CTLR";
                const std::uint32_t value = chance(2) ? pick(0x400) : 7 | pick(2) << 9;
                board_.wc(c, gicc::ctlr, value);
                reference_.ifaces[c].control(value);
                return;
            }
            case 17: {
                operation_ = "GICC_PMR, BPR, ABPR";
                const std::uint32_t mask = chance(2) ? 0xFF : pick(256);
                const std::uint32_t bpr = pick(8);
                const std::uint32_t abpr = pick(8);
                board_.wc(c, gicc::pmr, mask);
                board_.wc(c, gicc::bpr, bpr);
                board_.wc(c, gicc::abpr, abpr);
                set_priorities(reference_.ifaces[c], mask, bpr, abpr);
                return;
            }
            case 18:
            case 19:
            case 20: {
                const bool alias = chance(4);
                operation_ = alias ? "GICC_AIAR" : "GICC_IAR";
                const unsigned got = board_.rc(c, alias ? gicc::aiar : gicc::iar);
                EXPECT_EQ(got, reference_.acknowledge(c, alias)) << operation_;
                if (got < 1020 || got >= 1024)
                    taken_[c].push_back(got);
                return;
            }
            case 21:
            case 22: {
                const bool alias = chance(4);
                const unsigned value = end_value(taken_[c]);
                operation_ = "GICC_EOIR " + std::to_string(value & 1023);
                board_.wc(c, alias ? gicc::aeoir : gicc::eoir, value);
                reference_.end(c, value, alias);
                return;
            }
            case 23: {
                const unsigned value = some_id();
                operation_ = "GICC_DIR " + std::to_string(value);
                board_.wc(c, gicc::dir, value);
                if (reference_.ifaces[c].split)
                    reference_.deactivate(c, value);
                return;
            }
            case 24: {
                operation_ = "LR";
                const unsigned n = pick(lr_count_);
                RefLr l;
                l.id = static_cast<int>(some_id());
                l.priority = static_cast<int>(some_priority());
                l.group = static_cast<int>(pick(2));
                l.pending = !chance(4);
                l.active = chance(4);
                l.hw = chance(3);
                l.eoi = !l.hw && chance(2);
                l.link = l.hw ? some_id() : pick(8);
                reference_.lrs(c)[n] = l;
                board_.wh(c, lr_offset(n), lr_value(l));
                return;
            }
            case 25: {
                operation_ = "HCR";
                const std::uint32_t value = chance(2) ? 1 | pick(32) << 27 : pick(256);
                board_.wh(c, gich::hcr, value);
                reference_.hcr[c] = value;
                return;
            }
            case 26: {
                operation_ = "VMCR";
                const std::uint32_t mask = chance(2) ? 0xF8 : some_priority();
                const std::uint32_t ctlr = chance(2) ? 7U : pick(0x20) | pick(2) << 9;
                const std::uint32_t bpr = pick(8);
                const std::uint32_t abpr = pick(8);
                board_.wh(c, gich::vmcr, mask << 24 | bpr << 21 | abpr << 18 | ctlr);
                reference_.virt[c].control(ctlr);
                set_priorities(reference_.virt[c], mask, bpr, abpr);
                return;
            }
            case 27: {
                const bool alias = chance(4);
                operation_ = alias ? "GICV_AIAR" : "GICV_IAR";
                const unsigned got = board_.rv(c, alias ? gicc::aiar : gicc::iar);
                EXPECT_EQ(got, reference_.vacknowledge(c, alias)) << operation_;
                if (got < 1020 || got >= 1024)
                    vtaken_[c].push_back(got);
                return;
            }
            case 28: {
                const bool alias = chance(4);
                const unsigned value = end_value(vtaken_[c]);
                operation_ = "GICV_EOIR " + std::to_string(value & 1023);
                board_.wv(c, alias ? gicc::aeoir : gicc::eoir, value);
                reference_.vend(c, value, alias);
                return;
            }
            default: {
                const unsigned value = some_id() | pick(8) << 10;
                operation_ = "GICV_DIR " + std::to_string(value & 1023);
                board_.wv(c, gicc::dir, value);
                reference_.vdir(c, value);
                return;
            }
        }
    }

    /// Mostly what was taken last, else something else.
    unsigned end_value(std::vector<unsigned>& taken) {
        if (taken.empty() || chance(8))
            return chance(8) ? 1023 : some_id();
        const unsigned value = taken.back();
        taken.pop_back();
        return value;
    }

    static void set_priorities(RefInterface& f, std::uint32_t mask, std::uint32_t bpr,
                               std::uint32_t abpr) {
        f.mask = static_cast<int>(mask / 8 * 8);
        f.bpr = std::max(2, static_cast<int>(bpr));
        f.abpr = std::max(3, static_cast<int>(abpr));
    }

    static std::uint32_t lr_value(const RefLr& l) {
        return Lr{.id = static_cast<std::uint32_t>(l.id),
                  .priority = static_cast<std::uint32_t>(l.priority),
                  .state = (l.pending ? gich::lr_pending : 0) | (l.active ? gich::lr_active : 0),
                  .group1 = l.group == 1,
                  .eoi = l.eoi,
                  .source = l.link,
                  .hw = l.hw,
                  .physical = l.link}
            .value();
    }

    void compare() {
        for (unsigned c = 0; c < cpus_; ++c)
            reference_.maintenance(c);
        for (unsigned c = 0; c < cpus_; ++c) {
            SCOPED_TRACE("after " + operation_ + ", CPU " + std::to_string(c));
            for (unsigned id = 0; id < lines; ++id) {
                const RefInterrupt* r = reference_.find(c, id);
                ASSERT_EQ(board_.pending(c, id), r != nullptr && r->pending()) << "pending " << id;
                ASSERT_EQ(board_.active(c, id), r != nullptr && r->active) << "active " << id;
                ASSERT_EQ(board_.gic.enabled(Board::id(c), Board::intid(id)),
                          r != nullptr && r->enabled)
                    << "enabled " << id;
            }
            ASSERT_EQ(board_.cpu[c].irq_level, reference_.irq(c)) << "nIRQ";
            ASSERT_EQ(board_.cpu[c].virq_level, reference_.virq(c)) << "nVIRQ";
            ASSERT_EQ(board_.cpu[c].repeated, 0U);
            ASSERT_EQ(board_.rc(c, gicc::hppir), reference_.highest(c, false));
            ASSERT_EQ(board_.rc(c, gicc::ahppir), reference_.highest(c, true));
            ASSERT_EQ(board_.rv(c, gicc::hppir), reference_.vhighest(c, false));
            ASSERT_EQ(board_.rv(c, gicc::ahppir), reference_.vhighest(c, true));
            ASSERT_EQ(board_.rc(c, gicc::rpr),
                      static_cast<unsigned>(std::min(255, reference_.ifaces[c].current())));
            ASSERT_EQ(board_.rv(c, gicc::rpr),
                      static_cast<unsigned>(std::min(255, reference_.virt[c].current())));
            for (unsigned n = 0; n < lr_count_; ++n)
                ASSERT_EQ(board_.rh(c, lr_offset(n)), lr_value(reference_.lrs(c)[n])) << "LR " << n;
            ASSERT_EQ(board_.rh(c, gich::hcr), reference_.hcr[c]);
            ASSERT_EQ(board_.rh(c, gich::misr), reference_.misr(c));
            ASSERT_EQ(board_.rh(c, gich::eisr0), reference_.eisr(c));
            ASSERT_EQ(board_.rh(c, gich::elrsr0), reference_.elrsr(c));
        }
    }

    std::mt19937 random_;
    unsigned cpus_;
    unsigned lr_count_;
    Board board_;
    Reference reference_;
    std::array<std::vector<unsigned>, 8> taken_;
    std::array<std::vector<unsigned>, 8> vtaken_;
    std::string operation_;
};

class Gic400Random : public ::testing::TestWithParam<std::pair<unsigned, unsigned>> {};

TEST_P(Gic400Random, AgreesWithTheReference) {
    const auto [cpus, lrs] = GetParam();
    if (cpus == 4)  // as the GIC-400 comes; named once
        validation::behaviour("GIC-400",
                              "random operations agree with a reference of the manuals: "
                              "states, list registers, outputs, running priorities");
    constexpr std::uint64_t steps_of_a_walk = 5000;
    const std::uint64_t walks = random_steps(5 * steps_of_a_walk) / steps_of_a_walk;
    unsigned acknowledged = 0;
    for (std::uint32_t seed = 1; seed <= walks; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Walk walk(seed, cpus, lrs);
        walk.run(steps_of_a_walk);
        walk.drain();
        acknowledged += walk.acknowledged();
        if (HasFailure())
            return;
    }
    EXPECT_GT(acknowledged, 500U) << "the walk must have taken interrupts to mean anything";
}

INSTANTIATE_TEST_SUITE_P(Configurations, Gic400Random,
                         ::testing::Values(std::pair{1U, 4U}, std::pair{2U, 1U}, std::pair{4U, 4U},
                                           std::pair{3U, 16U}),
                         [](const auto& p) {
                             return std::to_string(p.param.first) + "cpus" +
                                    std::to_string(p.param.second) + "lrs";
                         });

}  // namespace
}  // namespace gic_test
