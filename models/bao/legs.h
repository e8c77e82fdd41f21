// The legs: stretches of hypervisor (or firmware) execution between two landmarks, named as the
// rows of data/bao-path-costs.csv. A leg is recorded from the CPU's counters, as it was executed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace models::bao {

enum class Leg : std::uint16_t {
    fe_rd_1,
    fe_rd_2,
    fe_rd_3,
    fe_rd_4b,
    fe_wr_1,
    fe_wr_2,
    fe_wr_3,
    fe_wr_4b,
    fe_4b_2msgs,
    el3_3b,
    el3_4a,
    spin,
    irq_remio,
    irq_remio_a,
    irq_remio_b,
    irq_maintenance,
    irq_maintenance_a,
    irq_maintenance_b,
    irq_hw,
    irq_hw_a,
    irq_hw_b,
    irq_ipc,
    irq_ipc_a,
    irq_ipc_b,
    irq_vgic,
    irq_vgic_a,
    irq_vgic_b,
    irq_empty,
    irq_several,
    be_ask,
    be_ask_empty,
    be_reply_rd,
    be_reply_rd_a,
    be_reply_rd_b,
    be_reply_wr,
    be_reply_wr_a,
    be_reply_wr_b,
    be_notify,
    be_notify_a,
    be_notify_b,
    hvc_ipc,
    hvc_ipc_a,
    hvc_ipc_b,
    hvc_ipc_invalid,
    hvc_remio_invalid,
    hvc_psci,
    smc_psci,
    gicd_ctlr_rd,
    gicd_ctlr_wr,
    gicd_typer_rd,
    gicd_isen_rd,
    gicd_isen_wr,
    gicd_icen_wr,
    gicd_ispend_wr,
    gicd_prio_rd,
    gicd_prio_wr,
    gicd_icfgr_wr,
    gicd_other_rd,
    gicd_other_wr,
    sgir_self,
    sgir_self_a,
    sgir_self_b,
    sgir_other,
    sgir_other_a,
    sgir_other_b,
    count
};

struct LegInfo {
    std::string_view name;
    unsigned exception_level = 2;
};

constexpr std::size_t leg_count = static_cast<std::size_t>(Leg::count);

const LegInfo& leg_info(Leg leg);

}  // namespace models::bao
