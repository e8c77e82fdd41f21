// A device for the driver tests: the register file of a virtio-mmio console and as much of a
// back-end as answers one driver, written straight from the specification (OASIS VirtIO v1.4, 2.7,
// 4.2.2 and 5.3) and independent of both the drivers and the service guest. It can have several
// ports, and be told to misbehave.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "machine.h"

namespace frontend_test {

class ConsoleModel final : public Device {
  public:
    // What it is.
    std::uint32_t magic = 0x74726976;
    std::uint32_t version = 2;
    std::uint32_t device_id = 3;
    std::uint64_t features = std::uint64_t{1} << 32 | std::uint64_t{1} << 33;
    std::vector<std::uint32_t> queue_size_max{8, 8};
    std::uint16_t cols = 0;
    std::uint16_t rows = 0;

    /// A port, with MULTIPORT: what the device says of it once the driver is ready for it.
    struct Port {
        bool console = false;
        bool host_open = false;
        std::string name = {};
        bool resizes = false;
        std::string output = {};
        std::string waiting = {};
        std::uint64_t input_at = UINT64_MAX;
        std::string input = {};
    };
    std::vector<Port> ports = std::vector<Port>(1);

    // How it misbehaves.
    std::uint64_t refused_features = 0;  ///< FEATURES_OK does not stick when one is accepted
    bool queue_busy = false;             ///< QueueReady reads 1
    /// NEEDS_RESET comes up when the driver sets one of these bits of Status; with DRIVER_OK the
    /// device's own, for a device that has failed at once.
    std::uint32_t needs_reset_at = 0;
    unsigned reset_takes_reads = 0;  ///< Status reads 128 as often after a reset
    bool wrong_used_id = false;
    bool silent = false;  ///< never uses a buffer

    // How it works.
    std::uint64_t latency_ns = 5'000;  ///< from a notification to the work
    std::uint16_t interrupt = 79;

    std::string output;  ///< what the driver has transmitted
    unsigned transmit_buffers = 0;
    std::uint32_t largest_transmit = 0;
    std::uint64_t accepted = 0;
    std::vector<std::uint32_t> size;
    std::size_t announced = SIZE_MAX;  ///< ports that DEVICE_READY brings, at most
    bool takes_without_using = false;  ///< transmit buffers: read, but not given back
    std::string emergency;             ///< written to emerg_wr
    std::vector<std::string> control;  ///< messages of the driver: "3 1 1": event, id, value

    explicit ConsoleModel(Machine& m) : m_(m) { reset(); }

    void make_multiport(std::vector<Port> of) {
        ports = std::move(of);
        features |= 2;
        queue_size_max.assign(2 * ports.size() + 2, 8);
        reset();
    }
    /// Input arrives at a time.
    void type(std::string_view text, std::uint64_t at_ns, std::size_t port = 0) {
        ports[port].waiting += text;
        ports[port].input_at = at_ns;
    }
    /// Input to port 0, a byte after the other.
    void trickle(std::string_view text, std::uint64_t from_ns, std::uint64_t every_ns) {
        trickling_ = text;
        trickle_at_ = from_ns;
        trickle_every_ = every_ns;
    }
    /// A control message to the driver, now.
    void say(std::uint16_t event, std::uint32_t id, std::uint16_t value,
             const std::string& rest = {}) {
        std::string m;
        for (int i = 0; i < 4; ++i)
            m.push_back(static_cast<char>(id >> (8 * i)));
        for (const std::uint16_t half : {event, value})
            for (int i = 0; i < 2; ++i)
                m.push_back(static_cast<char>(half >> (8 * i)));
        messages_.push_back(m + rest);
        due_[2] = m_.now_ns() + latency_ns;
    }
    void say_raw(std::string message) {
        messages_.push_back(std::move(message));
        due_[2] = m_.now_ns() + latency_ns;
    }
    /// After queue_size_max was changed.
    void restart_registers() { reset(); }
    static std::string halves(std::uint16_t a, std::uint16_t b) {
        return {static_cast<char>(a), static_cast<char>(a >> 8), static_cast<char>(b),
                static_cast<char>(b >> 8)};
    }
    void change_size(std::uint16_t c, std::uint16_t r) {
        cols = c;
        rows = r;
        raise(2);
    }
    /// The device has failed while at work: 2.1.2.
    void break_down(std::uint64_t at_ns) { breaks_at_ = at_ns; }
    std::size_t unread() const { return ports[0].waiting.size() + ports[0].input.size(); }
    void raise(std::uint32_t bits) {
        interrupt_status_ |= bits;
        m_.raise(interrupt);
    }

    std::uint64_t load(std::uint32_t offset, vms::Width w) override {
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
                return selected_ < queues_.size() ? queue_size_max[selected_] : 0;
            case 0x044:
                return queue_busy || (selected_ < queues_.size() && queues_[selected_].ready) ? 1
                                                                                              : 0;
            case 0x060:
                return interrupt_status_;
            case 0x070:
                if (resetting_ != 0) {
                    --resetting_;
                    return 128;
                }
                return status_;
            case 0x100:
                return w == vms::Width::word ? cols | std::uint64_t{rows} << 16 : cols;
            case 0x102:
                return rows;
            case 0x104:
                return ports.size();
            default:
                return 0;
        }
    }

    void store(std::uint32_t offset, vms::Width, std::uint64_t v) override {
        const auto word = static_cast<std::uint32_t>(v);
        Queue& q = queues_[selected_ % queues_.size()];
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
                size[selected_ % size.size()] = word;
                break;
            case 0x044:
                q.ready = word != 0;
                break;
            case 0x050:
                if (word < due_.size() && due_[word] == UINT64_MAX)
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
            case 0x108:
                emergency.push_back(static_cast<char>(word));
                break;
            default:
                break;
        }
    }

    std::uint64_t next_ns() const override {
        std::uint64_t next = std::min(breaks_at_, trickle_at_);
        for (const std::uint64_t due : due_)
            next = std::min(next, due);
        for (const Port& p : ports)
            next = std::min(next, p.waiting.empty() ? UINT64_MAX : p.input_at);
        return next;
    }

    void step(std::uint64_t now) override {
        const bool works = (status_ & 4) != 0 && !silent;
        for (; trickle_at_ <= now; trickle_at_ += trickle_every_) {
            if (trickled_ == trickling_.size()) {
                trickle_at_ = UINT64_MAX;
                break;
            }
            ports[0].input.push_back(trickling_[trickled_++]);
            due_[0] = now;
        }
        for (std::size_t i = 0; i < ports.size(); ++i) {
            Port& p = ports[i];
            if (p.waiting.empty() || p.input_at > now)
                continue;
            p.input += p.waiting;
            p.waiting.clear();
            due_[receiveq(i)] = now;
        }
        for (std::size_t q = 0; q < due_.size(); ++q) {
            if (due_[q] > now)
                continue;
            due_[q] = UINT64_MAX;
            if (!works)
                continue;
            if (q == 2)
                send_messages();
            else if (q == 3)
                receive_messages();
            else if (q % 2 == 0)
                receive(port_of(q));
            else
                transmit(port_of(q));
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

    static std::size_t receiveq(std::size_t port) { return port == 0 ? 0 : 2 + 2 * port; }
    static std::size_t port_of(std::size_t queue) { return queue < 2 ? 0 : queue / 2 - 1; }

    void reset() {
        status_ = 0;
        interrupt_status_ = 0;
        accepted = 0;
        size = queue_size_max;
        queues_.assign(queue_size_max.size(), {});
        due_.assign(std::max<std::size_t>(queue_size_max.size(), 4), UINT64_MAX);
        messages_.clear();
    }
    void write_status(std::uint32_t v) {
        if (v == 0) {
            reset();
            resetting_ = reset_takes_reads;
            return;
        }
        if ((v & 8) != 0 && (accepted & (refused_features | ~features)) != 0)
            v &= ~8u;
        status_ = v;
        if ((v & needs_reset_at) != 0)
            status_ |= 64;
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
    std::string bytes_of(const Queue& q, std::uint16_t head) const {
        const std::uint64_t d = q.desc + 16 * head;
        std::string text;
        for (std::uint32_t i = 0; i < m_.peek<std::uint32_t>(d + 8); ++i)
            text.push_back(m_.peek<char>(m_.peek<std::uint64_t>(d) + i));
        return text;
    }
    /// Returns how many bytes there was room for.
    std::size_t fill(Queue& q, std::uint32_t n, std::string_view text) {
        const std::uint16_t head = take(q, n);
        const std::uint64_t d = q.desc + 16 * head;
        const std::size_t length =
            std::min<std::size_t>(m_.peek<std::uint32_t>(d + 8), text.size());
        for (std::size_t i = 0; i < length; ++i)
            m_.poke<char>(m_.peek<std::uint64_t>(d) + i, text[i]);
        put(q, n, head, static_cast<std::uint32_t>(length));
        return length;
    }
    void transmit(std::size_t port) {
        const std::size_t index = receiveq(port) + 1;
        Queue& q = queues_[index];
        while (available(q)) {
            const std::uint16_t head = take(q, size[index]);
            const std::string text = bytes_of(q, head);
            (port == 0 ? output : ports[port].output) += text;
            ++transmit_buffers;
            largest_transmit = std::max(largest_transmit, static_cast<std::uint32_t>(text.size()));
            if (!takes_without_using)
                put(q, size[index], head, 0);
        }
    }
    void receive(std::size_t port) {
        const std::size_t index = receiveq(port);
        Queue& q = queues_[index];
        std::string& input = ports[port].input;
        while (!input.empty() && available(q))
            input.erase(0, fill(q, size[index], input));
    }
    void send_messages() {
        while (!messages_.empty() && available(queues_[2])) {
            fill(queues_[2], size[2], messages_.front());
            messages_.pop_front();
        }
    }
    void receive_messages() {
        while (available(queues_[3])) {
            const std::uint16_t head = take(queues_[3], size[3]);
            const std::string m = bytes_of(queues_[3], head);
            put(queues_[3], size[3], head, 0);
            const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(m[i]); };
            const std::uint32_t id =
                at(0) | at(1) << 8 | at(2) << 16 | static_cast<std::uint32_t>(at(3)) << 24;
            const unsigned event = at(4) | at(5) << 8u;
            const unsigned value = at(6) | at(7) << 8u;
            control.push_back(fmt::format("{} {:x} {}", event, id, value));
            if (event == 0)
                for (std::size_t i = 0; i < std::min(ports.size(), announced); ++i)
                    say(1, static_cast<std::uint32_t>(i), 0);
            if (event == 3 && value == 1)
                introduce(id);
        }
    }
    void introduce(std::uint32_t id) {
        const Port& p = ports[id];
        if (p.console)
            say(4, id, 1);
        if (p.resizes)
            say(5, id, 0, halves(cols, rows));
        if (!p.name.empty())
            say(7, id, 1, p.name);
        if (p.host_open)
            say(6, id, 1);
    }

    Machine& m_;
    std::uint32_t device_word_ = 0;
    std::uint32_t driver_word_ = 0;
    std::uint32_t selected_ = 0;
    std::uint32_t status_ = 0;
    unsigned resetting_ = 0;
    std::uint32_t interrupt_status_ = 0;
    std::vector<Queue> queues_;
    std::vector<std::uint64_t> due_;
    std::deque<std::string> messages_;
    std::uint64_t breaks_at_ = UINT64_MAX;
    std::string trickling_;
    std::size_t trickled_ = 0;
    std::uint64_t trickle_at_ = UINT64_MAX;
    std::uint64_t trickle_every_ = 0;
};

}  // namespace frontend_test
