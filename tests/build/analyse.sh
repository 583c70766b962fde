#!/bin/sh
# ci/analyse refuses what clang-tidy and scan-build find, but for what NOLINT and the name of the check excuse at its line.
# The tools are stand-ins that say what they are told to say; they look at a tree of one file.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}
tree=$build/tests/analyse
rm -rf "$tree"
mkdir -p "$tree/bin" "$tree/src" "$tree/ci" "$tree/toolchain"
cp ci/analyse "$tree/ci/"
cp toolchain/pinned "$tree/toolchain/"
pinned=$(sed -n 's/^clang .*) pinned=\(.*\) ;;/\1/p' toolchain/pinned)

fail() {
    echo "$*"
    cat "$tree/said"
    exit 1
}
tool() { # NAME: what it does, from standard input
    { echo '#!/bin/sh' && cat; } >"$tree/bin/$1"
    chmod +x "$tree/bin/$1"
}
clang() { # VERSION
    echo "echo 'clang version $1'" | tool clang
}
tidy() { # STATUS
    echo "exit $1" | tool clang-tidy
}
scan() { # STATUS [FINDING...]
    scan_status=$1
    shift
    { printf "echo '%s'\n" "$@" && echo "exit $scan_status"; } | tool scan-build
}
expect() { # STATUS WHAT [WORDS]
    status=0
    (cd / && PATH=$tree/bin:$PATH CFLAGS='' "$tree/ci/analyse") >"$tree/said" 2>&1 || status=$?
    [ "$status" = "$1" ] || fail "$2: exit status $status"
    [ -z "${3:-}" ] || grep -q "$3" "$tree/said" || fail "$2: does not say '$3'"
}

cat >"$tree/src/a.c" <<'C'
int a; /* NOLINT(clang-analyzer-core.Same): for a reason */
/* NOLINTNEXTLINE(clang-analyzer-core.Next): for a reason */
int b;
/* NOLINTNEXTLINE(bugprone-one,clang-analyzer-core.Two): for a reason */
int c;
int d;
C
warn='warning: bad'
clang "$pinned"
tidy 0
scan 0
expect 0 "nothing is found" '^analyse: no faults$'
tidy 1
expect 1 "clang-tidy finds something" '^analyse: faults in: tidy$'
tidy 0
scan 0 "src/a.c:6:1: $warn [core.New]"
expect 1 "scan-build finds something" '^analyse: faults in: scan$'
grep -qF "src/a.c:6:1: $warn [core.New]" "$tree/said" || fail "what scan-build finds is not told"
scan 0 "src/a.c:1:1: $warn [core.Same]" "src/a.c:3:1: $warn [core.Next]" "src/a.c:5:1: $warn [core.Two]" \
    "/usr/include/x.h:1:1: $warn [core.New]"
expect 0 "all is excused, or not ours"
scan 0 "src/a.c:3:1: $warn [core.Nex]"
expect 1 "another check is excused"
scan 0 "src/a.c:2:1: $warn [core.Same]"
expect 1 "the line before is excused"
scan 0 "src/a.c:4:1: $warn [core.Next]"
expect 1 "the line behind the next is reached"
scan 1
expect 1 "scan-build fails" '^analyse: faults in: scan$'
clang 99.1
tidy 1
expect 0 "other versions find something" '^note: clang is 99.1'
rm -rf "$tree"
