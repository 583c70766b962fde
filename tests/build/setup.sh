#!/bin/sh
# Who may not install gets one line to type and a failure; who misses nothing gets neither.
set -eu
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"

fail() {
    echo "$*"
    exit 1
}

said=$(scripts/setup --check build x86_64 2>&1) || fail "a check fails on a machine that has just built: $said"
[ -z "$said" ] || fail "nothing is missing, but set-up says: $said"

# What a person calls, and what is more than a build, sees by itself to what it needs: after `make run` not all is there.
for target in run check test fuzz fuzz-record coverage mutate lint analyse soak memory bench devices gui-test gui-pictures \
    show-picture docs release; do
    sed -n "/^$target:/,/^$/p" Makefile | grep -q 'scripts/setup ' || fail "make $target does not see to what it needs"
done

# A machine without compilers, as a user who is not root and has no sudo.
mkdir "$scratch/bin"
for c in sh id grep tr env mkdir cat apt-get apt-cache; do ln -s "$(command -v $c)" "$scratch/bin/$c"; done
cp scripts/setup "$scratch/setup"
as_nobody=
if [ "$(id -u)" = 0 ]; then
    as_nobody="$(command -v setpriv) --reuid=65534 --regid=65534 --clear-groups"
fi
asked() { # WHAT PACKAGE...: what would be installed for it
    what=$1
    shift
    status=0
    # shellcheck disable=SC2086
    (cd "$scratch" && PATH="$scratch/bin" $as_nobody ./setup "$what") >"$scratch/out" 2>&1 || status=$?
    [ $status = 1 ] || fail "a user who may not install: status $status instead of 1: $(cat "$scratch/out")"
    lines=$(grep -c 'apt-get install' "$scratch/out") || true
    [ "$lines" = 1 ] || fail "not one line to type: $(cat "$scratch/out")"
    for package; do
        grep -q "^  sudo apt-get install .* $package\( \|\$\)" "$scratch/out" ||
            fail "for $what the line misses $package: $(cat "$scratch/out")"
    done
}
asked run gcc dbus-daemon
asked check gcc
asked test gcc gcc-arm-linux-gnueabihf gcc-aarch64-linux-gnu qemu-user
asked package gcc-arm-linux-gnueabihf gcc-aarch64-linux-gnu binutils
