// See vgic_spilled.h.
#include "models/bao/vgic_spilled.h"

#include "models/bao/vgic.h"

namespace models::bao {

bool SpilledList::contains(const VgicInterrupt& i) const {
    bool found = false;
    walk([&](const VgicInterrupt& x) { found = found || &x == &i; });
    return found;
}

SpilledList::Pushed SpilledList::push(VgicInterrupt& i) {
    Pushed p;
    std::size_t before = 0;
    walk([&](const VgicInterrupt& x) {
        ++before;
        p.again = p.again || &x == &i;
    });

    i.next_spilled = nullptr;
    if (tail_ != nullptr)
        tail_->next_spilled = &i;
    tail_ = &i;
    if (head_ == nullptr)
        head_ = &i;

    std::size_t after = 0;
    bool found = false;
    p.endless = !walk([&](const VgicInterrupt& x) {
        ++after;
        found = found || &x == &i;
    });
    p.unreachable = !found;
    const std::size_t kept = after - (found && !p.again ? 1 : 0);
    p.cut_off = p.endless || kept >= before ? 0 : before - kept;
    return p;
}

void SpilledList::remove(VgicInterrupt& i) {
    VgicInterrupt* before = nullptr;
    bool found = false;
    walk([&](VgicInterrupt& x) {
        found = found || &x == &i;
        if (!found)
            before = &x;
    });
    if (!found)
        return;
    (before != nullptr ? before->next_spilled : head_) = i.next_spilled;
    if (head_ == nullptr)
        tail_ = nullptr;
}

void SpilledList::push_once(VgicInterrupt& i) {
    if (!contains(i))
        push(i);
}

void SpilledList::remove_whole(VgicInterrupt& i) {
    remove(i);
    i.next_spilled = nullptr;
    tail_ = head_;
    walk([&](VgicInterrupt& x) { tail_ = &x; });
}

}  // namespace models::bao
