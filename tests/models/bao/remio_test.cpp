// Remote I/O against Bao's behaviour (src/core/remio.c, hypercall.c at commit 738e3dc): result
// codes, request states, the FIFO, boot checks, and the sharp edges with their observations.
#include <gtest/gtest.h>

#include "tests/models/bao/rig.h"
#include "tests/support/validation.h"

namespace {

using namespace rig;

std::function<void(vms::Cpu&)> after_boot(const std::function<void(vms::Cpu&)>& f) {
    return [f](vms::Cpu& cpu) {
        cpu.retire_nanoseconds(1'000'000);
        f(cpu);
    };
}

/// A back-end that does one thing of its own for the first request, then stays idle.
std::function<void(vms::Cpu&)> answering(std::function<void(vms::Cpu&, vms::CallRegisters&)> f) {
    return [f](vms::Cpu& cpu) {
        GuestGic gic(cpu);
        Vector vector([&] {
            gic.end(gic.acknowledge());
            vms::CallRegisters x{};
            if (remio_call(cpu, 0, op_ask, x) == 0)
                f(cpu, x);
        });
        cpu.set_vector(&vector);
        gic.start();
        gic.enable(40);
        cpu.mask_interrupts(false);
        for (;;)
            cpu.wait_for_interrupt();
    };
}

// --- hypercall results (facts: the table of x0) --------------------------------------------------

TEST(Hypercall, ResultCodes) {
    validation::behaviour(
        "Hypercall ABI",
        "result codes of ASK, completions, unknown operations, devices and functions");
    Rig r;
    bool ran = false;
    r.run_on(0, [](vms::Cpu& cpu) { cpu.retire_nanoseconds(2'000'000); });
    r.run_on(1, after_boot([&](vms::Cpu& cpu) {
                 vms::CallRegisters x{};
                 EXPECT_EQ(remio_call(cpu, 0, op_ask, x), 1) << "ASK on an empty list";
                 EXPECT_EQ(remio_call(cpu, 0, op_ask, x, 1), 1) << "ASK with a value";
                 EXPECT_EQ(remio_call(cpu, 0, op_ask, x, 0, 0, 1), 1) << "ASK with an address";
                 EXPECT_EQ(remio_call(cpu, 0, 7, x), -3) << "unknown op";
                 EXPECT_EQ(remio_call(cpu, 1, op_ask, x), -3) << "device index out of range";
                 EXPECT_EQ(remio_call(cpu, 0, op_read, x, 0, 0), -1)
                     << "completion of a free request";
                 EXPECT_EQ(remio_call(cpu, 0, op_read, x, 0, 99), -1) << "completion of a bad id";
                 x = {0xc600'0009};
                 cpu.hvc(x);
                 EXPECT_EQ(static_cast<std::int64_t>(x[0]), -2) << "unknown hypercall";
                 x = {0x1234'0000};
                 cpu.hvc(x);
                 EXPECT_EQ(static_cast<std::int64_t>(x[0]), -1) << "unknown SMCCC function";
                 ran = true;
             }));
    r.simulate();
    EXPECT_TRUE(ran);
    EXPECT_TRUE(r.recorder.observed("call.unknown-hypercall"));
    EXPECT_TRUE(r.recorder.observed("call.unknown-function"));
    EXPECT_TRUE(r.recorder.observed("remio.bad-completion"));
}

TEST(Hypercall, AskHandsOverTheAccess) {
    validation::behaviour("Hypercall ABI",
                          "ASK returns address, operation, value, width, request id and whether "
                          "more are pending; the whole 64-bit register travels");
    Rig r;
    vms::CallRegisters seen{};
    r.run_on(0, after_boot([](vms::Cpu& cpu) {
                 // The whole 64-bit register travels, whatever the width.
                 cpu.store(GuestAddr{window + 0x52}, Width::half, 0x1122'3344'5566'7788);
             }));
    r.run_on(1, answering([&](vms::Cpu& cpu, vms::CallRegisters& x) {
                 seen = x;
                 remio_call(cpu, 0, op_write, x, 0, seen[5]);
             }));
    r.simulate();
    EXPECT_EQ(seen[1], window + 0x52);
    EXPECT_EQ(seen[2], op_write);
    EXPECT_EQ(seen[3], 0x1122'3344'5566'7788u);
    EXPECT_EQ(seen[4], 2u);
    EXPECT_EQ(seen[6], 0u);
    EXPECT_EQ(r.accesses.size(), 1u);
    EXPECT_TRUE(r.recorder.observed("remio.register-wider-than-access"));
}

TEST(Hypercall, ACompletedRequestCannotBeCompletedAgain) {
    validation::behaviour("Hypercall ABI", "a completed request cannot be completed again");
    Rig r;
    std::int64_t again = 0;
    r.run_on(0, after_boot([](vms::Cpu& cpu) { cpu.load(GuestAddr{window}, Width::word); }));
    r.run_on(1, answering([&](vms::Cpu& cpu, vms::CallRegisters& x) {
                 const std::uint64_t id = x[5];
                 EXPECT_EQ(remio_call(cpu, 0, op_read, x, 5, id), 0);
                 again = remio_call(cpu, 0, op_read, x, 6, id);
             }));
    r.simulate();
    EXPECT_EQ(again, -1);
}

// --- the idea ------------------------------------------------------------------------------------

TEST(Idea, RegistersAreForwardedAndBulkDataIsShared) {
    validation::behaviour(
        "The idea",
        "each access to a window is forwarded to the back-end's VM and its answer "
        "back; bulk data goes through memory that both map at the same address, "
        "without the hypervisor");
    Rig r;
    std::uint64_t answered = 0;
    std::uint64_t shared = 0;
    r.run_on(0, after_boot([&](vms::Cpu& cpu) {
                 for (std::uint64_t at = 0; at < 0x1000; at += 8)
                     cpu.store(GuestAddr{shared_base + at}, Width::dword, at);
                 answered = cpu.load(GuestAddr{window + 0x10}, Width::word);
             }));
    r.run_on(1, answering([&](vms::Cpu& cpu, vms::CallRegisters& x) {
                 shared = cpu.load(GuestAddr{shared_base + 0xff8}, Width::dword);
                 const std::uint64_t id = x[5];
                 remio_call(cpu, 0, op_read, x, 0x5a, id);
             }));
    r.simulate();
    EXPECT_EQ(answered, 0x5au);
    EXPECT_EQ(shared, 0xff8u);
    EXPECT_EQ(r.accesses.size(), 1u) << "the one register, and none of the 512 stores";
}

TEST(Idea, AVcpuHasAPhysicalCpuOfItsOwn) {
    validation::behaviour("The idea", "one vCPU on each physical CPU, and no scheduler");
    Options o;
    o.adjust = [](bao::Config& c) { c.vmlist[0].cpu_affinity = 0b101; };
    Rig r(o);
    ASSERT_FALSE(r.hypervisor.boot());
    ASSERT_EQ(r.hypervisor.vms().size(), 2u);
    const auto& front = r.hypervisor.vms()[0]->vcpus;
    ASSERT_EQ(front.size(), 2u);
    EXPECT_EQ(front[0]->phys.value, 0u);
    EXPECT_EQ(front[1]->phys.value, 2u);
    ASSERT_EQ(r.hypervisor.vms()[1]->vcpus.size(), 1u);
    EXPECT_EQ(r.hypervisor.vms()[1]->vcpus[0]->phys.value, 1u);
}

// --- sharp edges ---------------------------------------------------------------------------------

TEST(SharpEdge, AReadCompletedByWriteLeavesTheRegister) {
    validation::behaviour("Sharp edges", "the operation of the completion decides");
    Rig r;
    std::uint64_t value = 0;
    r.run_on(0, after_boot([&](vms::Cpu& cpu) {
                 value = cpu.load(GuestAddr{window}, Width::word, 0xdead'beef'0bad'cafe);
             }));
    r.run_on(1, answering([](vms::Cpu& cpu, vms::CallRegisters& x) {
                 const std::uint64_t id = x[5];
                 remio_call(cpu, 0, op_write, x, 0x55, id);
             }));
    r.simulate();
    EXPECT_EQ(value, 0xdead'beef'0bad'cafeu);
    EXPECT_TRUE(r.recorder.observed("remio.completion-op-mismatch"));
}

TEST(SharpEdge, AReadWritesAll64BitsWhateverTheWidth) {
    validation::behaviour("Sharp edges", "a READ completion writes all 64 bits of the register");
    Rig r;
    std::uint64_t value = 0;
    r.run_on(
        0, after_boot([&](vms::Cpu& cpu) { value = cpu.load(GuestAddr{window}, Width::byte, 0); }));
    r.run_on(1, answering([](vms::Cpu& cpu, vms::CallRegisters& x) {
                 const std::uint64_t id = x[5];
                 remio_call(cpu, 0, op_read, x, 0x1122'3344'5566'7788, id);
             }));
    r.simulate();
    EXPECT_EQ(value, 0x1122'3344'5566'7788u);
    EXPECT_TRUE(r.recorder.observed("remio.answer-wider-than-access"));
}

TEST(SharpEdge, AnAccessWithoutSyndromeStopsTheCpu) {
    validation::behaviour("Sharp edges", "an access without a valid syndrome stops the CPU");
    Rig r;
    bool returned = false;
    r.run_on(0, after_boot([&](vms::Cpu& cpu) {
                 cpu.load_pair(GuestAddr{window});
                 returned = true;
             }));
    r.run_on(1, backend(1));
    r.simulate();
    EXPECT_FALSE(returned);
    EXPECT_TRUE(r.recorder.observed("trap.no-syndrome"));
    ASSERT_EQ(r.hypervisor.crashes().size(), 1u);
    EXPECT_EQ(r.hypervisor.crashes()[0].vm, "frontend");
}

TEST(SharpEdge, AnAddressWithoutHandlerStopsTheCpu) {
    validation::behaviour("Sharp edges", "an address without a handler stops the CPU");
    Rig r;
    bool returned = false;
    r.run_on(0, after_boot([&](vms::Cpu& cpu) {
                 cpu.store(GuestAddr{0x1234'0000}, Width::word, 1);
                 returned = true;
             }));
    r.run_on(1, backend(1));
    r.simulate();
    EXPECT_FALSE(returned);
    EXPECT_TRUE(r.recorder.observed("trap.no-handler"));
}

TEST(SharpEdge, ABackEndsInterruptAbove255IsTruncated) {
    validation::behaviour("Sharp edges", "an interrupt id above 255 is truncated");
    Options o;
    o.adjust = [](bao::Config& c) {
        c.vmlist[1].remio_devs[0].interrupt = vms::IntId{256 + 40};  // arrives as 40
    };
    Rig r(o);
    std::uint64_t value = 0;
    r.run_on(0,
             after_boot([&](vms::Cpu& cpu) { value = cpu.load(GuestAddr{window}, Width::word); }));
    r.run_on(1, backend(1));
    r.simulate();
    EXPECT_EQ(value, 0x1000 + (window & 0xfff));
    EXPECT_TRUE(r.recorder.observed("remio.interrupt-truncated"));
}

TEST(SharpEdge, AccessesWaitUntilBothSidesHaveStarted) {
    validation::behaviour(
        "One trapped access",
        "the handler waits, busy and without a limit, until both sides are ready");
    Options o;
    o.backend_start = Picos::ms(3);
    Rig r(o);
    Picos begin{};
    r.run_on(0, [&](vms::Cpu& cpu) {
        begin = r.cores[0]->now();
        cpu.load(GuestAddr{window}, Width::word);
    });
    r.run_on(1, backend(1));
    r.simulate();
    ASSERT_EQ(r.accesses.size(), 1u);
    EXPECT_LT(begin, Picos::ms(1));
    EXPECT_GT(r.accesses[0].end, Picos::ms(3));
    EXPECT_LT(r.accesses[0].end, Picos::ms(3) + Picos::us(50));
    EXPECT_TRUE(r.recorder.observed("remio.ready-wait"));
    // However long the wait, it ends with the iteration (4 instructions) in which the other side
    // became ready.
    Picos ready{}, request{};
    for (const auto& e : r.recorder.events) {
        if (e.kind == models::EventKind::boot && e.a == 1)
            ready = e.time;
        if (e.kind == models::EventKind::request)
            request = e.time;
    }
    EXPECT_GE(request, ready);
    EXPECT_LE((request - ready).value, 4'667u);
}

TEST(SharpEdge, ASilentBackEndStallsTheFrontEndForEver) {
    validation::behaviour("Sharp edges", "a silent back-end stalls the vCPU for ever");
    Rig r;
    bool returned = false;
    r.run_on(0, after_boot([&](vms::Cpu& cpu) {
                 cpu.load(GuestAddr{window}, Width::word);
                 returned = true;
             }));
    r.run_on(1, answering([](vms::Cpu&, vms::CallRegisters&) {}));
    r.simulate();
    EXPECT_FALSE(returned);
    EXPECT_NE(r.hypervisor.oldest_wait(), Picos::never());
    EXPECT_EQ(r.hypervisor.remio().requests()[0].state, bao::Remio::State::processing);
}

TEST(SharpEdge, ACompletionWithIdMinusOneLosesTheNextRequest) {
    validation::behaviour("Sharp edges",
                          "a completion with request id -1 takes the next request off the list");
    Rig r;
    bool returned = false;
    std::int64_t result = 0;
    r.run_on(0, after_boot([&](vms::Cpu& cpu) {
                 cpu.load(GuestAddr{window}, Width::word);
                 returned = true;
             }));
    r.run_on(1, [&](vms::Cpu& cpu) {
        cpu.retire_nanoseconds(2'000'000);  // the request waits, and nobody asks
        vms::CallRegisters x{};
        result = remio_call(cpu, 0, op_read, x, 5, ~std::uint64_t{0});
        EXPECT_EQ(remio_call(cpu, 0, op_ask, x), 1) << "nothing is left to ask for";
    });
    r.simulate();
    EXPECT_EQ(result, -1);
    EXPECT_FALSE(returned);
    EXPECT_TRUE(r.recorder.observed("remio.completion-loses-request"));
}

TEST(SharpEdge, AnExhaustedPoolStopsTheCpu) {
    validation::behaviour("Sharp edges",
                          "an exhausted pool of requests (an injected fault) stops the CPU");
    // Two front-ends, one request: the second finds none.
    Options o;
    o.devices = 2;
    o.adjust = [](bao::Config& c) {
        c.request_pool = 1;
        bao::VmConfig third = c.vmlist[0];
        third.name = "second";
        third.cpu_affinity = 4;
        third.regions.erase(third.regions.begin() + 1);
        third.remio_devs.erase(third.remio_devs.begin());
        c.vmlist[0].remio_devs.pop_back();
        c.vmlist.push_back(third);
    };
    Rig r(o);
    unsigned returned = 0;
    const auto access = [&](std::uint64_t at) {
        return after_boot([&returned, at](vms::Cpu& cpu) {
            cpu.load(GuestAddr{at}, Width::word);
            ++returned;
        });
    };
    r.run_on(0, access(window));
    r.run_on(2, access(window - window_size));
    r.run_on(1, backend(2));
    r.simulate();
    EXPECT_EQ(returned, 1u);
    ASSERT_EQ(r.hypervisor.crashes().size(), 1u);
    EXPECT_EQ(r.hypervisor.crashes()[0].vm, "second");
    EXPECT_TRUE(r.recorder.observed("remio.pool-exhausted"));
}

TEST(SharpEdge, APhysicalInterruptOfNobodyStopsTheCpu) {
    validation::behaviour("Sharp edges", "a physical interrupt that no VM owns stops the CPU");
    Rig r;
    bool returned = false;
    r.run_on(0, after_boot([&](vms::Cpu& cpu) {
                 // As a device would that is enabled behind the hypervisor's back.
                 const auto write = [&](std::uint64_t offset, std::uint64_t value, Width w) {
                     models::Access a{offset, value, w, true, models::CpuId{0}, r.cores[0]->now(),
                                      false};
                     r.gic.distributor().access(a);
                     EXPECT_FALSE(a.error);
                 };
                 write(0x400 + 60, 0x80, Width::byte);            // IPRIORITYR
                 write(0x800 + 60, 1, Width::byte);               // ITARGETSR: CPU 0
                 write(0x100 + 4, 1u << (60 - 32), Width::word);  // ISENABLER1
                 write(0x200 + 4, 1u << (60 - 32), Width::word);  // ISPENDR1
                 cpu.load(GuestAddr{guest_gicd}, Width::word);    // and comes to know of it
                 returned = true;
             }));
    r.run_on(1, backend(1));
    r.simulate();
    EXPECT_FALSE(returned);
    EXPECT_TRUE(r.recorder.observed("irq.unknown"));
    EXPECT_EQ(r.hypervisor.crashes().size(), 1u);
}

TEST(SharpEdge, AVgicMessageForAnotherVmStopsTheCpu) {
    validation::behaviour("Sharp edges",
                          "a vGIC message that names another VM (an injected "
                          "fault) stops the CPU that gets it");
    Rig r;
    r.run_on(0, [](vms::Cpu& cpu) { cpu.retire_nanoseconds(3'000'000); });
    r.run_on(1, after_boot([&](vms::Cpu& cpu) {
                 bao::Cpu& sender = r.hypervisor.cpu(models::CpuId{1});
                 constexpr std::uint64_t vm_of_nobody = std::uint64_t{7} << 48;
                 r.hypervisor.send_message(
                     sender, models::CpuId{0},
                     {bao::MessageHandler::vgic, 0, vm_of_nobody, models::RequestId{}});
                 cpu.retire_nanoseconds(1'000);
             }));
    r.simulate();
    EXPECT_TRUE(r.recorder.observed("vgic.foreign-message"));
    EXPECT_EQ(r.hypervisor.crashes().size(), 1u);
}

TEST(SharpEdge, WithOneListRegisterTheRefillRequestNeverEnds) {
    validation::behaviour("Virtual interrupt controller",
                          "with one list register in use, underflow stays true: the maintenance "
                          "interrupt comes back for ever");
    Options o;
    o.devices = 2;
    o.list_registers = 1;
    Rig r(o);
    r.run_on(0, [](vms::Cpu& cpu) {
        GuestGic gic(cpu);
        Vector vector([&] {
            const unsigned iar = gic.acknowledge();
            cpu.retire_nanoseconds(1'000'000);  // active, the other pending
            gic.end(iar);
        });
        cpu.set_vector(&vector);
        gic.start();
        gic.enable(79);
        gic.enable(80);
        cpu.mask_interrupts(false);
        cpu.retire_nanoseconds(3'000'000);
    });
    r.run_on(1, after_boot([](vms::Cpu& cpu) {
                 vms::CallRegisters x{};
                 EXPECT_EQ(remio_call(cpu, 0, op_notify, x), 0);
                 EXPECT_EQ(remio_call(cpu, 1, op_notify, x), 0);
             }));
    r.simulate();
    EXPECT_TRUE(r.recorder.observed("vgic.maintenance-storm"));
}

TEST(SharpEdge, AFullMessageQueueDropsAndWarns) {
    validation::behaviour("One trapped access",
                          "253 messages to a CPU; the next is dropped with a warning");
    // CPU 0 is off, its interrupts masked at EL2, and drains nothing: 253 messages fit.
    Rig r;
    r.run_on(0, [](vms::Cpu&) {});
    r.run_on(1, after_boot([](vms::Cpu& cpu) {
                 for (int i = 0; i < 254; ++i) {
                     vms::CallRegisters x{};
                     EXPECT_EQ(remio_call(cpu, 0, op_notify, x), 0);  // the caller is not told
                 }
             }));
    r.simulate();
    unsigned dropped = 0;
    for (const auto& e : r.recorder.events)
        dropped += e.kind == models::EventKind::message_drop ? 1 : 0;
    EXPECT_EQ(dropped, 1u);
    EXPECT_TRUE(r.recorder.observed("cpu.message-dropped"));
}

// --- calls and accesses that are refused ---------------------------------------------------------

TEST(Refused, CallsThatNameNothing) {
    Options o;
    o.adjust = [](bao::Config& c) {
        bao::Ipc ipc;
        ipc.base = GuestAddr{shared_base};
        ipc.size = shared_size;
        ipc.interrupts = {vms::IntId{80}};
        c.vmlist[0].ipcs.push_back(ipc);
        c.vmlist[1].ipcs.push_back(ipc);
    };
    Rig r(o);
    r.run_on(1, backend(1));
    r.run_on(0, after_boot([](vms::Cpu& cpu) {
                 vms::CallRegisters x{};
                 EXPECT_EQ(remio_call(cpu, 3, op_ask, x), -3);
                 EXPECT_EQ(remio_call(cpu, 0, 9, x), -3);
                 EXPECT_EQ(remio_call(cpu, 0, op_ask, x, 7), 1);
                 x = {0xc600'0001, 1, 0};
                 cpu.hvc(x);
                 EXPECT_EQ(static_cast<std::int64_t>(x[0]), -3);
                 x = {0xc600'0001, 0, 5};  // an event that the object has no interrupt for
                 cpu.hvc(x);
                 EXPECT_EQ(x[0], 0u);  // silently ignored
                 cpu.retire_nanoseconds(50'000);
             }));
    r.simulate();
    for (const char* rule : {"remio.bad-device", "remio.bad-op", "remio.ask-arguments",
                             "ipc.bad-index", "ipc.event-out-of-range"})
        EXPECT_TRUE(r.recorder.observed(rule)) << rule;
}

TEST(Refused, ABindKeyAbove255IsTruncatedAndTheAnswerFindsNoDevice) {
    validation::behaviour("Sharp edges", "bind keys travel as 8 bits");
    Options o;
    o.adjust = [](bao::Config& c) {
        c.vmlist[0].remio_devs[0].bind_key = 300;
        c.vmlist[1].remio_devs[0].bind_key = 300;
    };
    Rig r(o);
    bool returned = false;
    r.run_on(0, after_boot([&](vms::Cpu& cpu) {
                 cpu.load(GuestAddr{window}, Width::word);
                 returned = true;
             }));
    r.run_on(1, backend(1));
    r.simulate();
    EXPECT_FALSE(returned);
    EXPECT_TRUE(r.recorder.observed("remio.bind-key-truncated"));
    EXPECT_TRUE(r.recorder.observed("remio.failed-completion"));
}

TEST(Refused, ADistributorAccessOfTheWrongWidth) {
    Rig r;
    r.run_on(
        0, after_boot([](vms::Cpu& cpu) { cpu.load(GuestAddr{guest_gicd + 0x100}, Width::byte); }));
    r.run_on(1, backend(1));
    r.simulate();
    EXPECT_TRUE(r.recorder.observed("trap.gicd-access"));
    EXPECT_EQ(r.hypervisor.crashes().size(), 1u);
}

TEST(Refused, AnInterruptThatTheGuestHasDisabledOrThatDoesNotExist) {
    validation::behaviour("Virtual interrupt controller",
                          "an interrupt injected while disabled stays pending until enabled");
    Options o;
    o.devices = 2;
    o.adjust = [](bao::Config& c) {
        c.gic.interrupt_lines = 64;
        c.vmlist[0].remio_devs[0].interrupt = vms::IntId{60};
        c.vmlist[0].remio_devs[1].interrupt = vms::IntId{79};
    };
    Rig r(o);
    r.run_on(0, [](vms::Cpu& cpu) { cpu.retire_nanoseconds(3'000'000); });
    r.run_on(1, after_boot([](vms::Cpu& cpu) {
                 vms::CallRegisters x{};
                 EXPECT_EQ(remio_call(cpu, 0, op_notify, x), 0);
                 EXPECT_EQ(remio_call(cpu, 1, op_notify, x), 0);
             }));
    r.simulate();
    EXPECT_TRUE(r.recorder.observed("vgic.injected-while-disabled"));
    EXPECT_TRUE(r.recorder.observed("vgic.unknown-interrupt"));
}

// --- boot checks (remio_init) --------------------------------------------------------------------

std::optional<bao::BootError> boot(std::function<void(bao::Config&)> adjust, unsigned devices = 1) {
    Options o;
    o.devices = devices;
    o.adjust = std::move(adjust);
    Rig r(o);
    return r.hypervisor.boot();
}

TEST(BootCheck, TwoFrontendsOnOneKey) {
    validation::behaviour("Configuration", "two front-ends on one bind key stop the boot");
    const auto e = boot([](bao::Config& c) { c.vmlist[0].remio_devs[1].bind_key = 0; }, 2);
    ASSERT_TRUE(e);
    EXPECT_NE(e->message.find("more than one frontend"), std::string::npos) << e->message;
    EXPECT_EQ(e->device, "dev1");
}

TEST(BootCheck, TwoBackendsOnOneKey) {
    validation::behaviour("Configuration", "two back-ends on one bind key stop the boot");
    const auto e = boot([](bao::Config& c) { c.vmlist[1].remio_devs[1].bind_key = 0; }, 2);
    ASSERT_TRUE(e);
    EXPECT_NE(e->message.find("more than one backend"), std::string::npos) << e->message;
}

TEST(BootCheck, CountsDiffer) {
    validation::behaviour("Configuration",
                          "different numbers of front-ends and back-ends stop the boot");
    const auto e = boot([](bao::Config& c) { c.vmlist[1].remio_devs.pop_back(); }, 2);
    ASSERT_TRUE(e);
    EXPECT_NE(e->message.find("1-to-1"), std::string::npos) << e->message;
}

TEST(BootCheck, SharedMemoryBaseDiffers) {
    validation::behaviour("Configuration", "different shared-memory bases stop the boot");
    const auto e =
        boot([](bao::Config& c) { c.vmlist[0].remio_devs[0].shmem.base.value += 0x1000; });
    ASSERT_TRUE(e);
    EXPECT_NE(e->message.find("shared memory"), std::string::npos) << e->message;
}

TEST(BootCheck, SharedMemorySizeDiffers) {
    validation::behaviour("Configuration", "different shared-memory sizes stop the boot");
    EXPECT_TRUE(boot([](bao::Config& c) { c.vmlist[0].remio_devs[0].shmem.size /= 2; }));
}

TEST(BootCheck, SharedMemoryIdDiffers) {
    validation::behaviour("Configuration", "different shared-memory ids stop the boot");
    EXPECT_TRUE(boot([](bao::Config& c) { c.vmlist[0].remio_devs[0].shmem.shmem_id = 1; }, 2));
}

TEST(BootCheck, KeysThatDoNotMeetPassTheCountAndFailOnUninitialisedMemory) {
    validation::behaviour(
        "Sharp edges",
        "only the totals are compared: keys that do not meet fail on uninitialised settings");
    Options o;
    o.adjust = [](bao::Config& c) { c.vmlist[1].remio_devs[0].bind_key = 2; };
    Rig r(o);
    const auto e = r.hypervisor.boot();
    ASSERT_TRUE(e);
    EXPECT_NE(e->message.find("one side is missing"), std::string::npos) << e->message;
    EXPECT_NE(e->message.find("remio.totals-only"), std::string::npos) << e->message;
    EXPECT_TRUE(r.recorder.observed("remio.totals-only"));
}

// Where the settings that nobody has written happen to agree, Bao boots, and the front-end waits at
// its first access for a side that never comes.
TEST(BootCheck, KeysThatDoNotMeetMayPassAltogether) {
    Options o;
    o.adjust = [](bao::Config& c) {
        c.vmlist[1].remio_devs[0].bind_key = 2;
        c.vmlist[0].remio_devs[0].shmem = {};
        c.vmlist[1].remio_devs[0].shmem = {};
    };
    Rig r(o);
    EXPECT_FALSE(r.hypervisor.boot());
    EXPECT_TRUE(r.recorder.observed("remio.totals-only"));
    for (const models::Observation& x : r.recorder.observations)
        EXPECT_NE(x.what.find("no opposite side"), std::string::npos) << x.what;
    EXPECT_EQ(r.recorder.observations.size(), 2u) << "one for each device";
}

// Facts: a request id travels as 8 bits. The pool has one request for each physical CPU, and a
// GICv2 has interfaces for 8 of them (IHI 0048B, 1.3.3): no id is ever above 7, and this sharp edge
// is out of reach.
TEST(SharpEdge, RequestIdsFitIntoTheirEightBits) {
    validation::behaviour("Sharp edges",
                          "a request id travels as 8 bits: out of reach, with one request for each "
                          "of at most 8 CPUs");
    Rig r;
    bao::Config most = r.config;
    most.cpu_num = 8;
    const models::ProbeHub nobody;
    bao::Hypervisor hypervisor(most, Rig::costs(), nobody);
    ASSERT_FALSE(hypervisor.boot());
    ASSERT_EQ(hypervisor.remio().requests().size(), 8u);
    for (std::size_t i = 0; i < 8; ++i)
        EXPECT_EQ(hypervisor.remio().requests()[i].id, i);
}

}  // namespace
