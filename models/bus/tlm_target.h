// Makes any Target a TLM-2.0 target (IEEE 1666-2011, clauses 11 and 14), so that a foreign
// initiator reaches the same device code as our own cores do. Loosely timed: the annotated delay is
// part of the time of the access, and what the access takes is added to it. Direct memory access is
// refused: registers have effects.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <systemc>
#include <tlm>

#include <tlm_utils/simple_target_socket.h>

#include "models/base/time.h"
#include "models/bus/target.h"

namespace models {

/// A target that can tell what a read would return without performing it.
class Inspectable {
  public:
    virtual void peek(Access& a) = 0;

  protected:
    ~Inspectable() = default;
};

class TlmTarget final : public sc_core::sc_module {
  public:
    tlm_utils::simple_target_socket<TlmTarget> socket;

    /// The target decodes `size` bytes from address 0 of the socket. `initiator` is the CPU that
    /// the foreign initiator stands for, where registers are banked.
    TlmTarget(sc_core::sc_module_name name, Target& target, std::uint64_t size,
              TargetTiming timing = {}, CpuId initiator = {})
        : sc_module(name),
          socket("socket"),
          target_(target),
          inspectable_(dynamic_cast<Inspectable*>(&target)),
          size_(size),
          timing_(timing),
          initiator_(initiator) {
        socket.register_b_transport(this, &TlmTarget::b_transport);
        socket.register_get_direct_mem_ptr(this, &TlmTarget::get_direct_mem_ptr);
        socket.register_transport_dbg(this, &TlmTarget::transport_dbg);
    }

  private:
    using Payload = tlm::tlm_generic_payload;

    void b_transport(Payload& payload, sc_core::sc_time& delay) {
        Access a;
        if (!decode(payload, a))
            return;
        if (payload.is_read() == payload.is_write()) {  // TLM_IGNORE_COMMAND
            payload.set_response_status(tlm::TLM_OK_RESPONSE);
            return;
        }
        // An initiator that runs ahead must not pass by what is due before its access.
        if (delay != sc_core::SC_ZERO_TIME && sc_core::sc_pending_activity() &&
            sc_core::sc_time_to_pending_activity() <= delay) {
            wait(delay);
            delay = sc_core::SC_ZERO_TIME;
        }
        a.time = kernel_now() + Picos{delay.value()};
        if (a.write)
            std::memcpy(&a.value, payload.get_data_ptr(), payload.get_data_length());
        target_.access(a);
        delay += (a.write ? timing_.write : timing_.read).sc();
        if (a.error) {
            payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
            return;
        }
        if (!a.write)
            std::memcpy(payload.get_data_ptr(), &a.value, payload.get_data_length());
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }

    bool get_direct_mem_ptr(Payload& /*payload*/, tlm::tlm_dmi& dmi) {
        dmi.allow_none();
        return false;
    }

    /// Reads only, and only from a target that can be looked at; stores would have effects.
    unsigned transport_dbg(Payload& payload) {
        Access a;
        if (inspectable_ == nullptr || !payload.is_read() || !decode(payload, a))
            return 0;
        a.time = kernel_now();
        inspectable_->peek(a);
        if (a.error)
            return 0;
        std::memcpy(payload.get_data_ptr(), &a.value, payload.get_data_length());
        return payload.get_data_length();
    }

    /// One access of at most a bus word; sets the error response where it is not.
    bool decode(Payload& payload, Access& a) const {
        const unsigned length = payload.get_data_length();
        if (payload.get_byte_enable_ptr() != nullptr) {
            payload.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
            return false;
        }
        if (!std::has_single_bit(length) || length > 8 || payload.get_streaming_width() < length) {
            payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
            return false;
        }
        a.offset = payload.get_address();
        if (a.offset >= size_ || length > size_ - a.offset) {
            payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
            return false;
        }
        a.width = static_cast<vms::Width>(length);
        a.write = payload.is_write();
        a.cpu = initiator_;
        return true;
    }

    Target& target_;
    Inspectable* inspectable_;
    std::uint64_t size_;
    TargetTiming timing_;
    CpuId initiator_;
};

}  // namespace models
