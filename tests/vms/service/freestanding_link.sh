#!/bin/sh
# Compiles the service guest as the target does (freestanding, no exceptions, no RTTI), links it into
# one object and looks at what is undefined: only the four memory functions that every compiler may
# call, and, with the declared port, the port itself.
#   freestanding_link.sh host|aarch64 <compiler> <source directory> <work directory>
set -eu
kind=$1 compiler=$2 source=$3 work=$4

flags="-std=c++20 -O2 -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics
       -fno-asynchronous-unwind-tables -fno-stack-protector -Wall -Wextra -Werror"
files=$(find "$source/vms/service" -name '*.cpp' -not -path '*/port/*' | sort)
memory='memcpy|memmove|memset|memcmp'
case $kind in
    host)
        port=$source/tests/vms/service/declared_port
        allowed="^($memory|_ZNK?3vms7service4Port.*)\$"
        ld=ld nm=nm
        ;;
    aarch64)
        port=$source/vms/service/port/aarch64
        files="$files $(find "$port" -name '*.cpp' | sort)"
        flags="$flags -mstrict-align -mgeneral-regs-only -mno-outline-atomics"
        allowed="^($memory)\$"
        ld=aarch64-linux-gnu-ld nm=aarch64-linux-gnu-nm
        ;;
    *) echo "unknown kind: $kind" >&2; exit 2 ;;
esac

rm -rf "$work"
mkdir -p "$work"
n=0
for f in $files; do
    n=$((n + 1))
    # shellcheck disable=SC2086
    "$compiler" $flags -I"$source" -I"$port" -c "$f" -o "$work/$n.o"
done
"$ld" -r -o "$work/all" "$work"/*.o

undefined=$("$nm" -u "$work/all" | awk '{print $NF}' | grep -Ev "$allowed" || true)
if [ -n "$undefined" ]; then
    echo "undefined beyond the port and the memory functions:"
    echo "$undefined"
    exit 1
fi
# Writable data would be a global: there are none, only what the linker relocates once.
globals=$("$nm" "$work/all" | awk '$2 ~ /^[bBdDcC]$/ && $3 !~ /^_ZTV|^DW.ref|^_ZN3vms7service.*5kindsE$/')
if [ -n "$globals" ]; then
    echo "global variables:"
    echo "$globals"
    exit 1
fi
if [ "$kind" = aarch64 ]; then
    # Each named operation is found in the image: the symbols that a measuring tool looks for.
    want=$(grep -c '^    [a-z_]*, *///<' "$source/vms/service/operations.h")
    have=$("$nm" "$work/all" | sed -n 's/.* charge\.\([0-9]*\)\..*/\1/p' | sort -nu | wc -l)
    if [ "$want" -ne "$have" ]; then
        echo "$want operations are named, $have are found in the image"
        exit 1
    fi
fi
echo "$kind: $n files, nothing undefined beyond the port and the memory functions"
