// What the checks of several subjects use (checks.h).
#include "sim/scenario/validate/checks.h"

#include <algorithm>
#include <bit>

#include "sim/scenario/spelling.h"

namespace sim {

std::string show(const Span& s) {
    return fmt::format("{} ({:#x} to {:#x})", s.what, s.base, s.end() - 1);
}

bool overlap(const Span& a, const Span& b) {
    return a.base < b.end() && b.base < a.end();
}

Span pages(const Span& s) {
    const std::uint64_t base = page_down(s.base);
    return {base, page_up(s.end()) - base, s.what, s.place};
}

void Checks::unused_keys(const Value& map, std::string_view user,
                         const std::vector<std::string>& used, std::string_view change) const {
    for (std::size_t i = 0; i < map.names.size(); ++i)
        if (map.items[i].given && std::find(used.begin(), used.end(), map.names[i]) == used.end())
            error(map.items[i].place,
                  "{} does not use this key; it has {}: take it out, or change the {}", user,
                  list_words(used), change);
}

void Checks::no_effect(const Value& v, std::string_view because) const {
    if (v.given)
        error(v.place, "this key has no effect: {}; take it out", because);
}

void Checks::station_address(const Value& ipv4, const Value& ipv6) const {
    namespace packets = vms::workload::packets;
    if (ipv4.present) {
        const auto a = packets::Ipv4Address::parse(ipv4.text);
        // RFC 1122, 3.2.1.3: this host, loopback, limited broadcast; RFC 1112: groups.
        if (a && (a->value >> 24 == 0 || a->value >> 24 == 127 || a->value >> 28 >= 0xe))
            error(ipv4.place,
                  "found {}, which no interface can have (unspecified, loopback, a group, or "
                  "reserved); write one such as 10.0.0.2",
                  ipv4.text);
    }
    if (ipv6.present) {
        const auto a = packets::Ipv6Address::parse(ipv6.text);
        packets::Ipv6Address loopback;
        loopback.bytes.back() = 1;
        if (a && (a->is_multicast() || *a == packets::Ipv6Address{} || *a == loopback))
            error(ipv6.place,
                  "found {}, which no interface can have (unspecified, loopback or a group); write "
                  "one such as fd00::2",
                  ipv6.text);
    }
}

void Checks::aligned(const Value& v, std::uint64_t what) const {
    if (!v.present || what % page == 0)
        return;
    const std::uint64_t below = page_down(what);
    const std::uint64_t above = page_up(what);
    std::string multiples;
    if (below != 0 || above >= address_space)
        multiples = fmt::format("{:#x}", below);
    if (above < address_space)
        multiples += fmt::format("{}{:#x}", multiples.empty() ? "" : " or ", above);
    error(v.place, "found {}, which is no multiple of 4KiB; whole pages are mapped: write {}",
          v.text, multiples);
}

void Checks::addressable(const std::vector<Span>& spans) const {
    for (const Span& s : spans)
        if (!out_.full() && s.end() > address_space)
            error(s.place,
                  "{} ends beyond the 40 bits that an address has here; write addresses up to "
                  "{:#x}",
                  show(s), address_space - 1);
}

void Checks::no_overlap(const std::vector<Span>& spans, std::string_view rule) const {
    for (std::size_t i = 0; i < spans.size(); ++i)
        for (std::size_t j = 0; j < i && !out_.full(); ++j)
            if (overlap(spans[i], spans[j]))
                error(spans[i].place, "{} overlaps {} ({}: {}); {}", show(spans[i]), show(spans[j]),
                      format_short(spans[j].place), spans[j].place.key, rule);
}

const RemioDevConfig* Checks::device(const VmConfig& vm, const std::string& name, RemioType type,
                                     const Place& place) const {
    const RemioDevConfig* d = find_named(vm.remio_devs, name);
    if (d == nullptr)
        error(place, "{} has no remote I/O device {}; {}", vm.place.key, quote(name),
              suggest(name, names_of(vm.remio_devs)));
    else if (d->type != type)
        error(place,
              "{} is a {} here ({}), but this program is the other side; change its "
              "type or the program",
              quote(name), type == RemioType::backend ? "front-end" : "back-end",
              format_short(d->place));
    return d != nullptr && d->type == type ? d : nullptr;
}

const BackendConfig* Checks::backend_of(std::uint64_t bind_key) const {
    for (const VmConfig& vm : s_.vms)
        for (const RemioDevConfig& d : vm.remio_devs)
            if (d.type == RemioType::backend && d.bind_key == bind_key)
                for (const BackendConfig& b : vm.software.backends)
                    if (b.device == d.name)
                        return &b;
    return nullptr;
}

void Checks::queue_size(const Value& v) const {
    if (v.present && !std::has_single_bit(v.u64()))
        error(v.place,
              "found {}, which is no power of two; a split ring's size is one: write "
              "{} or {}",
              v.text, std::bit_floor(v.u64()), std::bit_ceil(v.u64()));
}

}  // namespace sim
