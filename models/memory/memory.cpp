// Main memory over an anonymous mapping of the host.
#include "models/memory/memory.h"

#include <cstring>

#include <sys/mman.h>

namespace models {

Memory::Memory(PhysAddr base, std::uint64_t size) : base_(base), size_(size) {
    void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p != MAP_FAILED)
        host_ = static_cast<std::byte*>(p);
}

Memory::~Memory() {
    if (host_ != nullptr)
        ::munmap(host_, size_);
}

void Memory::access(Access& a) {
    const unsigned n = vms::bytes(a.width);
    std::byte* p = host(base_ + a.offset, n);
    if (p == nullptr) {
        a.error = true;
        return;
    }
    if (a.write) {
        std::memcpy(p, &a.value, n);
    } else {
        a.value = 0;
        std::memcpy(&a.value, p, n);
    }
}

}  // namespace models
