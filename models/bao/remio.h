// Remote I/O: forwards a trapped access of a front-end VM to the back-end VM bound to it by a bind
// key, and the answer back (Bao: src/core/remio.c). Requests live in a pool of one per physical CPU
// and wait in the FIFO list of their device: PENDING, PROCESSING once asked for, COMPLETE once
// answered, FREE after the front-end's CPU has seen the answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "models/bao/config.h"
#include "models/core/el2.h"
#include "models/core/probe.h"

namespace models::bao {

class Hypervisor;
struct BootError;
struct Cpu;
struct CpuMessage;
struct Mark;
struct Vm;

/// x3 of the hypercall, and the op of a request.
enum class RemioOp : std::uint64_t { write = 0, read = 1, ask = 2, notify = 3 };

/// Event of a remote I/O CPU message.
enum class RemioEvent : std::uint32_t { write = 0, read = 1, notify = 2 };

class Remio {
  public:
    enum class State : std::uint8_t { free, pending, processing, complete };

    struct Request {
        bool allocated = false;
        std::size_t id = 0;  ///< index in the pool
        std::uint64_t bind_key = 0;
        vms::GuestAddr addr{};
        std::uint64_t access_width = 0;
        RemioOp op = RemioOp::read;
        std::uint64_t value = 0;
        CpuId cpu{};  ///< the front-end's
        State state = State::free;

        // For the observers.
        RequestId trace{};
        Picos since{};  ///< of the trap
        Picos asked{};
        std::uint64_t frontend_instructions = 0;    ///< EL2, vector to SGI
        std::optional<std::uint64_t> backend_from;  ///< EL2 counter of the back-end's CPU
        std::uint64_t backend_instructions = 0;
        RemioOp completion = RemioOp::read;
    };

    struct Side {
        std::uint64_t bind_key = ~std::uint64_t{0};
        std::uint64_t cpu_id = ~std::uint64_t{0};  ///< lowest CPU of the VM, once it has started
        std::size_t vm_id = 0;
        vms::IntId interrupt{};
        bool ready = false;
        std::uint64_t shmem_base = 0;
        std::uint64_t shmem_size = 0;
        std::size_t shmem_id = 0;
        std::string name;  ///< of the remio_dev
    };

    struct Device {
        std::uint64_t bind_key = 0;
        bool ready = false;
        Side backend;
        Side frontend;
        std::deque<std::size_t> pending;  ///< FIFO of request ids
        std::uint64_t asked = 0;
        std::uint64_t answered = 0;
        std::uint64_t notified = 0;
    };

    /// What one forwarded access executed, when it is over.
    struct Access {
        RequestId trace{};
        bool write = false;
        std::uint64_t bind_key = 0;
        Picos begin{};
        Picos end{};
        std::uint64_t el2_instructions = 0;  ///< on the critical path
    };

    explicit Remio(Hypervisor& h) : h_(h) {}

    /// Bao's remio_init: builds the list of devices and checks it.
    std::optional<BootError> init();
    /// Bao's remio_assign_vm_cpus, when a VM starts on a CPU.
    void assign_vm_cpu(const Vm& vm, Cpu& c);

    enum class Handled : std::uint8_t { waits, unbound, pool_exhausted };
    /// The handler of a trapped access in a window: the vCPU waits, or the CPU is to stop.
    Handled handle_access(Cpu& c, DataAbort& abort, const Mark& handler_entry, RequestId& trace);
    /// The hypercall; `from` is the vector's mark.
    std::int64_t hypercall(Cpu& c, std::array<std::uint64_t, 8>& x, const Mark& from);
    /// A message met on its target CPU.
    void handle_message(Cpu& c, const CpuMessage& m, bool at_resume);
    /// The front-end's access is over.
    void finished(Cpu& c, RequestId trace, bool write, const Mark& resume_from);

    const std::deque<Device>& devices() const { return devices_; }
    const std::vector<Request>& requests() const { return pool_; }
    const Device* find(std::uint64_t bind_key) const;

    void on_access(std::function<void(const Access&)> f) { on_access_ = std::move(f); }

  private:
    Device* find_charged(Cpu& c, std::uint64_t bind_key);
    Device* find_vm_device(Cpu& c, std::uint64_t bind_key);
    Request* get(Device& d, std::uint64_t id);
    bool post_work(Cpu& c, RemioEvent event, std::uint64_t bind_key, std::uint64_t id);
    void send(Cpu& c, RemioEvent event, std::uint64_t target_cpu, std::uint64_t bind_key,
              std::uint64_t request_id, std::uint64_t interrupt, RequestId trace);
    std::int64_t ask(Cpu& c, Device& d, std::array<std::uint64_t, 8>& x, const Mark& from);
    std::int64_t complete(Cpu& c, Device& d, RemioOp op, std::uint64_t value, std::uint64_t id,
                          const Mark& from);
    void notify(Cpu& c, Device& d, const Mark& from);

    Hypervisor& h_;
    std::deque<Device> devices_;  // in the order of the list
    std::vector<Request> pool_;
    std::uint64_t next_trace_ = 0;
    std::vector<Access> finishing_;  // by front-end CPU
    std::function<void(const Access&)> on_access_;
};

}  // namespace models::bao
