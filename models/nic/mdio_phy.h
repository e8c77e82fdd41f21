// An Ethernet PHY as its MAC's management interface sees it: the registers of IEEE 802.3-2018,
// 22.2.4 (clause 22) and 40.5.1 (1000BASE-T), with auto-negotiation after clause 28 reduced to its
// result and its duration. Identity and the status register 0x11 are the TI DP83867's
// (SNLS484), the PHY of the ZCU104.
//
// Not modelled: extended (MMD) registers, which read as zero, the PHY's interrupt, loopback, and
// half duplex.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "models/base/time.h"
#include "models/wire/link_end.h"

namespace models {

class MdioPhy {
  public:
    struct Parameters {
        std::uint16_t id1 = 0x2000;  ///< PHYSID1: TI's OUI
        std::uint16_t id2 = 0xa231;  ///< PHYSID2: TI's OUI, DP83867, revision 1
        /// From the start of auto-negotiation to its end. A real PHY takes 1 to 4 s; the default is
        /// short so that a run need not simulate seconds of waiting. Estimate, 0 to 5 s.
        Picos autonegotiation = Picos::us(100);
    };

    /// Registers of clause 22 and of the DP83867.
    enum Register : std::uint8_t {
        bmcr = 0,
        bmsr = 1,
        physid1 = 2,
        physid2 = 3,
        advertise = 4,
        lpa = 5,
        expansion = 6,
        ctrl1000 = 9,
        stat1000 = 10,
        estatus = 15,
        phycr = 16,
        physts = 17,
        ctrl = 31,
    };

    /// The firmware of the board has brought the PHY up before time zero: a link that is there is
    /// negotiated already.
    MdioPhy(const Parameters& parameters, const wire::LinkEnd& link);

    std::uint16_t read(std::uint8_t reg, Picos now);
    /// What read() would give, without the latched bits being released.
    std::uint16_t peek(std::uint8_t reg, Picos now) const;
    void write(std::uint8_t reg, std::uint16_t value, Picos now);

    /// The medium has come or gone.
    void medium_changed(bool up, Picos now);

    /// Whether data passes between MAC and medium, and how fast the PHY's side is.
    bool link(Picos now) const;
    std::uint32_t mbps() const;

  private:
    bool autonegotiates() const;
    bool negotiated(Picos now) const { return autonegotiates() && now >= negotiated_at_; }
    std::uint32_t medium_mbps() const;
    void restart(Picos now);
    void reset_registers();

    Parameters parameters_;
    const wire::LinkEnd& link_;
    std::array<std::uint16_t, 32> stored_{};
    Picos negotiated_at_{};
    bool was_down_ = false;  ///< since BMSR was last read: its link bit latches low
};

}  // namespace models
