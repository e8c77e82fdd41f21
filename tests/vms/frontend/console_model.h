// A device for the driver tests: the register file of a virtio-mmio console and as much of a
// back-end as answers one driver, written straight from the specification (OASIS VirtIO v1.4, 2.7
// and 4.2.2) and independent of both the drivers and the service guest. It can be told to
// misbehave.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "machine.h"

namespace frontend_test {

class ConsoleModel final : public Device {
  public:
    // What it is.
    std::uint32_t magic = 0x74726976;
    std::uint32_t version = 2;
    std::uint32_t device_id = 3;
    std::uint64_t features = std::uint64_t{1} << 32 | std::uint64_t{1} << 33;
    std::array<std::uint32_t, 2> queue_size_max{8, 8};

    // How it misbehaves.
    std::uint64_t refused_features = 0;  ///< FEATURES_OK does not stick when one is accepted
    bool queue_busy = false;             ///< QueueReady reads 1
    bool needs_reset_at_driver_ok = false;
    bool wrong_used_id = false;
    bool silent = false;  ///< never uses a buffer

    // How it works.
    std::uint64_t latency_ns = 5'000;  ///< from a notification to the work
    std::uint16_t interrupt = 79;

    std::string output;  ///< what the driver has transmitted
    unsigned transmit_buffers = 0;
    std::uint32_t largest_transmit = 0;
    std::uint64_t accepted = 0;
    std::array<std::uint32_t, 2> size{};

    explicit ConsoleModel(Machine& m) : m_(m) { reset(); }

    /// Input arrives at a time.
    void type(std::string_view text, std::uint64_t at_ns) {
        waiting_ += text;
        input_at_ = at_ns;
    }
    /// The device has failed while at work: 2.1.2.
    void break_down(std::uint64_t at_ns) { breaks_at_ = at_ns; }
    std::size_t unread() const { return waiting_.size() + input_.size(); }

    std::uint64_t load(std::uint32_t offset, vms::Width) override {
        switch (offset) {
            case 0x000:
                return magic;
            case 0x004:
                return version;
            case 0x008:
                return device_id;
            case 0x00c:
                return 0x554d4551;
            case 0x010:
                return device_word_ < 2 ? features >> (32 * device_word_) & 0xffffffff : 0;
            case 0x034:
                return selected_ < 2 ? queue_size_max[selected_] : 0;
            case 0x044:
                return queue_busy || (selected_ < 2 && queues_[selected_].ready) ? 1 : 0;
            case 0x060:
                return interrupt_status_;
            case 0x070:
                return status_;
            case 0x104:
                return 1;
            default:
                return 0;
        }
    }

    void store(std::uint32_t offset, vms::Width, std::uint64_t v) override {
        const auto word = static_cast<std::uint32_t>(v);
        Queue& q = queues_[selected_ % 2];
        switch (offset) {
            case 0x014:
                device_word_ = word;
                break;
            case 0x024:
                driver_word_ = word;
                break;
            case 0x020:
                if (driver_word_ < 2)
                    accepted |= std::uint64_t{word} << (32 * driver_word_);
                break;
            case 0x030:
                selected_ = word;
                break;
            case 0x038:
                size[selected_ % 2] = word;
                break;
            case 0x044:
                q.ready = word != 0;
                break;
            case 0x050:
                if (word < 2 && due_[word] == UINT64_MAX)
                    due_[word] = m_.now_ns() + latency_ns;
                break;
            case 0x064:
                interrupt_status_ &= ~word;
                break;
            case 0x070:
                write_status(word);
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
        return std::min({due_[0], due_[1], waiting_.empty() ? UINT64_MAX : input_at_, breaks_at_});
    }

    void step(std::uint64_t now) override {
        const bool works = (status_ & 4) != 0 && !silent;
        if (!waiting_.empty() && input_at_ <= now) {
            input_ += waiting_;
            waiting_.clear();
            due_[0] = now;
        }
        for (const std::size_t q : {std::size_t{0}, std::size_t{1}}) {
            if (due_[q] > now)
                continue;
            due_[q] = UINT64_MAX;
            if (works && q == 0)
                receive();
            if (works && q == 1)
                transmit();
        }
        if (breaks_at_ <= now) {
            breaks_at_ = UINT64_MAX;
            status_ |= 64;
            raise(2);
        }
    }

  private:
    struct Queue {
        bool ready = false;
        std::uint64_t desc = 0;
        std::uint64_t driver = 0;
        std::uint64_t device = 0;
        std::uint16_t taken = 0;  ///< available entries taken
        std::uint16_t used = 0;
    };

    void reset() {
        status_ = 0;
        interrupt_status_ = 0;
        accepted = 0;
        size = queue_size_max;
        queues_ = {};
    }
    void write_status(std::uint32_t v) {
        if (v == 0) {
            reset();
            return;
        }
        if ((v & 8) != 0 && (accepted & (refused_features | ~features)) != 0)
            v &= ~8u;
        status_ = v;
        if ((v & 4) != 0 && needs_reset_at_driver_ok)
            status_ |= 64;
    }
    void raise(std::uint32_t bits) {
        interrupt_status_ |= bits;
        m_.raise(interrupt);
    }
    bool event_index() const { return (accepted >> 29 & 1) != 0; }

    bool available(const Queue& q) const {
        return q.ready && m_.peek<std::uint16_t>(q.driver + 2) != q.taken;
    }
    std::uint16_t take(Queue& q, std::uint32_t n) {
        const auto head = m_.peek<std::uint16_t>(q.driver + 4 + 2 * (q.taken % n));
        ++q.taken;
        if (event_index())
            m_.poke<std::uint16_t>(q.device + 4 + 8 * n, q.taken);
        return head;
    }
    void put(Queue& q, std::uint32_t n, std::uint32_t id, std::uint32_t length) {
        const std::uint64_t entry = q.device + 4 + 8 * (q.used % n);
        m_.poke<std::uint32_t>(entry, wrong_used_id ? 0xffff : id);
        m_.poke<std::uint32_t>(entry + 4, length);
        const std::uint16_t before = q.used++;
        m_.poke<std::uint16_t>(q.device + 2, q.used);
        const auto event = m_.peek<std::uint16_t>(q.driver + 4 + 2 * n);
        const bool wanted =
            event_index() ? event == before : (m_.peek<std::uint16_t>(q.driver) & 1) == 0;
        if (wanted)
            raise(1);
    }
    void transmit() {
        Queue& q = queues_[1];
        while (available(q)) {
            const std::uint16_t head = take(q, size[1]);
            const std::uint64_t d = q.desc + 16 * head;
            const auto length = m_.peek<std::uint32_t>(d + 8);
            for (std::uint32_t i = 0; i < length; ++i)
                output.push_back(m_.peek<char>(m_.peek<std::uint64_t>(d) + i));
            ++transmit_buffers;
            largest_transmit = std::max(largest_transmit, length);
            put(q, size[1], head, 0);
        }
    }
    void receive() {
        Queue& q = queues_[0];
        while (!input_.empty() && available(q)) {
            const std::uint16_t head = take(q, size[0]);
            const std::uint64_t d = q.desc + 16 * head;
            const std::uint32_t room = m_.peek<std::uint32_t>(d + 8);
            const auto n = static_cast<std::uint32_t>(std::min<std::size_t>(room, input_.size()));
            for (std::uint32_t i = 0; i < n; ++i)
                m_.poke<char>(m_.peek<std::uint64_t>(d) + i, input_[i]);
            input_.erase(0, n);
            put(q, size[0], head, n);
        }
    }

    Machine& m_;
    std::uint32_t device_word_ = 0;
    std::uint32_t driver_word_ = 0;
    std::uint32_t selected_ = 0;
    std::uint32_t status_ = 0;
    std::uint32_t interrupt_status_ = 0;
    std::array<Queue, 2> queues_{};
    std::array<std::uint64_t, 2> due_{UINT64_MAX, UINT64_MAX};
    std::string waiting_;
    std::uint64_t input_at_ = UINT64_MAX;
    std::string input_;
    std::uint64_t breaks_at_ = UINT64_MAX;
};

}  // namespace frontend_test
