#include "vms/service/virtio/descriptor_chain.h"

#include "vms/service/virtio/split_queue.h"

namespace vms::service {

namespace {
constexpr std::size_t line_bytes = 64;  // what Operation::memory_copy_line stands for

std::uint32_t lines(std::size_t bytes) {
    return static_cast<std::uint32_t>((bytes + line_bytes - 1) / line_bytes);
}
}  // namespace

void ChainCursor::skip(std::uint64_t n) {
    // Ends with the chain: every piece is a buffer of it, or the rest of n.
    while (n != 0) {
        const Segment piece = next(n);
        if (piece.length == 0)
            return;
        n -= piece.length;
    }
}

GuestAddr ChainCursor::address(std::uint64_t ahead) const {
    ahead += offset_;
    for (const Segment& s : segments_) {
        if (ahead < s.length)
            return s.address + ahead;
        ahead -= s.length;
    }
    return {};
}

std::size_t ChainReader::read(const SharedMemory& memory, std::span<std::byte> to) {
    std::size_t done = 0;
    while (done < to.size()) {
        const Segment piece = next(to.size() - done);
        if (piece.length == 0 || !memory.copy_in(to.subspan(done, piece.length), piece.address))
            break;
        done += piece.length;
    }
    memory.port().charge<Operation::memory_copy_line>(lines(done));
    return done;
}

std::size_t ChainWriter::write(const SharedMemory& memory, std::span<const std::byte> from) {
    std::size_t done = 0;
    while (done < from.size()) {
        const Segment piece = next(from.size() - done);
        if (piece.length == 0 || !memory.copy_out(piece.address, from.subspan(done, piece.length)))
            break;
        done += piece.length;
    }
    memory.port().charge<Operation::memory_copy_line>(lines(done));
    return done;
}

void DescriptorChain::drop_open() {
    queue_->chain_dropped(*this);
    close();
}

}  // namespace vms::service
