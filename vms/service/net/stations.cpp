#include "vms/service/net/stations.h"

namespace vms::service {

namespace {
constexpr std::size_t swept_at_a_time = 2;
}

bool StationTable::know(ethernet::Address address, std::uint8_t port) {
    for (std::size_t i = 0; i < probes; ++i) {
        Entry& e = entries_[place(address, i)];
        if (e.port != no_port)
            continue;
        e = {address, for_good, port};
        ++stations_[port];
        return true;
    }
    return false;
}

void StationTable::learn(ethernet::Address address, std::uint8_t port, std::uint64_t now) {
    Entry* vacant = nullptr;
    for (std::size_t i = 0; i < probes; ++i) {
        Entry& e = entries_[place(address, i)];
        if (e.port == no_port) {
            if (vacant == nullptr)
                vacant = &e;
            continue;
        }
        if (e.address == address) {
            if (e.seen == for_good) {
                if (e.port != port)
                    ++counters_.refused;
                return;
            }
            if (e.port != port) {
                if (stations_[port] >= quota_[port]) {
                    // It is not where it was, and there is no place where it is.
                    release(e);
                    ++counters_.refused;
                    return;
                }
                --stations_[e.port];
                ++stations_[port];
                e.port = port;
                ++counters_.moved;
            }
            e.seen = now;
            return;
        }
        if (!alive(e, now)) {
            release(e);
            ++counters_.aged;
            if (vacant == nullptr)
                vacant = &e;
        }
    }
    if (vacant == nullptr || stations_[port] >= quota_[port]) {
        ++counters_.refused;
        return;
    }
    *vacant = {address, now, port};
    ++stations_[port];
    ++counters_.learned;
}

std::uint8_t StationTable::find(ethernet::Address address, std::uint64_t now) const {
    for (std::size_t i = 0; i < probes; ++i) {
        const Entry& e = entries_[place(address, i)];
        if (e.port != no_port && e.address == address)
            return alive(e, now) ? e.port : no_port;
    }
    return no_port;
}

void StationTable::forget(std::uint8_t port) {
    if (stations_[port] == 0)
        return;
    for (Entry& e : entries_)
        if (e.port == port)
            release(e);
}

void StationTable::sweep(std::uint64_t now) {
    for (std::size_t i = 0; i < swept_at_a_time; ++i) {
        Entry& e = entries_[sweep_at_];
        sweep_at_ = (sweep_at_ + 1) % capacity;
        if (e.port != no_port && !alive(e, now)) {
            release(e);
            ++counters_.aged;
        }
    }
}

}  // namespace vms::service
