#include "vms/service/net/stations.h"

namespace vms::service {

namespace {
constexpr std::size_t swept_at_a_time = 2;
}

bool StationTable::know(ethernet::Address address, std::uint8_t port, std::uint64_t now) {
    Entry* to = nullptr;
    for (std::size_t i = 0; i < probes; ++i) {
        Entry& e = entries_[place(address, i)];
        if (e.port != no_port && e.seen != for_good && !alive(e, now)) {
            release(e);
            ++counters_.aged;
        }
        if (e.port != no_port && e.address == address) {
            if (e.port != port)
                return false;
            to = &e;
            break;
        }
        // Of places that others have, one that was learned: it will be learned again.
        const bool better = e.port == no_port ? to == nullptr || to->port != no_port
                                              : to == nullptr && e.seen != for_good;
        if (better)
            to = &e;
    }
    if (to == nullptr)
        return false;
    if (to->port != no_port)
        release(*to);
    *to = {address, for_good, port};
    return true;
}

void StationTable::unknow(ethernet::Address address, std::uint8_t port) {
    for (std::size_t i = 0; i < probes; ++i) {
        Entry& e = entries_[place(address, i)];
        if (e.port == port && e.address == address && e.seen == for_good)
            release(e);
    }
}

bool StationTable::learn(ethernet::Address address, std::uint8_t port, std::uint64_t now) {
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
                if (e.port == port)
                    return true;
                ++counters_.refused;
                return false;
            }
            if (e.port != port) {
                if (stations_[port] >= quota_[port]) {
                    // It is not where it was, and there is no place where it is.
                    release(e);
                    ++counters_.refused;
                    return true;
                }
                --stations_[e.port];
                ++stations_[port];
                e.port = port;
                ++counters_.moved;
            }
            e.seen = now;
            return true;
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
        return true;
    }
    *vacant = {address, now, port};
    ++stations_[port];
    ++counters_.learned;
    return true;
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
        if (e.port == port && e.seen != for_good)
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
