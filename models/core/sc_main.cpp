// libsystemc brings a main() of its own that wants sc_main(). Programs here have their own main()
// and drive the kernel themselves; this satisfies the library's reference.
#include <systemc>

int sc_main(int /*argc*/, char* /*argv*/[]) {
    return 1;
}
