// How a device takes the chains of a queue one by one: kicks are suppressed while there are any,
// and asked for when there are none. After the OASIS VirtIO specification v1.4, 2.7.10 (available
// buffer notification suppression).
#pragma once

#include "vms/service/virtio/split_queue.h"

namespace vms::service {

class KickWait {
  public:
    /// The driver's kick: look again.
    void kicked() { waits_ = false; }

    /// The next chain. Empty: there is none and a kick will tell of it, or the queue is at fault.
    DescriptorChain take(SplitQueue& queue, ChainStorage& storage) {
        if (waits_)
            return {};
        if (!queue.available()) {
            waits_ = !queue.request_kick();
            if (waits_)
                return {};
        }
        queue.suppress_kicks();
        return queue.pop(storage);
    }

  private:
    bool waits_ = false;
};

}  // namespace vms::service
