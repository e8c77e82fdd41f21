// The GEM's transmitter: descriptors and buffers read by DMA into the packet buffer, the frame
// handed to the link, its status written back. UG1085, "Transmit Buffer Descriptors"; UG585, 16.3.
#include <algorithm>
#include <cstring>

#include "models/nic/cadence_gem.h"
#include "models/nic/checksum_offload.h"
#include "vms/workload/crc32.h"

namespace models {

namespace {

/// More buffers than a frame can have: a ring without a last buffer ends here.
constexpr unsigned most_buffers = 1024;

}  // namespace

void CadenceGem::start_transmission(Picos now) {
    if (go_)
        return;
    go_ = true;
    tx_waits_for_room_ = false;
    fetch_at_ = now + parameters_.descriptor_read;
}

CadenceGem::Gathered CadenceGem::gather() {
    if (gathered_ == nullptr)
        gathered_ = pool_.make(0);
    std::vector<std::byte>& bytes = gathered_->bytes;
    bytes.clear();
    gathered_buffers_ = 0;
    std::uint32_t pointer = tx_pointer_;
    for (;;) {
        const std::byte* at =
            dma_.readable(at_pointer(pointer, gem::upper_tx_q_base_addr), descriptor_bytes());
        if (at == nullptr)
            return Gathered::refused;
        const Descriptor d = descriptor_at(at);
        if ((d.status & gem::tx_descriptor::used) != 0)
            return gathered_buffers_ == 0 ? Gathered::nothing : Gathered::incomplete;
        if (gathered_buffers_ == 0)
            gathered_no_crc_ = (d.status & gem::tx_descriptor::no_crc) != 0;
        const std::uint32_t length = d.status & gem::tx_descriptor::length_mask;
        if (++gathered_buffers_ > most_buffers ||
            bytes.size() + length > parameters_.tx_buffer_bytes)
            return Gathered::incomplete;
        if (length != 0) {
            const vms::GuestAddr from{std::uint64_t{d.upper} << 32 | d.word0};
            const std::byte* p = dma_.readable(from, length);
            if (p == nullptr)
                return Gathered::refused;
            bytes.insert(bytes.end(), p, p + length);
        }
        pointer = after(pointer, (d.status & gem::tx_descriptor::wrap) != 0, tx_base_);
        if ((d.status & gem::tx_descriptor::last) != 0) {
            gathered_next_ = pointer;
            return bytes.empty() ? Gathered::incomplete : Gathered::frame;
        }
    }
}

void CadenceGem::fetch(Picos now) {
    fetch_at_ = Picos::never();
    switch (gather()) {
        case Gathered::frame:
            if (tx_used_ + gathered_->bytes.size() > parameters_.tx_buffer_bytes)
                tx_waits_for_room_ = true;
            else
                transmit(now);
            return;
        case Gathered::nothing:
            bank_.at(gem::transmit_status) |= gem::tx::used_bit_read;
            raise(gem::interrupt::tx_used_bit_read);
            break;
        case Gathered::refused:
            ++counters_.bus_errors;
            bank_.at(gem::transmit_status) |= gem::tx::resp_not_ok;
            raise(gem::interrupt::resp_not_ok |
                  (gathered_buffers_ != 0 ? gem::interrupt::amba_error : 0));
            break;
        case Gathered::incomplete:
            // Sending starts again at the frame's first buffer (UG585, 16.3.7).
            ++counters_.tx_errors;
            bank_.at(gem::transmit_status) |= gem::tx::amba_error;
            raise(gem::interrupt::amba_error);
            break;
    }
    stop_transmission();
}

void CadenceGem::transmit(Picos now) {
    std::vector<std::byte>& bytes = gathered_->bytes;
    const std::size_t read = bytes.size();
    bool fcs_good = true;
    if (gathered_no_crc_) {
        // The driver has brought padding and FCS.
        vms::workload::Crc32 crc;
        std::uint32_t fcs = 0;
        const std::size_t covered = read < wire::fcs_bytes ? 0 : read - wire::fcs_bytes;
        crc.update(std::span(bytes).first(covered));
        std::memcpy(&fcs, bytes.data() + covered, read - covered);
        fcs_good = read > wire::fcs_bytes && fcs == crc.value();
        bytes.resize(covered);
    } else {
        if (has(gem::dma_config, gem::dma::tx_checksum))
            make_checksums(bytes);
        if (read < wire::min_frame_bytes)
            bytes.resize(wire::min_frame_bytes);
    }

    const vms::GuestAddr first = at_pointer(tx_pointer_, gem::upper_tx_q_base_addr);
    tx_pointer_ = gathered_next_;
    // All of it is in the packet buffer:
    const Picos ready{now.value + gathered_buffers_ * parameters_.data_latency.value +
                      (gathered_buffers_ - 1) * parameters_.descriptor_read.value +
                      data_time(read).value};
    fetch_at_ = ready + parameters_.descriptor_read;

    Sent s{
        std::move(gathered_), first, {}, has(gem::network_control, gem::control::loopback_local)};
    const std::size_t on_wire = s.frame->bytes.size();
    constexpr std::uint64_t picos_per_second = 1'000'000'000'000;
    const Picos before = sent_.empty() ? Picos{} : sent_[sent_.size() - 1].done;
    if (!s.looped && fcs_good && speed_fits(now)) {
        const Picos gap{wire::gap_bytes * 8 * picos_per_second / link_.rate()};
        s.done = link_.send(s.frame, ready) - gap;
        ++counters_.tx_frames;
        counters_.tx_bytes += on_wire;
    } else {
        // It leaves the MAC all the same, and takes its time.
        ++(s.looped ? counters_.tx_looped : fcs_good ? counters_.tx_no_link : counters_.tx_bad_fcs);
        const Picos begin = std::max(ready, before);
        s.done = begin + Picos{wire::wire_bytes(on_wire) * 8'000'000 / mac_mbps()};
    }
    s.done = std::max(s.done + parameters_.descriptor_write, before);
    tx_used_ += on_wire;
    sent_.push(std::move(s));
}

void CadenceGem::complete_transmission(Picos now) {
    const Sent s = sent_.pop();
    tx_used_ -= s.frame->bytes.size();
    if (std::byte* p = dma_.writable(s.descriptor, descriptor_bytes())) {
        std::uint32_t status = 0;
        std::memcpy(&status, p + 4, 4);
        status |= gem::tx_descriptor::used;
        std::memcpy(p + 4, &status, 4);
        dma_.written(p, 8);
    } else {
        ++counters_.bus_errors;
        bank_.at(gem::transmit_status) |= gem::tx::resp_not_ok;
        raise(gem::interrupt::resp_not_ok);
    }
    count_frame(gem::octets_txed_bottom, *s.frame);
    bank_.at(gem::transmit_status) |= gem::tx::transmit_complete;
    raise(gem::interrupt::transmit_complete);
    if (tx_waits_for_room_) {
        tx_waits_for_room_ = false;
        fetch_at_ = now;
    }
    if (s.looped)
        receive(s.frame, now);
}

}  // namespace models
