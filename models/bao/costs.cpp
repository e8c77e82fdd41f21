// Parsing of the table and the cutting of its rows into charges. The rule of each cut is beside it.
#include "models/bao/costs.h"

#include <charconv>
#include <vector>

namespace models::bao {

// Generated at build time from data/bao-path-costs.csv.
extern const std::string_view built_in_path_costs;

namespace {

using vms::Work;

/// A stretch of code with its device accesses still counted as instructions.
struct Stretch {
    Work w;
    std::uint32_t mmio = 0;
};

std::uint32_t less(std::uint32_t a, std::uint32_t b) {
    return a > b ? a - b : 0;
}

/// The rest of a row when a part is taken out. The counts other than instructions are of the median
/// run and need not nest, so they stop at zero.
Stretch operator-(const Stretch& a, const Stretch& b) {
    return {{less(a.w.instructions, b.w.instructions), less(a.w.loads, b.w.loads),
             less(a.w.stores, b.w.stores), less(a.w.sysreg, b.w.sysreg),
             less(a.w.barriers, b.w.barriers), less(a.w.exclusives, b.w.exclusives),
             less(a.w.code_lines, b.w.code_lines), less(a.w.data_lines, b.w.data_lines)},
            less(a.mmio, b.mmio)};
}

/// A part of `n` instructions, device accesses included, whose other counts are not known apart.
Stretch part(std::uint32_t n, std::uint32_t mmio = 0) {
    Stretch s;
    s.w.instructions = n;
    s.mmio = mmio;
    return s;
}

/// As a charge: without the device accesses.
Work charge(const Stretch& s) {
    Work w = s.w;
    w.instructions = less(w.instructions, s.mmio);
    return w;
}

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> fields;
    std::size_t from = 0;
    for (;;) {
        const std::size_t comma = line.find(',', from);
        fields.push_back(line.substr(from, comma - from));
        if (comma == std::string_view::npos)
            return fields;
        from = comma + 1;
    }
}

bool number(std::string_view s, std::uint32_t& value) {
    const auto r = std::from_chars(s.data(), s.data() + s.size(), value);
    return r.ec == std::errc{} && r.ptr == s.data() + s.size();
}

}  // namespace

const CostTable& CostTable::built_in() {
    static const CostTable table = [] {
        std::string error;
        return parse(built_in_path_costs, error).value_or(CostTable{});
    }();
    return table;
}

std::optional<CostTable> CostTable::parse(std::string_view text, std::string& error) {
    // gic,leg,instructions_min,instructions_median,instructions_max,samples,loads,stores,mmio,
    // sysreg,barriers,exclusives,icache_lines,dcache_lines
    constexpr std::size_t columns = 14;
    constexpr std::size_t median = 3;
    CostTable table;
    int line_number = 0;
    bool header_seen = false;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        ++line_number;
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.empty() || line.front() == '#')
            continue;
        if (!header_seen) {
            header_seen = true;
            if (!line.starts_with("gic,leg,instructions_min,")) {
                error = "line " + std::to_string(line_number) +
                        ": the first line that is no comment must name the columns, beginning "
                        "\"gic,leg,instructions_min,\"";
                return std::nullopt;
            }
            continue;
        }
        const auto fields = split(line);
        if (fields.size() != columns) {
            error = "line " + std::to_string(line_number) + ": " + std::to_string(fields.size()) +
                    " fields found, " + std::to_string(columns) + " needed";
            return std::nullopt;
        }
        CostRow row;
        if (!number(fields[median], row.work.instructions)) {
            error = "line " + std::to_string(line_number) + ": instructions_median is \"" +
                    std::string(fields[median]) + "\", a number is needed";
            return std::nullopt;
        }
        std::uint32_t* const counts[] = {
            &row.work.loads,      &row.work.stores,    &row.mmio,
            &row.work.sysreg,     &row.work.barriers,  &row.work.exclusives,
            &row.work.code_lines, &row.work.data_lines};
        for (std::size_t i = 0; i < std::size(counts); ++i) {
            const std::string_view field = fields[6 + i];
            if (field.empty()) {
                row.detailed = false;
            } else if (!number(field, *counts[i])) {
                error = "line " + std::to_string(line_number) + ": field " + std::to_string(7 + i) +
                        " is \"" + std::string(field) + "\", a number is needed";
                return std::nullopt;
            }
        }
        table.rows_.emplace(std::pair{std::string(fields[0]), std::string(fields[1])}, row);
    }
    if (table.rows_.empty()) {
        error = "the table has no rows";
        return std::nullopt;
    }
    return table;
}

const CostRow* CostTable::find(std::string_view gic, std::string_view leg) const {
    const auto it = rows_.find(std::pair{std::string(gic), std::string(leg)});
    return it == rows_.end() ? nullptr : &it->second;
}

std::optional<PathCosts> PathCosts::from(const CostTable& table, std::string_view gic,
                                         std::string& error) {
    const auto named = [&](std::string_view of_gic, std::string_view leg) -> Stretch {
        if (const CostRow* r = table.find(of_gic, leg))
            return {r->work, r->mmio};
        if (error.empty())
            error = "no row \"" + std::string(of_gic) + "," + std::string(leg) + "\"";
        return {};
    };
    const auto row = [&](std::string_view leg) { return named(gic, leg); };

    PathCosts c;

    // Growth, measured at 1 to 8 devices: +5 a region in the search; at resume +5 a device, which
    // is the walk of the device list alone; +13 in a hypercall, which is that walk and the one of
    // the VM's devices by key; +26 in the front-end's handler, which is these and the one by
    // address.
    constexpr std::uint32_t per_region = 5;
    constexpr std::uint32_t per_device_resume = 5;
    constexpr std::uint32_t per_device_hypercall = 13;
    constexpr std::uint32_t per_device_handler = 26;
    c.emul_node = charge(part(per_region));
    c.remio_node = charge(part(per_device_resume));
    c.vm_dev_by_key = charge(part(per_device_hypercall - per_device_resume));
    c.vm_dev_by_addr = charge(part(per_device_handler - per_device_hypercall));

    // The measured VM had its distributor's region ahead of the window: one node is in the row.
    const Stretch fe1 = row("FE_rd.1 vector->remio_mmio_emul_handler entry");
    // The distributor's own region is the first in the search: none is passed over on its way.
    const Stretch trap = fe1 - part(per_region);
    c.trap_entry = charge(trap);
    c.remio_read = charge(row("FE_rd.2 remio_mmio_emul_handler entry->SGI write incl."));
    c.remio_write = charge(row("FE_wr.2 remio_mmio_emul_handler entry->SGI write incl."));
    c.to_standby = charge(row("FE_rd.3 after SGI->smc(CPU_SUSPEND) incl. (overlaps BE)"));
    c.el3_standby_entry =
        charge(row("FE.3b EL3 TF-A CPU_SUSPEND entry: smc->wfi incl. (overlaps BE)"));
    c.el3_standby_exit = charge(row("FE.4a EL3 TF-A exit: wfi->eret to EL2"));
    // One poll of the pending SGI an iteration. Measured on GICv3; on GICv2 73 (the same growth of
    // op_fe_rd_slowtmr: 360 an iteration less 287 of EL3).
    const Stretch spin =
        gic == "GICv2" ? part(73, 1)
                       : named("GICv3",
                               "FE standby spin iteration while another physical IRQ is pending: "
                               "EL2 part");
    c.spin = charge(spin);
    c.ready_wait.instructions = 4;  // load, test, branch, hint: estimate
    c.ready_wait.loads = 1;

    // Interrupt episodes. empty = entry + empty pop + exit(EOI and DIR); a passed-through interrupt
    // ends without DIR; entry is chosen (60) so that every episode's parts stay positive, which
    // moves nothing between episodes.
    const Stretch empty = row("IRQ empty-IPI(no message left) (pCPU0 FE)");
    const Stretch hw_a =
        row("IRQ vgic_inject_hw:PPI27(vtimer) (pCPU0 FE) .a vector->LR write incl.");
    const Stretch hw_b = row("IRQ vgic_inject_hw:PPI27(vtimer) (pCPU0 FE) .b after LR->eret");
    const std::uint32_t gicc = empty.mmio;  // 3 on GICv2: IAR, EOIR, DIR; 0 on GICv3
    Stretch entry = part(60, gicc != 0 ? 1 : 0);
    entry.w.sysreg = gicc != 0 ? 3 : 4;
    const Stretch exit_forwarded = hw_b;  // EOIR, no DIR
    Stretch exit = exit_forwarded;
    exit.w.instructions += 1;
    exit.mmio += gicc != 0 ? 1 : 0;
    const Stretch pop_empty = empty - entry - exit;
    c.irq_entry = charge(entry);
    c.irq_exit = charge(exit_forwarded);
    c.queue_empty = charge(pop_empty);

    // Finding and writing a list register: 75 with its two accesses, chosen below the 93 that a
    // passed-through interrupt leaves for its own part.
    const Stretch lr = part(75, gicc != 0 ? 2 : 0);
    c.add_lr = charge(lr);
    c.inject_hw = charge(hw_a - entry - lr);
    c.inject_hw_shared = charge(
        row("IRQ vgic_inject_hw:SPI33(UART) (pCPU0 FE) .a vector->LR write incl.") - entry - lr);
    const auto message = [&](std::string_view leg_a, std::string_view leg_b, Work& before,
                             Work& after) {
        before = charge(row(leg_a) - entry - lr);
        after = charge(row(leg_b) - exit - pop_empty);
    };
    message("IRQ remio_cpu_msg_handler (pCPU1 BE) .a vector->LR write incl.",
            "IRQ remio_cpu_msg_handler (pCPU1 BE) .b after LR->eret", c.msg_remio,
            c.msg_remio_after);
    message("IRQ ipc_handler (pCPU1 BE) .a vector->LR write incl.",
            "IRQ ipc_handler (pCPU1 BE) .b after LR->eret", c.msg_ipc, c.msg_ipc_after);
    // An SGI's end makes no maintenance exit, so at the next one the list register looks in use and
    // is read first: the row has that access (4 up to the write), charged by remove_lr.
    const Stretch stale = part(18, gicc != 0 ? 1 : 0);
    c.msg_vgic = charge(row("IRQ vgic_ipi_handler (pCPU0 FE) .a vector->LR write incl.") - entry -
                        lr - stale);
    c.msg_vgic_after =
        charge(row("IRQ vgic_ipi_handler (pCPU0 FE) .b after LR->eret") - exit - pop_empty);

    // Resume: poll, two clears and the way out cost what an empty episode costs without its three
    // accesses to the CPU interface, plus the three to the distributor; the rest is the answer.
    const Stretch resume_rd = row("FE_rd.4b EL2 resume: smc return->IPI poll/clear->msg->eret");
    const Stretch resume_wr = row("FE_wr.4b EL2 resume: smc return->IPI poll/clear->msg->eret");
    const Stretch resume_2 =
        row("FE_wr.4b EL2 resume: smc return->IPI poll/clear->msg->eret_with2msgs");
    constexpr std::uint32_t resume_accesses = 3;
    const Stretch resume_in = part(60, resume_accesses);
    const Stretch resume_out = part(63);
    c.resume_entry = charge(resume_in);
    c.resume_exit = charge(resume_out);
    c.answer_read = charge(resume_rd - resume_in - resume_out);
    c.answer_write = charge(resume_wr - resume_in - resume_out);
    c.resume_notify = charge(resume_2 - resume_wr - lr);

    // Maintenance. The row handles one EOI; the way the handler walks (see Vgic::trapped_eoir) adds
    // an invalid list register, one add_lr, and a last search that scans the whole word: 64 steps
    // of five instructions, which is why two fifths of the exit are that search (the cut between it
    // and the rest is a choice; it moves instructions within the exit only).
    const Stretch m_a = row("IRQ gic_maintenance_handler (pCPU1 BE) .a vector->LR write incl.");
    const Stretch m_b = row("IRQ gic_maintenance_handler (pCPU1 BE) .b after LR->eret");
    constexpr std::uint32_t bit_scan = 64 * 5;
    c.maintenance_entry = charge(m_a - entry);
    const Stretch scan = part(bit_scan, 0);
    c.eoi_scan = charge(scan);
    c.eoi_each = charge(m_b - exit - lr - scan);
    // A maintenance exit without EOI (underflow): measured on GICv3 as 191 with its entry and exit.
    const std::uint32_t underflow =
        named("GICv3", "BE maintenance IRQ when the LR was re-written first (2 vCPU frontend)")
            .w.instructions;
    const std::uint32_t empty_v3 =
        named("GICv3", "IRQ empty-IPI(no message left) (pCPU0 FE)").w.instructions;
    const std::uint32_t refill_accesses = gicc != 0 ? 4 : 0;  // MISR, ELRSR, HCR read, HCR write
    c.refill = charge(part(less(underflow + 14, empty_v3), refill_accesses));
    // The second of two messages costs 21 more than the first: taking the interrupt out again.
    const std::uint32_t two =
        named("GICv3", "BE IRQ with 2 queued remio messages (2 vCPU frontend)").w.instructions;
    const std::uint32_t one = named("GICv3", "IRQ remio_cpu_msg_handler (pCPU1 BE)").w.instructions;
    c.remove_lr = charge(part(less(two + empty_v3, 2 * one), gicc != 0 ? 4 : 0));

    // Calls.
    c.hvc_ask = charge(row("SYNC be_ask_hvc"));
    c.hvc_ask_empty = charge(row("SYNC be_ask_empty_hvc"));
    c.hvc_reply = charge(row("SYNC be_reply_rd_hvc .a vector->SGI incl."));
    c.hvc_reply_exit = charge(row("SYNC be_reply_rd_hvc .b after SGI->eret"));
    c.hvc_notify = charge(row("SYNC be_notify_hvc .a vector->SGI incl."));
    c.hvc_notify_exit = charge(row("SYNC be_notify_hvc .b after SGI->eret"));
    c.hvc_remio_invalid = charge(row("SYNC op_hvc_remioinval"));
    c.hvc_ipc = charge(row("SYNC op_hvc_ipc .a vector->SGI incl."));
    c.hvc_ipc_exit = charge(row("SYNC op_hvc_ipc .b after SGI->eret"));
    c.hvc_ipc_invalid = charge(row("SYNC op_hvc_ipcinval"));
    c.hvc_psci = charge(row("SYNC op_hvc_psciver"));
    c.smc_psci = charge(row("SYNC op_smc_psciver"));

    // Emulated registers. The rows cover 32 interrupts an access for the one-bit fields, 16 for
    // ICFGR and one (a byte) for priorities, which the differences fix: (isen_rd - prio_rd)/31 a
    // read, (icen_wr - prio_wr)/31 a write. Trap entry is charged by the trap, so it is taken out.
    const auto reg = [&](std::string_view leg, std::uint32_t n, std::uint32_t each) -> Register {
        Stretch s = row(leg);
        const Stretch whole = s - trap;
        return {charge(whole - part(n * each)), charge(part(each))};
    };
    const std::uint32_t read_each = less(row("SYNC op_gicd_isen_rd").w.instructions,
                                         row("SYNC op_gicd_prio_rd").w.instructions) /
                                    31;
    const std::uint32_t write_each = less(row("SYNC op_gicd_icen_wr").w.instructions,
                                          row("SYNC op_gicd_prio_wr").w.instructions) /
                                     31;
    c.gicd_ctlr_read = reg("SYNC op_gicd_ctlr_rd", 0, 0);
    c.gicd_ctlr_write = reg("SYNC op_gicd_ctlr_wr", 0, 0);
    c.gicd_typer_read = reg("SYNC op_gicd_typer_rd", 0, 0);
    c.gicd_enable_read = reg("SYNC op_gicd_isen_rd", 32, read_each);
    c.gicd_set_enable = reg("SYNC op_gicd_isen_wr", 32, write_each);
    c.gicd_clear_enable = reg("SYNC op_gicd_icen_wr", 32, write_each);
    c.gicd_priority_read = reg("SYNC op_gicd_prio_rd", 1, read_each);
    c.gicd_priority_write = reg("SYNC op_gicd_prio_wr", 1, write_each);
    c.gicd_config_write = reg("SYNC op_gicd_icfgr_wr", 16, write_each);
    // The measured write made an enabled interrupt pending: one list register was written.
    c.gicd_set_pending = reg("SYNC op_gicd_ispend_wr", 32, write_each);
    c.gicd_set_pending.fixed =
        charge(row("SYNC op_gicd_ispend_wr") - trap - part(32 * write_each) - lr);
    c.hw_update = charge(row("SYNC op_gicd_isen_wr_hw") - row("SYNC op_gicd_isen_wr"));

    const std::string_view sgi = gic == "GICv2" ? "sgir" : "sgi1r";
    const auto sgi_row = [&](std::string_view rest) {
        return row("SYNC op_" + std::string(sgi) + std::string(rest));
    };
    c.sgir_self = charge(sgi_row("_self .a vector->SGI incl.") - trap);
    c.sgir_self_exit = charge(sgi_row("_self .b after SGI->eret"));
    c.sgir_other = charge(sgi_row("_other .a vector->SGI incl.") - trap);
    c.sgir_other_exit = charge(sgi_row("_other .b after SGI->eret"));
    c.send_message.instructions = 60;  // push, barrier, SGI register: estimate

    if (!error.empty())
        return std::nullopt;
    return c;
}

}  // namespace models::bao
