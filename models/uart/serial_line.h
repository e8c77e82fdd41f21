// The shift registers of a UART and the line between it and its far end: when each character
// starts and ends, exactly, in both directions.
//
// Nothing happens here by itself. The state at a time follows from the state before and the time:
// advance(t) makes up for all characters that ended until t, in order, and tells the UART of each
// with its own time. A UART calls it at the start of every access, and plans its one event with
// the questions below, at the earliest time at which somebody could notice: an interrupt rises,
// or nothing is on the line any more. A transmission of a full FIFO costs two events, not 64.
//
// The line carries characters. Breaks are not modelled, nor are the modem's lines: the far end is
// always ready.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/base/time.h"
#include "models/core/activity.h"
#include "models/uart/character.h"
#include "models/uart/serial_channel.h"
#include "models/uart/uart_fifo.h"

namespace models {

class SerialLine {
  public:
    /// The UART, which keeps the receive FIFO and the interrupts.
    class Owner {
      public:
        /// A byte went from the transmit FIFO to the shift register; `level` bytes are left.
        virtual void transmit_fifo_fell(std::size_t level, Picos at) = 0;
        /// A start bit. Returns whether the receiver listens to this character.
        virtual bool character_started(Picos at) = 0;
        /// A character that was listened to is complete.
        virtual void character_received(const Sampled& character, Picos at) = 0;

      protected:
        ~Owner() = default;
    };

    SerialLine(Owner& owner, SerialChannel& channel, Activity& activity, LineEnd far_end,
               std::size_t fifo_depth);

    /// Once the channel has its sources: from here on the line holds the activity while the far end
    /// has something to send or a character is on its way.
    void start();
    /// Catch up with time. Returns whether anything happened.
    bool advance(Picos now);
    /// Hold or release the activity; after the UART has set its interrupt.
    void settle();

    // --- near end ---------------------------------------------------------------------------

    /// The character being shifted is finished as it was begun.
    void configure(const LineEnd& near_end, Picos now);
    void enable_transmitter(bool enabled, Picos now);
    /// What is sent is received by this UART itself; the far end sees and is heard no more.
    void set_loopback(bool loopback) { loopback_ = loopback; }
    const LineEnd& near_end() const { return near_; }

    /// Only when the transmit FIFO is not full.
    void send(std::uint8_t byte, Picos now);
    /// Empties the transmit FIFO; `abort` also drops the character being shifted.
    void flush_transmitter(bool abort);
    const UartFifo<std::uint8_t>& transmit_fifo() const { return tx_fifo_; }
    UartFifo<std::uint8_t>& transmit_fifo() { return tx_fifo_; }
    bool transmitting() const { return tx_end_ != Picos::never(); }
    bool receiving() const { return rx_busy_; }
    /// The far end is sending, or will.
    bool far_end_sends() const { return rx_event_ != Picos::never(); }
    bool looped_back() const { return loopback_; }
    /// No character can arrive with an error.
    bool receives_as_sent() const { return rx_agree_; }

    SerialChannel& channel() { return channel_; }

    // --- when something can happen next -------------------------------------------------------
    // All lie after the time last advanced to. An early one is a reason to ask again, no more.

    /// When the transmit FIFO's level falls to `level`; never if it is not above or does not drain.
    Picos transmit_level_at(std::size_t level) const;
    /// When the character being shifted ends.
    Picos transmit_next_at() const { return tx_end_; }
    /// When the last stop bit of all that is queued ends.
    Picos transmit_idle_at() const;
    /// No earlier than this is the k-th reception from now complete (k from 1).
    Picos reception(std::uint64_t k) const;
    /// The next start bit or end of a character; never if the far end has nothing more.
    Picos next_event_at() const { return rx_event_; }
    /// When what the far end sends without a gap is over, or a part of it worth looking at.
    Picos burst_end() const;
    /// When to look whether a silence has lasted: `deadline` lies `period` after the last start bit
    /// (or the last reception), and the next one starts it again; never: none is being timed.
    Picos silence_at(Picos deadline, Picos period, bool from_start_bit) const;

  private:
    void start_transmission(Picos now);
    void finish_transmission();
    void step_receiver();
    void plan_reception();
    void update_agreement();

    Owner& owner_;
    SerialChannel& channel_;
    Activity& activity_;
    LineEnd near_;
    LineEnd far_;
    RateClock far_clock_;
    std::uint64_t far_counts_;  ///< periods of far_clock_ in a character
    bool tx_agree_ = false;
    bool rx_agree_ = false;
    bool loopback_ = false;

    // Transmitter: character n of an unbroken run ends at start + (n + 1) characters.
    UartFifo<std::uint8_t> tx_fifo_;
    bool tx_enabled_ = false;
    bool tx_heard_ = false;  ///< loopback: the receiver listens to the character being shifted
    std::uint8_t tx_byte_ = 0;
    LineEnd tx_config_;  ///< of the run
    RateClock tx_clock_{1};
    std::uint64_t tx_counts_ = 0;
    Picos tx_run_start_{};
    std::uint64_t tx_run_sent_ = 0;
    Picos tx_run_end_ = Picos::never();  ///< when the last character of it ended
    Picos tx_end_ = Picos::never();      ///< of the character being shifted

    // Receiver: the same for the far end's run.
    bool rx_busy_ = false;
    bool rx_heard_ = false;
    Picos rx_run_start_{};
    std::uint64_t rx_run_received_ = 0;
    Picos rx_line_free_{};
    Picos rx_event_ = Picos::never();  ///< the next start bit, or the end of the character

    bool tx_held_ = false;
    bool rx_held_ = false;
};

}  // namespace models
