#!/bin/sh
# The armv7 gate accepts our program, and refuses code for a newer CPU: by its marks, and with --sdk, where
# marks alone do not count, by its instructions.
set -eu
cd "$(dirname "$0")/../.."
bin=build/armv7-release/bin
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "$*"
    exit 1
}
refused() {
    if toolchain/gate "$@" >"$scratch/log" 2>&1; then fail "the gate took $*"; fi
    grep -q 'needs more than' "$scratch/log" || fail "the gate failed on $* without its message"
}

cat >"$scratch/new.c" <<'END'
int divide(int a, int b) { return a / b; }
double fused(double a, double b, double c) { return a * b + c; }
int main(int argc, char **argv) { (void)argv; return divide(100, argc) + (int)fused(argc, 2, 3); }
END
# Marked for NEON, without an instruction of it: what the libgcc of an SDK looks like.
cat >"$scratch/marked.s" <<'END'
    .arch armv7-a
    .fpu neon
    .section .note.GNU-stack, "", %progbits
    .text
    .thumb
    .global marked
    .type marked, %function
marked:
    bx lr
END
echo 'void marked(void); int main(void) { marked(); return 0; }' >"$scratch/plain.c"

# The wrapper would put our CPU flags last: the bare compiler, as an object from elsewhere.
arm-linux-gnueabihf-gcc -c -O2 -ffp-contract=fast -march=armv7ve -mfpu=neon-vfpv4 -mfloat-abi=hard -mthumb \
    -fPIE -o "$scratch/new.o" "$scratch/new.c"
arm-linux-gnueabihf-gcc -c -mthumb -o "$scratch/marked.o" "$scratch/marked.s"
$bin/cc -o "$scratch/new" "$scratch/new.o"
$bin/cc -o "$scratch/marked" "$scratch/plain.c" "$scratch/marked.o"

toolchain/gate $bin build/armv7-release/dbus-opendtu.unstripped || fail "the gate refuses our program"
refused $bin "$scratch/new"
refused --sdk $bin "$scratch/new"
refused $bin "$scratch/marked"
toolchain/gate --sdk $bin "$scratch/marked" >/dev/null || fail "the gate refuses an SDK's marks"
