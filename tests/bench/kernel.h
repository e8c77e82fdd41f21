// A simulation kernel of its own for each benchmark of a process. The kernel works on whatever
// context is current; the public interface has one for a process, the library keeps it behind a
// pointer.
#pragma once

#include <memory>
#include <systemc>

namespace bench {

class Kernel {
  public:
    Kernel() : context_(std::make_unique<sc_core::sc_simcontext>()) { enter(); }
    void enter() { sc_core::sc_curr_simcontext = context_.get(); }

  private:
    std::unique_ptr<sc_core::sc_simcontext> context_;
};

}  // namespace bench
