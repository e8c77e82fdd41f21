#include "vms/frontend/interrupts.h"

#include <algorithm>

#include "vms/abi/gicv2.h"

namespace vms::frontend {

namespace gicd = abi::gicv2::gicd;
namespace gicc = abi::gicv2::gicc;

namespace {

constexpr std::uint32_t all_ones = 0xffffffff;
constexpr std::uint32_t typer_lines_mask = 0x1f;  ///< GICD_TYPER.ITLinesNumber
constexpr std::uint32_t ids_per_bit_register = 32;
constexpr std::uint32_t ids_per_byte_register = 4;
constexpr std::uint32_t ids_per_config_register = 16;
constexpr std::uint32_t max_interrupts = 1020;

/// The priority that Linux and Zephyr give every interrupt, and the mask above it that lets all
/// through.
constexpr std::uint32_t default_priority = 0xa0;
constexpr std::uint32_t kernel_priority_mask = 0xf0;

/// GICC_CTLR: FIQBypDisGrp0, IRQBypDisGrp0 and those of group 1 (IHI 0048B, 4.4.1).
constexpr std::uint32_t gicc_bypass_bits = 0x1e0;

constexpr std::uint32_t sgi_bits = 0x0000ffff;   ///< of ISENABLER0
constexpr std::uint32_t private_registers = 8;   ///< with a byte an interrupt: ids 0 to 31
constexpr std::uint32_t edge_each = 0xaaaaaaaa;  ///< ICFGR: sixteen edge-triggered interrupts
constexpr std::uint32_t cpendsgir = 0xf10;       ///< GICD_CPENDSGIR0, 4.3.17
constexpr std::uint32_t cpendsgir_registers = 4;

/// A byte in each byte of a word.
constexpr std::uint32_t in_each_byte(std::uint32_t b) {
    return b * 0x01010101u;
}

/// ICFGR: two bits an interrupt, the upper one set for edge-triggered.
constexpr std::uint32_t config_register(std::uint32_t id) {
    return gicd::icfgr + 4 * (id / ids_per_config_register);
}
constexpr std::uint32_t config_edge(std::uint32_t id) {
    return 2u << (2 * (id % ids_per_config_register));
}

}  // namespace

Interrupts::Interrupts(Cpu& cpu, GicAddresses gic, const InterruptProfile& profile,
                       const Operations& operations)
    : cpu_(cpu), gic_(gic), profile_(profile), operations_(operations) {
}

void Interrupts::start() {
    cpu_.mask_interrupts(true);
    cpu_.set_vector(this);
    switch (profile_.setup) {
        case InterruptProfile::Setup::all_interrupts:
            configure_all();
            configure_private();
            break;
        case InterruptProfile::Setup::zephyr:
            configure_zephyr();
            configure_zephyr_private();
            break;
        case InterruptProfile::Setup::bao_guest:
            configure_bao_guest();
            break;
        case InterruptProfile::Setup::only_enable:
            write(gic_.gicd, gicd::ctlr, gicd::ctlr_enable);
            break;
    }
    enable_interface();
}

void Interrupts::start_secondary(IntId call, InterruptHandler& handler) {
    cpu_.mask_interrupts(true);
    cpu_.set_vector(this);
    if (profile_.setup == InterruptProfile::Setup::all_interrupts)
        configure_private();
    else if (profile_.setup == InterruptProfile::Setup::zephyr)
        configure_zephyr_private();
    attach(call, handler);
    enable_interface();
}

/// The CPU interface, and then this CPU.
void Interrupts::enable_interface() {
    using Setup = InterruptProfile::Setup;
    const bool masks = profile_.setup == Setup::all_interrupts || profile_.setup == Setup::zephyr;
    const std::uint32_t cleared = profile_.setup == Setup::zephyr ? gicc_bypass_bits : 0;
    write(gic_.gicc, gicc::pmr, masks ? kernel_priority_mask : gicc::pmr_all);
    write(gic_.gicc, gicc::ctlr, (read(gic_.gicc, gicc::ctlr) & ~cleared) | gicc::ctlr_enable);
    cpu_.mask_interrupts(false);
}

void Interrupts::send(IntId sgi, std::uint32_t targets) {
    write(gic_.gicd, gicd::sgir, targets << gicd::sgir_target_shift | sgi.value);
}

/// Every shared interrupt to this CPU, level-sensitive, of one priority, inactive and disabled.
void Interrupts::configure_all() {
    write(gic_.gicd, gicd::ctlr, 0);
    const std::uint32_t ids = implemented();
    const std::uint32_t first = abi::gicv2::first_spi;

    const std::uint32_t targets = in_each_byte(own_target_mask());
    for (std::uint32_t id = first; id < ids; id += ids_per_byte_register)
        write(gic_.gicd, gicd::byte_register(gicd::itargetsr, id), targets);
    for (std::uint32_t id = first; id < ids; id += ids_per_config_register)
        write(gic_.gicd, config_register(id), 0);
    for (std::uint32_t id = first; id < ids; id += ids_per_byte_register)
        write(gic_.gicd, gicd::byte_register(gicd::ipriorityr, id), in_each_byte(default_priority));
    for (std::uint32_t id = first; id < ids; id += ids_per_bit_register) {
        write(gic_.gicd, gicd::bit_register(gicd::icactiver, id), all_ones);
        write(gic_.gicd, gicd::bit_register(gicd::icenabler, id), all_ones);
    }
    write(gic_.gicd, gicd::ctlr, gicd::ctlr_enable);
}

/// The same for the SGIs and PPIs of this CPU.
void Interrupts::configure_private() {
    write(gic_.gicd, gicd::icactiver, all_ones);
    write(gic_.gicd, gicd::icenabler, all_ones);
    for (std::uint32_t id = 0; id < abi::gicv2::first_spi; id += ids_per_byte_register)
        write(gic_.gicd, gicd::byte_register(gicd::ipriorityr, id), in_each_byte(default_priority));
}

/// How many interrupt ids the distributor has.
std::uint32_t Interrupts::implemented() {
    const std::uint32_t lines = read(gic_.gicd, gicd::typer) & typer_lines_mask;
    return std::min(ids_per_bit_register * (lines + 1), max_interrupts);
}

/// gic_dist_init of Zephyr's intc_gic.c.
void Interrupts::configure_zephyr() {
    const std::uint32_t ids = implemented();
    const std::uint32_t first = abi::gicv2::first_spi;
    write(gic_.gicd, gicd::ctlr, 0);
    const std::uint32_t targets = in_each_byte(zephyr_target_mask());
    for (std::uint32_t id = first; id < ids; id += ids_per_byte_register)
        write(gic_.gicd, gicd::byte_register(gicd::itargetsr, id), targets);
    for (std::uint32_t id = first; id < ids; id += ids_per_config_register)
        write(gic_.gicd, config_register(id), 0);
    for (std::uint32_t id = first; id < ids; id += ids_per_byte_register)
        write(gic_.gicd, gicd::byte_register(gicd::ipriorityr, id), 0);
    for (std::uint32_t id = first; id < ids; id += ids_per_bit_register)
        write(gic_.gicd, gicd::bit_register(gicd::igroupr, id), 0);
    for (std::uint32_t id = first; id < ids; id += ids_per_bit_register) {
        write(gic_.gicd, gicd::bit_register(gicd::icactiver, id), all_ones);
        write(gic_.gicd, gicd::bit_register(gicd::icenabler, id), all_ones);
    }
    write(gic_.gicd, gicd::ctlr, gicd::ctlr_enable);
}

/// gic_cpu_init of the same, up to the CPU interface.
void Interrupts::configure_zephyr_private() {
    write(gic_.gicd, gicd::icactiver, all_ones);
    write(gic_.gicd, gicd::icenabler, ~sgi_bits);
    write(gic_.gicd, gicd::isenabler, sgi_bits);
    zephyr_target_mask();
    for (std::uint32_t id = 0; id < abi::gicv2::first_spi; id += ids_per_byte_register)
        write(gic_.gicd, gicd::byte_register(gicd::ipriorityr, id), in_each_byte(default_priority));
}

/// It reads all eight registers of the private interrupts' targets, unless one is 0, and uses the
/// last.
std::uint32_t Interrupts::zephyr_target_mask() {
    std::uint32_t word = 0;
    for (std::uint32_t i = 0; i < private_registers; ++i) {
        word = read(gic_.gicd, gicd::itargetsr + 4 * i);
        if (word == 0)
            return 1;
    }
    return (word | word >> 8 | word >> 16 | word >> 24) & 0xff;
}

/// gicd_init and gicc_init of Bao's bare-metal guest: the priorities of private interrupts are
/// written three times, their targets and configurations although they are read-only.
void Interrupts::configure_bao_guest() {
    const std::uint32_t ids = implemented();
    const auto quiet = [&](std::uint32_t id) {
        for (const std::uint32_t block : {gicd::icenabler, gicd::icpendr, gicd::icactiver})
            write(gic_.gicd, gicd::bit_register(block, id), all_ones);
    };
    for (std::uint32_t id = abi::gicv2::first_spi; id < ids; id += ids_per_bit_register)
        quiet(id);
    for (std::uint32_t id = 0; id < ids; id += ids_per_byte_register)
        write(gic_.gicd, gicd::byte_register(gicd::ipriorityr, id), all_ones);
    for (std::uint32_t id = 0; id < ids; id += ids_per_byte_register)
        write(gic_.gicd, gicd::byte_register(gicd::itargetsr, id), 0);
    for (std::uint32_t id = 0; id < ids; id += ids_per_config_register)
        write(gic_.gicd, config_register(id), edge_each);
    write(gic_.gicd, gicd::ctlr, read(gic_.gicd, gicd::ctlr) | gicd::ctlr_enable);

    quiet(0);
    for (std::uint32_t i = 0; i < cpendsgir_registers; ++i)
        write(gic_.gicd, cpendsgir + 4 * i, all_ones);
    for (int turn = 0; turn < 2; ++turn)
        for (std::uint32_t id = 0; id < abi::gicv2::first_spi; id += ids_per_byte_register)
            write(gic_.gicd, gicd::byte_register(gicd::ipriorityr, id), all_ones);
}

/// irq_enable and irq_set_prio of the same: whole words are read, modified and written.
void Interrupts::attach_bao_guest(IntId id) {
    const std::uint32_t shift = 8 * (id.value % ids_per_byte_register);
    const std::uint32_t word = id.value / ids_per_byte_register * ids_per_byte_register;
    const std::uint32_t targets = gicd::byte_register(gicd::itargetsr, word);
    const std::uint32_t priorities = gicd::byte_register(gicd::ipriorityr, word);
    write(gic_.gicd, gicd::bit_register(gicd::isenabler, id.value), gicd::bit(id.value));
    const std::uint32_t own = (read(gic_.gicd, targets) >> shift & 0xff) | 1;
    write(gic_.gicd, targets, (read(gic_.gicd, targets) & ~(0xffu << shift)) | own << shift);
    write(gic_.gicd, priorities, read(gic_.gicd, priorities) & ~(0xffu << shift));
}

void Interrupts::attach(IntId id, InterruptHandler& handler) {
    const bool first = !attached(id);
    bindings_.push_back({id, &handler});
    if (!first)
        return;
    if (profile_.setup == InterruptProfile::Setup::bao_guest) {
        attach_bao_guest(id);
        return;
    }
    if (profile_.setup == InterruptProfile::Setup::zephyr) {
        write(gic_.gicd, gicd::byte_register(gicd::ipriorityr, id.value), default_priority,
              Width::byte);
        // GICD_ICFGR0 is read-only: SGIs are edge-triggered. It writes back without a change too.
        if (id.value >= abi::gicv2::first_ppi) {
            const std::uint32_t reg = config_register(id.value);
            const bool shared_line = id.value >= abi::gicv2::first_spi;
            const std::uint32_t before = read(gic_.gicd, reg) & ~(config_edge(id.value));
            write(gic_.gicd, reg, before | (shared_line ? config_edge(id.value) : 0));
        }
        write(gic_.gicd, gicd::bit_register(gicd::isenabler, id.value), gicd::bit(id.value));
        return;
    }
    const bool shared = id.value >= abi::gicv2::first_spi;
    if (shared && profile_.configures_trigger)
        configure_trigger(id);
    if (shared)
        write(gic_.gicd, gicd::byte_register(gicd::itargetsr, id.value), own_target_mask(),
              Width::byte);
    // Out of reset an interrupt may have the lowest priority of all, which no mask lets through.
    if (profile_.setup == InterruptProfile::Setup::only_enable)
        write(gic_.gicd, gicd::byte_register(gicd::ipriorityr, id.value), default_priority,
              Width::byte);
    write(gic_.gicd, gicd::bit_register(gicd::isenabler, id.value), gicd::bit(id.value));
}

void Interrupts::detach(IntId id, InterruptHandler& handler) {
    std::erase_if(bindings_, [&](const Binding& b) { return b.id == id && b.handler == &handler; });
    if (!attached(id))
        write(gic_.gicd, gicd::bit_register(gicd::icenabler, id.value), gicd::bit(id.value));
}

/// Edge-triggered, as the device trees of Bao's VirtIO demos have the interrupts of remote I/O;
/// written only where that is a change.
void Interrupts::configure_trigger(IntId id) {
    const std::uint32_t reg = config_register(id.value);
    const std::uint32_t before = read(gic_.gicd, reg);
    const std::uint32_t after = before | config_edge(id.value);
    if (after != before)
        write(gic_.gicd, reg, after);
}

/// The bit by which ITARGETSR names this CPU: the targets of the private interrupts read as it.
std::uint32_t Interrupts::own_target_mask() {
    if (target_ == 0) {
        const std::uint32_t word = read(gic_.gicd, gicd::itargetsr);
        target_ = (word | word >> 8 | word >> 16 | word >> 24) & 0xff;
        if (target_ == 0)
            target_ = 1;  // uniprocessor implementations read as zero (IHI 0048B, 4.3.12)
    }
    return target_;
}

bool Interrupts::attached(IntId id) const {
    return std::ranges::find(bindings_, id, &Binding::id) != bindings_.end();
}

void Interrupts::defer(DeferredWork& work) {
    if (std::ranges::find(deferred_, &work) == deferred_.end())
        deferred_.push_back(&work);
}

void Interrupts::irq() {
    cpu_.retire_named(operations_[Operation::irq_entry]);
    ++counters_.exceptions;
    bool any = false;
    do {
        const auto iar = static_cast<std::uint32_t>(cpu_.load(gic_.gicc + gicc::iar, Width::word));
        const std::uint32_t id = iar & gicc::iar_id_mask;
        if (id >= gicc::first_special)
            break;
        any = true;
        dispatch({static_cast<std::uint16_t>(id)});
        cpu_.store(gic_.gicc + gicc::eoir, Width::word, iar);
    } while (profile_.drains);
    if (!any)
        ++counters_.spurious;
    while (!deferred_.empty()) {
        DeferredWork* const work = deferred_.front();
        deferred_.erase(deferred_.begin());
        work->deferred();
    }
    softirq_.irq_exit();
    cpu_.retire_named(operations_[Operation::irq_exit]);
}

void Interrupts::dispatch(IntId id) {
    if (!attached(id)) {
        ++counters_.unexpected;
        return;
    }
    ++counters_.handled;
    for (const Binding& b : bindings_)
        if (b.id == id)
            b.handler->interrupt(id);
}

std::uint32_t Interrupts::read(GuestAddr block, std::uint32_t offset) {
    cpu_.retire_named(operations_[Operation::register_access]);
    return static_cast<std::uint32_t>(cpu_.load(block + offset, Width::word));
}

void Interrupts::write(GuestAddr block, std::uint32_t offset, std::uint32_t value, Width w) {
    cpu_.retire_named(operations_[Operation::register_access]);
    cpu_.store(block + offset, w, value);
}

}  // namespace vms::frontend
