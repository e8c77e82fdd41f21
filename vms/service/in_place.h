// Room inside an object for one object of several types, chosen once at run time: what a heap is
// used for elsewhere. The object is never destroyed: a service guest runs until the machine stops.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

namespace vms::service {

template <typename... Types>
class InPlace {
  public:
    // Not defaulted: the room is not worth clearing, in whatever form it is initialised.
    InPlace() {}  // NOLINT
    InPlace(const InPlace&) = delete;
    InPlace& operator=(const InPlace&) = delete;

    template <typename T, typename... Args>
    T& emplace(Args&&... args) {
        static_assert((std::is_same_v<T, Types> || ...), "not one of the types there is room for");
        return *new (storage_) T(std::forward<Args>(args)...);
    }

  private:
    alignas(Types...) std::byte storage_[std::max({sizeof(Types)...})];
};

}  // namespace vms::service
