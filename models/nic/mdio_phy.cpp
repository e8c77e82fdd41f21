#include "models/nic/mdio_phy.h"

namespace models {

namespace {

// BMCR, 22.2.4.1
constexpr std::uint16_t bmcr_reset = 1U << 15;
constexpr std::uint16_t bmcr_speed_100 = 1U << 13;
constexpr std::uint16_t bmcr_autoneg = 1U << 12;
constexpr std::uint16_t bmcr_power_down = 1U << 11;
constexpr std::uint16_t bmcr_isolate = 1U << 10;
constexpr std::uint16_t bmcr_restart = 1U << 9;
constexpr std::uint16_t bmcr_full_duplex = 1U << 8;
constexpr std::uint16_t bmcr_speed_1000 = 1U << 6;
constexpr std::uint16_t bmcr_default = bmcr_autoneg | bmcr_full_duplex | bmcr_speed_1000;
constexpr std::uint16_t bmcr_stored = 0x7dc0;  // all but reset, restart and what is reserved

// BMSR, 22.2.4.2: 10 and 100 Mb/s in both duplex modes, extended status, preamble suppression,
// auto-negotiation, extended registers.
constexpr std::uint16_t bmsr_abilities = 0x7949;
constexpr std::uint16_t bmsr_negotiated = 1U << 5;
constexpr std::uint16_t bmsr_link = 1U << 2;

// ADVERTISE and LPA, 28.2.4.1.3
constexpr std::uint16_t advertise_default = 0x01e1;  // all of 10 and 100 Mb/s
constexpr std::uint16_t advertise_100_full = 1U << 8;
constexpr std::uint16_t advertise_10_full = 1U << 6;
constexpr std::uint16_t lpa_100 = 0xc1e1;  // next page, acknowledged, all of 10 and 100 Mb/s
constexpr std::uint16_t lpa_10 = 0x4061;
constexpr std::uint16_t expansion_negotiated = 0x006d;

// 40.5.1.1
constexpr std::uint16_t ctrl1000_default = 0x0300;  // full and half duplex
constexpr std::uint16_t ctrl1000_full = 1U << 9;
constexpr std::uint16_t stat1000_partner = 0x7c00;  // master, receivers good, partner offers both
constexpr std::uint16_t estatus_1000t = 0x3000;

// DP83867: PHYCR's default; PHYSTS: speed, duplex, resolved, link.
constexpr std::uint16_t phycr_default = 0x5048;
constexpr unsigned physts_speed_shift = 14;
constexpr std::uint16_t physts_full_duplex = 1U << 13;
constexpr std::uint16_t physts_resolved = 1U << 11;
constexpr std::uint16_t physts_link = 1U << 10;
constexpr std::uint16_t ctrl_resets = 3U << 14;  // self-clearing

}  // namespace

MdioPhy::MdioPhy(const Parameters& parameters, const wire::LinkEnd& link)
    : parameters_(parameters), link_(link) {
    reset_registers();
}

void MdioPhy::reset_registers() {
    stored_.fill(0);
    stored_[bmcr] = bmcr_default;
    stored_[advertise] = advertise_default;
    stored_[ctrl1000] = ctrl1000_default;
    stored_[phycr] = phycr_default;
}

std::uint32_t MdioPhy::medium_mbps() const {
    constexpr std::uint64_t mega = 1'000'000;
    const std::uint64_t rate = link_.rate();
    return rate >= 1000 * mega ? 1000 : rate >= 100 * mega ? 100 : 10;
}

bool MdioPhy::autonegotiates() const {
    return (stored_[bmcr] & bmcr_autoneg) != 0;
}

std::uint32_t MdioPhy::mbps() const {
    if (!autonegotiates())
        return (stored_[bmcr] & bmcr_speed_1000) != 0  ? 1000
               : (stored_[bmcr] & bmcr_speed_100) != 0 ? 100
                                                       : 10;
    return medium_mbps();
}

bool MdioPhy::link(Picos now) const {
    if (!link_.up() || (stored_[bmcr] & (bmcr_power_down | bmcr_isolate)) != 0)
        return false;
    const std::uint32_t medium = medium_mbps();
    if (!autonegotiates())
        return mbps() == medium && (stored_[bmcr] & bmcr_full_duplex) != 0;
    if (now < negotiated_at_)
        return false;
    switch (medium) {
        case 1000:
            return (stored_[ctrl1000] & ctrl1000_full) != 0;
        case 100:
            return (stored_[advertise] & advertise_100_full) != 0;
        default:
            return (stored_[advertise] & advertise_10_full) != 0;
    }
}

void MdioPhy::restart(Picos now) {
    was_down_ = true;
    negotiated_at_ = now + parameters_.autonegotiation;
}

void MdioPhy::medium_changed(bool up, Picos now) {
    was_down_ = true;
    if (up)
        restart(now);
}

std::uint16_t MdioPhy::peek(std::uint8_t reg, Picos now) const {
    const bool partner = link_.up() && negotiated(now);
    switch (reg) {
        case bmsr:
            return static_cast<std::uint16_t>(bmsr_abilities | (partner ? bmsr_negotiated : 0) |
                                              (link(now) && !was_down_ ? bmsr_link : 0));
        case physid1:
            return parameters_.id1;
        case physid2:
            return parameters_.id2;
        case lpa:
            return !partner ? std::uint16_t{0} : medium_mbps() >= 100 ? lpa_100 : lpa_10;
        case expansion:
            return partner ? expansion_negotiated : std::uint16_t{0x0064};
        case stat1000:
            return partner && medium_mbps() == 1000 ? stat1000_partner : std::uint16_t{0};
        case estatus:
            return estatus_1000t;
        case physts: {
            const unsigned speed = mbps() == 1000 ? 2 : mbps() == 100 ? 1 : 0;
            return link(now) ? static_cast<std::uint16_t>(speed << physts_speed_shift |
                                                          physts_full_duplex | physts_resolved |
                                                          physts_link)
                             : std::uint16_t{0};
        }
        default:
            return reg < stored_.size() ? stored_[reg] : std::uint16_t{0xffff};
    }
}

std::uint16_t MdioPhy::read(std::uint8_t reg, Picos now) {
    const std::uint16_t value = peek(reg, now);
    if (reg == bmsr)
        was_down_ = !link(now);
    return value;
}

void MdioPhy::write(std::uint8_t reg, std::uint16_t value, Picos now) {
    switch (reg) {
        case bmcr:
            if ((value & bmcr_reset) != 0) {
                reset_registers();
                restart(now);
                return;
            }
            if (((value ^ stored_[bmcr]) & bmcr_stored) != 0 || (value & bmcr_restart) != 0)
                restart(now);
            stored_[bmcr] = value & bmcr_stored;
            return;
        case bmsr:
        case physid1:
        case physid2:
        case lpa:
        case expansion:
        case stat1000:
        case estatus:
        case physts:
            return;  // read only
        case ctrl:
            if ((value & ctrl_resets) != 0) {
                if ((value & 1U << 15) != 0)  // SW_RESET: registers too
                    reset_registers();
                restart(now);
            }
            stored_[ctrl] = static_cast<std::uint16_t>(value & ~ctrl_resets);
            return;
        default:
            if (reg < stored_.size())
                stored_[reg] = value;
            return;
    }
}

}  // namespace models
