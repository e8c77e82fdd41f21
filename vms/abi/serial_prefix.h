// Several console ports on one serial line for people at the far end: each line begins with the
// name of its channel, "linux0: login". The layout is this project's own (docs/console.md).
//
//   name ": " text LF     a line of that channel
//   name ": " text ETB LF a part of a line: another channel had something to say; the rest follows
//                         under the same name later. Terminals ignore ETB.
//
// Towards the service guest the same, and text without a known name belongs to the channel that was
// named last, at first to the first one: typed text goes on where it went before. Text that itself
// holds ETB LF, or begins a line with a name and ": ", is not carried faithfully; framing
// (serial_mux.h) carries everything.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vms::abi::serial_prefix {

inline constexpr char line_feed = '\n';
inline constexpr char carriage_return = '\r';  ///< ends a typed line too
inline constexpr char end_of_block = 0x17;     ///< ETB
inline constexpr std::string_view separator = ": ";
inline constexpr std::size_t max_name = 24;
inline constexpr std::size_t max_prefix = max_name + separator.size();

/// Printable ASCII without the separator's colon, 1 to max_name characters.
constexpr bool valid_name(std::string_view name) {
    if (name.empty() || name.size() > max_name)
        return false;
    for (const char c : name)
        if (c <= ' ' || c > '~' || c == separator[0])
            return false;
    return true;
}

/// Takes the bytes of a line one by one and says whose they are. `Names` gives the channels' names:
/// size() and operator[](i), a std::string_view.
class PrefixDecoder {
  public:
    /// Calls deliver(channel, byte) for each byte that is known to be text now. Bytes that may be
    /// the beginning of a name are held back, at most max_prefix of them.
    template <typename Names, typename Deliver>
    constexpr void take(const Names& names, std::byte raw, Deliver&& deliver) {
        const char c = static_cast<char>(raw);
        if (at_start_ && hold(names, c, deliver))
            return;
        text(c, deliver);
    }
    constexpr std::size_t selected() const { return selected_; }

  private:
    /// At the beginning of a line. True: the character is part of what may be a name.
    template <typename Names, typename Deliver>
    constexpr bool hold(const Names& names, char c, Deliver&& deliver) {
        held_[held_count_++] = c;
        bool possible = false;
        for (std::size_t i = 0; i < names.size() && !possible; ++i) {
            const std::string_view name = names[i];
            if (!begins(name))
                continue;
            possible = true;
            if (held_count_ == name.size() + separator.size()) {
                selected_ = i;
                held_count_ = 0;
                at_start_ = false;
                return true;
            }
        }
        if (possible)
            return true;
        // No name: text of the channel selected before, all that was held and this character.
        at_start_ = false;
        const std::size_t n = held_count_ - 1;
        held_count_ = 0;
        for (std::size_t i = 0; i < n; ++i)
            text(held_[i], deliver);
        return false;
    }
    /// Is what is held the beginning of this name with its separator?
    constexpr bool begins(std::string_view name) const {
        if (held_count_ > name.size() + separator.size())
            return false;
        for (std::size_t i = 0; i < held_count_; ++i) {
            const char expected = i < name.size() ? name[i] : separator[i - name.size()];
            if (held_[i] != expected)
                return false;
        }
        return true;
    }
    template <typename Deliver>
    constexpr void text(char c, Deliver&& deliver) {
        if (block_ended_) {
            block_ended_ = false;
            if (c == line_feed) {
                at_start_ = true;  // a break, not text
                return;
            }
            deliver(selected_, static_cast<std::byte>(end_of_block));
        }
        if (c == end_of_block) {
            block_ended_ = true;
            return;
        }
        deliver(selected_, static_cast<std::byte>(c));
        at_start_ = c == line_feed || c == carriage_return;
    }

    std::size_t selected_ = 0;
    bool at_start_ = true;
    bool block_ended_ = false;  // the last character was an ETB
    std::array<char, max_prefix> held_{};
    std::size_t held_count_ = 0;
};

}  // namespace vms::abi::serial_prefix
