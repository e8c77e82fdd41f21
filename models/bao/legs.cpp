// Names of the legs: those of data/bao-path-costs.csv without the measuring CPU.
#include "models/bao/legs.h"

namespace models::bao {

namespace {
constexpr std::array<LegInfo, leg_count> infos{{
    {"FE_rd.1 vector->remio_mmio_emul_handler entry"},
    {"FE_rd.2 remio_mmio_emul_handler entry->SGI write incl."},
    {"FE_rd.3 after SGI->standby"},
    {"FE_rd.4b EL2 resume: IPI poll/clear->msg->eret"},
    {"FE_wr.1 vector->remio_mmio_emul_handler entry"},
    {"FE_wr.2 remio_mmio_emul_handler entry->SGI write incl."},
    {"FE_wr.3 after SGI->standby"},
    {"FE_wr.4b EL2 resume: IPI poll/clear->msg->eret"},
    {"FE.4b EL2 resume with several messages"},
    {"FE.3b EL3 CPU_SUSPEND entry: smc->wfi incl.", 3},
    {"FE.4a EL3 exit: wfi->eret to EL2", 3},
    {"FE standby spin iteration"},
    {"IRQ remio_cpu_msg_handler"},
    {"IRQ remio_cpu_msg_handler .a vector->LR write incl."},
    {"IRQ remio_cpu_msg_handler .b after LR->eret"},
    {"IRQ gic_maintenance_handler"},
    {"IRQ gic_maintenance_handler .a vector->LR write incl."},
    {"IRQ gic_maintenance_handler .b after LR->eret"},
    {"IRQ vgic_inject_hw"},
    {"IRQ vgic_inject_hw .a vector->LR write incl."},
    {"IRQ vgic_inject_hw .b after LR->eret"},
    {"IRQ ipc_handler"},
    {"IRQ ipc_handler .a vector->LR write incl."},
    {"IRQ ipc_handler .b after LR->eret"},
    {"IRQ vgic_ipi_handler"},
    {"IRQ vgic_ipi_handler .a vector->LR write incl."},
    {"IRQ vgic_ipi_handler .b after LR->eret"},
    {"IRQ empty-IPI(no message left)"},
    {"IRQ several messages"},
    {"SYNC be_ask_hvc"},
    {"SYNC be_ask_empty_hvc"},
    {"SYNC be_reply_rd_hvc"},
    {"SYNC be_reply_rd_hvc .a vector->SGI incl."},
    {"SYNC be_reply_rd_hvc .b after SGI->eret"},
    {"SYNC be_reply_wr_hvc"},
    {"SYNC be_reply_wr_hvc .a vector->SGI incl."},
    {"SYNC be_reply_wr_hvc .b after SGI->eret"},
    {"SYNC be_notify_hvc"},
    {"SYNC be_notify_hvc .a vector->SGI incl."},
    {"SYNC be_notify_hvc .b after SGI->eret"},
    {"SYNC op_hvc_ipc"},
    {"SYNC op_hvc_ipc .a vector->SGI incl."},
    {"SYNC op_hvc_ipc .b after SGI->eret"},
    {"SYNC op_hvc_ipcinval"},
    {"SYNC op_hvc_remioinval"},
    {"SYNC op_hvc_psciver"},
    {"SYNC op_smc_psciver"},
    {"SYNC op_gicd_ctlr_rd"},
    {"SYNC op_gicd_ctlr_wr"},
    {"SYNC op_gicd_typer_rd"},
    {"SYNC op_gicd_isen_rd"},
    {"SYNC op_gicd_isen_wr"},
    {"SYNC op_gicd_icen_wr"},
    {"SYNC op_gicd_ispend_wr"},
    {"SYNC op_gicd_prio_rd"},
    {"SYNC op_gicd_prio_wr"},
    {"SYNC op_gicd_icfgr_wr"},
    {"SYNC gicd read of another register"},
    {"SYNC gicd write of another register"},
    {"SYNC op_sgir_self"},
    {"SYNC op_sgir_self .a vector->SGI incl."},
    {"SYNC op_sgir_self .b after SGI->eret"},
    {"SYNC op_sgir_other"},
    {"SYNC op_sgir_other .a vector->SGI incl."},
    {"SYNC op_sgir_other .b after SGI->eret"},
}};
static_assert(!infos.back().name.empty(), "every leg has a name");
}  // namespace

const LegInfo& leg_info(Leg leg) {
    return infos[static_cast<std::size_t>(leg)];
}

}  // namespace models::bao
