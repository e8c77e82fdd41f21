// What each named operation of the service guest costs on a simulated core: work, turned into time
// by the core's model. The defaults are estimates; each can be overridden by its name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "vms/service/operations.h"
#include "vms/types.h"

namespace vms::service {

/// The stable name of an operation: "ring.pop_descriptor".
std::string_view name(Operation operation);
/// On what the default of an operation rests.
std::string_view provenance(Operation operation);
std::optional<Operation> find_operation(std::string_view name);

class OperationCosts {
  public:
    OperationCosts();

    const Work& operator[](Operation o) const { return work_[static_cast<std::size_t>(o)]; }
    void set(Operation o, const Work& work) { work_[static_cast<std::size_t>(o)] = work; }
    /// Override the instructions of a named operation; false: there is none of that name.
    bool set_instructions(std::string_view name, std::uint32_t instructions);

  private:
    std::array<Work, operation_count> work_{};
};

}  // namespace vms::service
