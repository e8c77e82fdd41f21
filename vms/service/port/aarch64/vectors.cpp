// Exception vectors of the service guest on the target (Arm ARM DDI 0487, D1.10: VBAR_ELx). Only an
// IRQ at EL1 with SP_EL1 is expected; anything else is a fault of the program and stops this CPU,
// with the syndrome left in ESR_EL1 and FAR_EL1 for a debugger.
#include "vms/cpu.h"

/// What the IRQ vector calls: `vector` is what set_vector() was given.
extern "C" void vms_service_irq(vms::InterruptVector* vector) {
    vector->irq();
}

asm(R"(
    .pushsection .text.vms_service_vectors, "ax"
    .balign 2048
    .global vms_service_vectors
    .type vms_service_vectors, %function
vms_service_vectors:
    // Current EL with SP_EL0: synchronous, IRQ, FIQ, SError.
    .rept 4
    .balign 128
    b vms_service_unexpected
    .endr
    // Current EL with SP_ELx.
    .balign 128
    b vms_service_unexpected
    .balign 128
    b vms_service_irq_entry
    .balign 128
    b vms_service_unexpected
    .balign 128
    b vms_service_unexpected
    // Lower ELs, AArch64 and AArch32.
    .rept 8
    .balign 128
    b vms_service_unexpected
    .endr
    .balign 128

vms_service_irq_entry:
    sub sp, sp, #176
    stp x0, x1, [sp, #0]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x29, [sp, #144]
    str x30, [sp, #160]
    mrs x0, tpidr_el1
    bl vms_service_irq
    ldr x30, [sp, #160]
    ldp x18, x29, [sp, #144]
    ldp x16, x17, [sp, #128]
    ldp x14, x15, [sp, #112]
    ldp x12, x13, [sp, #96]
    ldp x10, x11, [sp, #80]
    ldp x8, x9, [sp, #64]
    ldp x6, x7, [sp, #48]
    ldp x4, x5, [sp, #32]
    ldp x2, x3, [sp, #16]
    ldp x0, x1, [sp, #0]
    add sp, sp, #176
    eret

vms_service_unexpected:
    wfi
    b vms_service_unexpected
    .size vms_service_vectors, . - vms_service_vectors
    .popsection
)");
