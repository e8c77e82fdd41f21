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

void Checks::aligned(const Value& v, std::uint64_t what) const {
    if (!v.present || what % page == 0)
        return;
    const std::uint64_t below = page_down(what);
    error(v.place, "found {}, which is no multiple of 4KiB; whole pages are mapped: write {}{:#x}",
          v.text, below == 0 ? std::string() : fmt::format("{:#x} or ", below), page_up(what));
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
