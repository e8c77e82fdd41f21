// What the hypervisor's code costs: the measured table (data/bao-path-costs.csv) and the charges
// derived from it, one for each function of the simulated hypervisor that does what a leg does.
//
// A row of the table covers a stretch between landmarks that several functions share. The charges
// cut the rows at the functions' boundaries so that, executed in the order in which the measured
// code ran, they add up to the rows exactly, and in another order or number they follow what is
// done. Where a cut is fixed by the difference of two rows it is derived; where a free choice was
// left it only moves instructions within an episode and is marked so. None includes device
// accesses: those are performed, and count one instruction each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "vms/types.h"

namespace models::bao {

struct CostRow {
    vms::Work work;          ///< median run; instructions include device accesses
    std::uint32_t mmio = 0;  ///< device accesses among them
    bool detailed = true;    ///< has more than an instruction count
};

class CostTable {
  public:
    /// The table that the program carries.
    static const CostTable& built_in();
    /// Parse a table of the same form. On failure the message says line, what was found and wanted.
    static std::optional<CostTable> parse(std::string_view text, std::string& error);

    const CostRow* find(std::string_view gic, std::string_view leg) const;

  private:
    std::map<std::pair<std::string, std::string>, CostRow, std::less<>> rows_;
};

/// Charges of the functions on one GIC version. Instructions exclude device accesses.
struct PathCosts {
    using Work = vms::Work;

    // Growth with the configuration (facts measured at 1 to 8 devices; see docs/timing.md).
    Work emul_node;       ///< one emulated region passed over in the search
    Work vm_dev_by_addr;  ///< one entry of the VM's remio_devs passed over, by address
    Work vm_dev_by_key;   ///< one entry of the VM's remio_devs passed over, by bind key
    Work remio_node;      ///< one device of the remote I/O device list passed over

    // Trapped access of a front-end.
    Work trap_entry;  ///< vector, syndrome, search: to the handler's entry, no node passed over
    Work remio_read;  ///< the handler up to the SGI, for a read
    Work remio_write;
    Work to_standby;  ///< after the SGI, up to standby
    Work el3_standby_entry;
    Work el3_standby_exit;
    Work spin;          ///< standby wake-up that finds no IPI, back to standby
    Work ready_wait;    ///< one iteration of the wait for both sides; estimate
    Work resume_entry;  ///< standby wake-up to the poll
    Work resume_exit;   ///< from the empty queue to eret
    Work answer_read;   ///< handling the message that completes a read
    Work answer_write;
    Work resume_notify;  ///< handling a NOTIFY message met at resume, list register apart

    // Interrupts at EL2.
    Work irq_entry;    ///< vector, acknowledge, dispatch
    Work irq_exit;     ///< end of interrupt, eret
    Work queue_empty;  ///< the pop that finds the queue empty
    Work msg_remio;    ///< a NOTIFY message: to the injection
    Work msg_remio_after;
    Work msg_ipc;
    Work msg_ipc_after;
    Work msg_vgic;
    Work msg_vgic_after;
    Work inject_hw;         ///< passed-through private interrupt, list register apart
    Work inject_hw_shared;  ///< the same of a shared one

    // The virtual GIC.
    Work add_lr;             ///< find a free list register and write it
    Work remove_lr;          ///< take an interrupt out of its list register
    Work maintenance_entry;  ///< MISR, EISR, up to the first list register's clearing
    Work eoi_each;           ///< each list register that asked for it
    Work eoi_scan;           ///< the search that finds no more of them
    Work refill;             ///< underflow or no-pending: search of the spilled lists
    Work hw_update;          ///< forward a field to the physical distributor

    // Calls.
    Work hvc_ask;
    Work hvc_ask_empty;
    Work hvc_reply;  ///< up to the SGI
    Work hvc_reply_exit;
    Work hvc_notify;
    Work hvc_notify_exit;
    Work hvc_remio_invalid;
    Work hvc_ipc;
    Work hvc_ipc_exit;
    Work hvc_ipc_invalid;
    Work hvc_psci;
    Work smc_psci;

    // Emulated distributor accesses: the handler, trap entry and exit included in `fixed`.
    struct Register {
        Work fixed;
        Work each;  ///< for each interrupt that the access covers
    };
    Register gicd_ctlr_read, gicd_ctlr_write, gicd_typer_read;
    Register gicd_enable_read, gicd_set_enable, gicd_clear_enable, gicd_set_pending;
    Register gicd_priority_read, gicd_priority_write, gicd_config_write;
    Work sgir_self, sgir_self_exit, sgir_other, sgir_other_exit;
    Work send_message;  ///< one more message than the measured path sends

    /// Cut the rows of `gic` ("GICv2", "GICv3"). On failure the message names the missing row.
    static std::optional<PathCosts> from(const CostTable& table, std::string_view gic,
                                         std::string& error);
};

}  // namespace models::bao
