# Libraries from Debian's packages (see tools/packages); nothing is downloaded here.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)

# libpcap, for capture files. Its package has no CMake configuration.
find_library(PCAP_LIBRARY pcap REQUIRED)
find_path(PCAP_INCLUDE_DIR pcap/pcap.h REQUIRED)
add_library(pcap INTERFACE)
target_include_directories(pcap SYSTEM INTERFACE ${PCAP_INCLUDE_DIR})
target_link_libraries(pcap INTERFACE ${PCAP_LIBRARY})

# SystemC/TLM-2.0. Debian's libsystemc 2.3.4 was built as C++17 and carries that level in the name
# of a symbol that every client links against (sysc/kernel/sc_ver.h); a C++20 client must therefore
# claim the C++17 level or it does not link. This is the only place that says so.
find_library(SYSTEMC_LIBRARY systemc REQUIRED)
find_path(SYSTEMC_INCLUDE_DIR systemc REQUIRED)
add_library(systemc INTERFACE)
target_include_directories(systemc SYSTEM INTERFACE ${SYSTEMC_INCLUDE_DIR})
target_compile_definitions(systemc INTERFACE SC_CPLUSPLUS=201703L SC_INCLUDE_DYNAMIC_PROCESSES)
target_link_libraries(systemc INTERFACE ${SYSTEMC_LIBRARY} Threads::Threads)

# A library of ours and the folder's name are the same thing: baosim_library(models_gic a.cpp b.cpp).
function(baosim_library name)
  add_library(${name} STATIC ${ARGN})
endfunction()
