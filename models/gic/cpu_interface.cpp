// One CPU interface of the GIC-400: acknowledge, priority drop, deactivation (IHI 0048B 3.2, 4.4).
#include "models/gic/cpu_interface.h"

#include "models/gic/word_access.h"

namespace models::gic {

void CpuInterface::access(Access& a) {
    if (!is_word(a))
        return;
    if (a.write) {
        if (a.offset < gicc::size)
            write(static_cast<std::uint32_t>(a.offset), static_cast<std::uint32_t>(a.value));
    } else {
        a.value = a.offset < gicc::size ? read(static_cast<std::uint32_t>(a.offset)) : 0;
    }
}

std::uint32_t CpuInterface::read(std::uint32_t offset) {
    switch (offset) {
        case gicc::ctlr:
            return ctlr_;
        case gicc::iar:
            return acknowledge(false);
        case gicc::hppir:
            return highest_pending(false);
        case gicc::aiar:
            return acknowledge(true);
        case gicc::ahppir:
            return highest_pending(true);
        case gicc::iidr:
            return gicc::iidr_value;
        default:
            return priorities_.read(offset);
    }
}

void CpuInterface::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case gicc::ctlr:
            ctlr_ = value & gicc::ctlr_writable;
            priorities_.set_common((ctlr_ & gicc::cbpr) != 0);
            distributor_->set_interface_groups(cpu_,
                                               ctlr_ & (gicc::enable_group0 | gicc::enable_group1));
            return;
        case gicc::eoir:
            end(value, false);
            return;
        case gicc::aeoir:
            end(value, true);
            return;
        case gicc::dir:
            deactivate(value);
            return;
        default:
            priorities_.write(offset, value);
            return;
    }
}

std::uint32_t CpuInterface::acknowledge(bool aliased) {
    const Candidate c = distributor_->first(cpu_);
    if (!priorities_.admits(c))
        return spurious;
    const View v = view(c, aliased, ctlr_);
    if (!v.shown)
        return v.otherwise;
    priorities_.activate(c);
    return c.id | distributor_->acknowledge(cpu_, c.id) << source_shift;
}

std::uint32_t CpuInterface::highest_pending(bool aliased) const {
    const Candidate& c = distributor_->first(cpu_);
    const View v = view(c, aliased, ctlr_);
    if (!v.shown)
        return v.otherwise;
    return c.id | distributor_->source(cpu_, c.id) << source_shift;
}

void CpuInterface::end(std::uint32_t value, bool aliased) {
    const std::uint32_t id = value & id_mask;
    // The special ids end nothing; nor do ids that name no interrupt here.
    if (id >= first_special || !distributor_->implemented(id))
        return;
    if (aliased && !distributor_->group1(cpu_, id))
        return;
    // Without an active priority nothing was acknowledged: the write is UNPREDICTABLE (4.4.5) and
    // has no effect here.
    if (!priorities_.drop())
        return;
    if ((ctlr_ & gicc::eoi_mode) == 0)
        distributor_->deactivate(cpu_, id);
}

void CpuInterface::deactivate(std::uint32_t value) {
    // With EOImode 0 a write is UNPREDICTABLE (4.4.15); it has no effect here. The source CPU of an
    // SGI does not matter: an SGI has one active bit (ISACTIVER0).
    if ((ctlr_ & gicc::eoi_mode) == 0)
        return;
    distributor_->deactivate(cpu_, value & id_mask);
}

}  // namespace models::gic
