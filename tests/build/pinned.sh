#!/bin/sh
# With the pinned tools a finding refuses a change; with others it is a note. `make release` takes any compiler,
# ci/release the pinned one alone. The tools are stand-ins that find something, of whatever version they are told to be.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}
tree=$build/tests/pinned
unset MAKEFLAGS MFLAGS MAKELEVEL

fail() {
    echo "$*"
    [ ! -s "$tree/said" ] || tail -n 20 "$tree/said"
    exit 1
}

rm -rf "$tree"
mkdir -p "$tree/bin"
pin() { # TOOL: its version
    sed -n "s/^\(.* \)\{0,1\}$1\( |.*\)\{0,1\}) pinned=\(.*\) ;;/\3/p" toolchain/pinned
}
finder() { # COMMAND VERSION
    # shellcheck disable=SC2016
    printf '#!/bin/sh\n[ "$1" = --version ] || exit 1\necho "%s version %s"\n' "$1" "$2" >"$tree/bin/$1"
    chmod +x "$tree/bin/$1"
}
said_and() { # STATUS-OF COMMAND...: what it says goes to $tree/said
    status=0
    PATH=$tree/bin:$PATH "$@" >"$tree/said" 2>&1 || status=$?
}

for tool in gcc clang clang-format clang-tidy cppcheck shellcheck; do
    [ "$(pin $tool)" ] || fail "toolchain/pinned has no version of $tool"
    finder $tool "$(pin $tool)"
    said_and toolchain/pinned $tool
    [ $status = 0 ] || fail "$tool of the pinned version is not accepted"
    finder $tool 99.1
    said_and toolchain/pinned $tool
    [ $status = 1 ] || fail "$tool 99.1 is taken for the pinned one"
    grep -q "^$tool is 99.1, the pinned version is $(pin $tool)" "$tree/said" || fail "it does not say what $tool is"
done

# Static checks; MAKE=false is the analyzer that finds something.
checks='clang-format cppcheck shellcheck gcc'
for tool in $checks; do finder "$tool" 99.1; done
said_and env MAKE=false ci/lint
[ $status = 0 ] || fail "lint fails for what tools of other versions find"
[ "$(grep -c '^note: .* is 99.1' "$tree/said")" = 4 ] || fail "lint does not note what they find"
for tool in $checks; do finder "$tool" "$(pin "$tool")"; done
said_and env MAKE=false ci/lint
[ $status = 1 ] || fail "lint passes in spite of what the pinned tools find"
grep -q '^lint: faults in: clang-format cppcheck shellcheck gcc-analyzer$' "$tree/said" || fail "lint does not name all"
rm -r "${tree:?}/bin"
mkdir "$tree/bin"

# A warning of the compiler: an error with the pinned version, else a note. The compiler is the real one, under a
# version of ours; should it be a wrapper that looks for the next one in PATH (ccache), it must not find ours.
compiler() { # TRIPLE VERSION
    printf '#!/bin/sh\n[ "$*" != --version ] || { echo "gcc %s"; exit; }\nPATH="%s" exec "%s" "$@"\n' \
        "$2" "$PATH" "$(command -v "$1-gcc")" >"$tree/compiler"
    chmod +x "$tree/compiler"
    mv "$tree/compiler" "$tree/bin/$1-gcc"
}
taken=$(tests/build/copy-tree "$tree/tree" x86_64)
rm -rf "$tree/tree/src"
mkdir "$tree/tree/src"
echo 'const char dtu_version[] = DTU_VERSION;' >"$tree/tree/src/version.c"
printf 'int main(void)\n{\n    int unused;\n    return 0;\n}\n' >"$tree/tree/src/main.c"
for version in "$(pin gcc)" 99.1; do
    compiler x86_64-linux-gnu "$version"
    # shellcheck disable=SC2086
    said_and "${MAKE:-make}" -C "$tree/tree" VENDOR_OFFLINE=1 $taken
    grep -q 'unused variable' "$tree/said" || fail "gcc $version: the compiler has not warned"
    case $version in
    99.1) [ $status = 0 ] || fail "a warning of another compiler stops the build" ;;
    *) [ $status != 0 ] || fail "a warning of the pinned compiler does not stop the build" ;;
    esac
done

# What is published. It is refused before anything is built or written.
compiler arm-linux-gnueabihf "$(pin gcc)"
compiler aarch64-linux-gnu 99.1
said_and env MAKE=false DIST="$tree/dist" ci/release
[ $status = 1 ] || fail "ci/release takes another compiler"
grep -q 'ci/release: aarch64-linux-gnu-gcc is 99.1' "$tree/said" || fail "ci/release does not say which compiler it refuses"
compiler aarch64-linux-gnu "$(pin gcc)"
said_and env MAKE=echo ci/release
grep -qx release "$tree/said" || fail "ci/release refuses the pinned compiler"
rm -rf "$tree"
