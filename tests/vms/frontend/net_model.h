// A network device for the driver tests: the register file of virtio-mmio and as much of a back-end
// as answers one driver, written straight from the specification (OASIS VirtIO v1.4, 2.7, 4.2.2 and
// 5.1) and independent of both the drivers and the service guest.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "machine.h"

namespace frontend_test {

using Bytes = std::vector<std::uint8_t>;

class NetModel final : public Device {
  public:
    // What it is. Features: MAC, STATUS, CTRL_VQ, CTRL_RX, VERSION_1, ACCESS_PLATFORM.
    std::uint64_t features = std::uint64_t{1} << 5 | std::uint64_t{1} << 16 |
                             std::uint64_t{1} << 17 | std::uint64_t{1} << 18 |
                             std::uint64_t{3} << 32;
    std::array<std::uint32_t, 3> queue_size_max{256, 256, 64};
    std::array<std::uint8_t, 6> mac{0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    std::uint16_t link = 1;
    std::uint16_t mtu = 1500;

    // How it works.
    std::uint64_t latency_ns = 5'000;  ///< from a notification to the work
    std::uint16_t interrupt = 79;
    bool takes_transmissions = true;
    bool answers_commands = true;
    std::uint8_t ack = 0;
    /// Called with each transmitted frame, header included.
    std::function<void(const Bytes&)> on_frame;

    // What it saw.
    std::vector<Bytes> frames;  ///< with their headers; the last `kept` only
    std::size_t kept = 1000;
    std::uint64_t transmitted = 0;
    std::vector<std::size_t> segments;  ///< descriptors of each of `frames`
    std::vector<Bytes> commands;        ///< without the ack
    std::uint64_t interrupts = 0;
    std::uint64_t accepted = 0;
    std::array<std::uint32_t, 3> size{};
    std::array<unsigned, 3> notified{};
    std::vector<std::uint32_t> receive_lengths;  ///< of the buffers taken

    explicit NetModel(Machine& m) : m_(m) { reset(); }

    /// A frame arrives, its header before it.
    void arrive(Bytes frame, std::uint64_t at_ns) { waiting_.push_back({at_ns, std::move(frame)}); }
    void set_link(bool up, std::uint64_t at_ns) {
        link_at_ = at_ns;
        link_to_ = up ? 1 : 0;
    }
    /// The device has failed while at work: 2.1.2.
    void fail(std::uint64_t at_ns) { fails_at_ = at_ns; }
    std::size_t undelivered() const { return waiting_.size(); }
    std::uint16_t used_index(std::size_t q) const { return queues_[q].used; }
    /// What the driver has written for the interrupt of a queue.
    std::uint16_t used_event(std::size_t q) const {
        return m_.peek<std::uint16_t>(queues_[q].driver + 4 + 2 * size[q]);
    }
    std::uint16_t avail_flags(std::size_t q) const {
        return m_.peek<std::uint16_t>(queues_[q].driver);
    }
    std::uint16_t avail_index(std::size_t q) const {
        return m_.peek<std::uint16_t>(queues_[q].driver + 2);
    }
    std::uint64_t descriptors(std::size_t q) const { return queues_[q].desc; }
    /// Use what is available on the transmit queue now, at most `n` chains.
    void transmit(unsigned n = UINT32_MAX) {
        Queue& q = queues_[1];
        const std::uint16_t before = q.used;
        while (n-- != 0 && available(q)) {
            std::size_t count = 0;
            const std::uint16_t head = take(q, size[1]);
            Bytes frame = read_chain(q, head, count);
            ++transmitted;
            if (on_frame)
                on_frame(frame);
            frames.push_back(std::move(frame));
            segments.push_back(count);
            if (frames.size() > kept) {
                frames.erase(frames.begin());
                segments.erase(segments.begin());
            }
            put(q, size[1], head, 0);
        }
        publish(1, before);
    }

    std::uint64_t load(std::uint32_t offset, vms::Width w) override {
        switch (offset) {
            case 0x000:
                return 0x74726976;
            case 0x004:
                return 2;
            case 0x008:
                return 1;
            case 0x00c:
                return 0x554d4551;
            case 0x010:
                return device_word_ < 2 ? features >> (32 * device_word_) & 0xffffffff : 0;
            case 0x034:
                return selected_ < 3 ? queue_size_max[selected_] : 0;
            case 0x044:
                return selected_ < 3 && queues_[selected_].ready ? 1 : 0;
            case 0x060:
                return interrupt_status_;
            case 0x070:
                return status_;
            case 0x106:
                return w == vms::Width::half ? link : 0;
            case 0x10a:
                return mtu;
            case 0x10c:
                return 1000;
            case 0x110:
                return 1;
            default:
                return offset >= 0x100 && offset < 0x106 ? mac[offset - 0x100] : 0;
        }
    }

    void store(std::uint32_t offset, vms::Width, std::uint64_t v) override {
        const auto word = static_cast<std::uint32_t>(v);
        Queue& q = queues_[selected_ % 3];
        switch (offset) {
            case 0x014:
                device_word_ = word;
                break;
            case 0x024:
                driver_word_ = word;
                break;
            case 0x020: {
                const unsigned shift = 32 * (driver_word_ % 2);
                accepted &= ~(std::uint64_t{0xffffffff} << shift);
                accepted |= std::uint64_t{word} << shift;
                break;
            }
            case 0x030:
                selected_ = word;
                break;
            case 0x038:
                size[selected_ % 3] = word;
                break;
            case 0x044:
                q.ready = word != 0;
                break;
            case 0x050:
                ++notified[word % 3];
                if (word < 3 && due_[word] == UINT64_MAX)
                    due_[word] = m_.now_ns() + latency_ns;
                break;
            case 0x064:
                interrupt_status_ &= ~word;
                break;
            case 0x070:
                if (word == 0)
                    reset();
                status_ = word;
                break;
            case 0x080:
                q.desc = word;
                break;
            case 0x090:
                q.driver = word;
                break;
            case 0x0a0:
                q.device = word;
                break;
            default:
                break;
        }
    }

    std::uint64_t next_ns() const override {
        std::uint64_t next = std::min({due_[0], due_[1], due_[2], link_at_, fails_at_});
        // What finds no buffer waits for a notification.
        if (!waiting_.empty() && (waiting_.front().at > m_.now_ns() || available(queues_[0])))
            next = std::min(next, waiting_.front().at);
        return next;
    }

    void step(std::uint64_t now) override {
        if (stepping_)
            return;
        stepping_ = true;
        if (due_[2] <= now) {
            due_[2] = UINT64_MAX;
            if (answers_commands)
                control();
        }
        if (due_[1] <= now) {
            due_[1] = UINT64_MAX;
            if (takes_transmissions)
                transmit();
        }
        if (due_[0] <= now)
            due_[0] = UINT64_MAX;
        receive(now);
        if (link_at_ <= now) {
            link_at_ = UINT64_MAX;
            link = link_to_;
            raise(2);
        }
        if (fails_at_ <= now) {
            fails_at_ = UINT64_MAX;
            status_ |= 64;
            raise(2);
        }
        stepping_ = false;
    }

  private:
    struct Queue {
        bool ready = false;
        std::uint64_t desc = 0;
        std::uint64_t driver = 0;
        std::uint64_t device = 0;
        std::uint16_t taken = 0;
        std::uint16_t used = 0;
    };
    struct Arrival {
        std::uint64_t at;
        Bytes frame;
    };
    struct Piece {
        std::uint64_t address;
        std::uint32_t length;
        bool writable;
    };

    void reset() {
        status_ = 0;
        interrupt_status_ = 0;
        accepted = 0;
        size = queue_size_max;
        queues_ = {};
    }
    void raise(std::uint32_t bits) {
        interrupt_status_ |= bits;
        ++interrupts;
        m_.raise(interrupt);
    }
    bool event_index() const { return (accepted >> 29 & 1) != 0; }
    bool available(const Queue& q) const {
        return q.ready && (status_ & 4) != 0 && m_.peek<std::uint16_t>(q.driver + 2) != q.taken;
    }
    std::uint16_t take(Queue& q, std::uint32_t n) {
        const auto head = m_.peek<std::uint16_t>(q.driver + 4 + 2 * (q.taken % n));
        ++q.taken;
        if (event_index())
            m_.poke<std::uint16_t>(q.device + 4 + 8 * n, q.taken);
        return head;
    }
    std::vector<Piece> chain(const Queue& q, std::uint16_t head) const {
        std::vector<Piece> pieces;
        std::uint64_t table = q.desc;
        std::uint64_t d = table + 16 * head;
        if ((m_.peek<std::uint16_t>(d + 12) & 4) != 0) {
            table = m_.peek<std::uint64_t>(d);
            d = table;
        }
        for (;;) {
            const auto flags = m_.peek<std::uint16_t>(d + 12);
            pieces.push_back(
                {m_.peek<std::uint64_t>(d), m_.peek<std::uint32_t>(d + 8), (flags & 2) != 0});
            if ((flags & 1) == 0)
                return pieces;
            d = table + 16 * std::uint64_t{m_.peek<std::uint16_t>(d + 14)};
        }
    }
    Bytes read_chain(const Queue& q, std::uint16_t head, std::size_t& count) const {
        Bytes out;
        for (const Piece& p : chain(q, head)) {
            ++count;
            for (std::uint32_t i = 0; !p.writable && i < p.length; ++i)
                out.push_back(m_.peek<std::uint8_t>(p.address + i));
        }
        return out;
    }
    void put(Queue& q, std::uint32_t n, std::uint32_t id, std::uint32_t length) {
        const std::uint64_t entry = q.device + 4 + 8 * (q.used % n);
        m_.poke<std::uint32_t>(entry, id);
        m_.poke<std::uint32_t>(entry + 4, length);
        ++q.used;
    }
    /// The used index, and the interrupt if the driver wants one (2.7.7.2).
    void publish(std::size_t i, std::uint16_t before) {
        Queue& q = queues_[i];
        if (q.used == before)
            return;
        m_.poke<std::uint16_t>(q.device + 2, q.used);
        const auto event = used_event(i);
        const bool wanted = event_index() ? static_cast<std::uint16_t>(q.used - event - 1) <
                                                static_cast<std::uint16_t>(q.used - before)
                                          : (m_.peek<std::uint16_t>(q.driver) & 1) == 0;
        if (wanted)
            raise(1);
    }
    void control() {
        Queue& q = queues_[2];
        const std::uint16_t before = q.used;
        while (available(q)) {
            const std::uint16_t head = take(q, size[2]);
            std::size_t count = 0;
            commands.push_back(read_chain(q, head, count));
            m_.poke<std::uint8_t>(chain(q, head).back().address, ack);
            put(q, size[2], head, 1);
        }
        publish(2, before);
    }
    /// 5.1.9.4.1: over as many buffers as it takes when MRG_RXBUF was negotiated.
    void receive(std::uint64_t now) {
        Queue& q = queues_[0];
        const std::uint16_t before = q.used;
        while (!waiting_.empty() && waiting_.front().at <= now) {
            Bytes& frame = waiting_.front().frame;
            if (!deliver(q, frame))
                break;
            waiting_.pop_front();
        }
        publish(0, before);
    }
    bool deliver(Queue& q, Bytes& frame) {
        std::vector<std::pair<std::uint16_t, std::uint32_t>> used;
        std::size_t done = 0;
        std::uint64_t num_buffers = 0;
        const std::uint16_t taken = q.taken;
        while (done < frame.size()) {
            if (!available(q)) {
                q.taken = taken;
                return false;
            }
            const std::uint16_t head = take(q, size[0]);
            std::uint32_t length = 0;
            for (const Piece& p : chain(q, head)) {
                if (done == 0 && length == 0)
                    num_buffers = p.address + 10;
                receive_lengths.push_back(p.length);
                for (std::uint32_t i = 0; i < p.length && done < frame.size(); ++i, ++length)
                    m_.poke<std::uint8_t>(p.address + i, frame[done++]);
            }
            used.push_back({head, length});
        }
        if (num_buffers != 0 && frame.size() >= 12 && !wrong_buffer_count)
            m_.poke<std::uint16_t>(num_buffers, static_cast<std::uint16_t>(used.size()));
        for (const auto& [head, length] : used)
            put(q, size[0], head, length);
        return true;
    }

  public:
    bool wrong_buffer_count = false;  ///< num_buffers stays as the frame has it

  private:
    Machine& m_;
    bool stepping_ = false;
    std::uint32_t device_word_ = 0;
    std::uint32_t driver_word_ = 0;
    std::uint32_t selected_ = 0;
    std::uint32_t status_ = 0;
    std::uint32_t interrupt_status_ = 0;
    std::array<Queue, 3> queues_{};
    std::array<std::uint64_t, 3> due_{UINT64_MAX, UINT64_MAX, UINT64_MAX};
    std::deque<Arrival> waiting_;
    std::uint64_t link_at_ = UINT64_MAX;
    std::uint16_t link_to_ = 0;
    std::uint64_t fails_at_ = UINT64_MAX;
};

}  // namespace frontend_test
