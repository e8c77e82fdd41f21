// The lists of interrupts that found no list register: a vCPU's own and a VM's (Bao: vgic_spilled,
// with the list of src/lib/inc/list.h). Intrusive, with a head and a tail, and with that list's
// behaviour:
//
// - push() does not ask whether the element is on the list. One that is gets cut off from those
//   behind it, or, if it is the last, linked to itself.
// - remove() of the last of several leaves the tail at it, so that the next one pushed hangs behind
//   an element that nobody reaches any more.
//
// Bao's walks have no end on a list that is linked to itself; walk() says so instead.
#pragma once

#include <cstddef>

namespace models::bao {

struct VgicInterrupt;

class SpilledList {
  public:
    /// More elements than a list of distinct interrupts can have (a GICv2 has ids below 1020).
    static constexpr std::size_t longest = 1024;

    /// What an append did besides appending. Bao notices none of it.
    struct Pushed {
        bool again = false;        ///< the element was on the list already
        bool endless = false;      ///< the list is now linked to itself
        bool unreachable = false;  ///< no walk from the head finds the new element
        std::size_t cut_off = 0;   ///< elements that a walk found before and does not now
    };

    Pushed push(VgicInterrupt& i);
    void remove(VgicInterrupt& i);

    /// The same without the flaws: an element that is there stays where it is, and the tail follows
    /// the last one.
    void push_once(VgicInterrupt& i);
    void remove_whole(VgicInterrupt& i);

    bool empty() const { return head_ == nullptr; }
    bool contains(const VgicInterrupt& i) const;

    /// f(interrupt) for each from the head on. False: the list has no end.
    template <typename F>
    bool walk(F f) const;

  private:
    VgicInterrupt* head_ = nullptr;
    VgicInterrupt* tail_ = nullptr;
};

}  // namespace models::bao
