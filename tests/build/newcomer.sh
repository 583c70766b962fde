#!/bin/sh
# What a newcomer does: clone, `make run`, `make test`, `make check`, in this order and in others. Each library is built
# once for each program that it is for, whatever was called before, and what one command has made is there for the
# next. The Makefile is the real one; what takes minutes is stood in for: the fetcher makes stamps, a library is
# the one that this tree has built, the program returns at once, and its tests look at the tree.
# ci/fresh-debian does all of it in earnest.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}
clone=$build/tests/newcomer
unset MAKEFLAGS MFLAGS MAKELEVEL

fail() {
    echo "$*"
    tail -n 20 "$clone.log"
    exit 1
}

# What a clone would have of it: a file that nobody has added to git is missing there.
listed() {
    if [ -e .git ]; then
        git ls-files -z --cached --deduplicate -- Makefile CHANGELOG.md toolchain vendor scripts ci
    else
        find Makefile CHANGELOG.md toolchain vendor scripts ci -type f -print0
    fi
}

make_clone() {
    rm -rf "$clone"
    mkdir -p "$clone/src" "$clone/tests/docs" "$clone/tests/failing" "$clone/tests/unit" "$clone/tests/virtual/support" "$clone/build"
    listed | xargs -0 tar -cf - | tar -xf - -C "$clone"
    echo 'const char dtu_version[] = DTU_VERSION;' >"$clone/src/version.c"
    echo '| who | uses |' >"$clone/src/README.md"
    printf 'int main(void)\n{\n    return 0;\n}\n' |
        tee "$clone/src/main.c" "$clone/tests/unit/test_nothing.c" "$clone/tests/virtual/virtual_decade.c" \
            >"$clone/tests/docs/dbus_doc.c"
    echo 'extern int nothing;' | tee "$clone/tests/failing/service.c" >"$clone/tests/virtual/support/failing_calls.c"
    : >"$clone/tests/virtual/support/failing.syms"
    cat >"$clone/vendor/fetch" <<'END'
#!/bin/sh
set -eu
cd "$(dirname "$0")"
mkdir -p ../build/vendor
for recipe in recipes/*.sh; do
    name=${recipe##*/}
    stamp=../build/vendor/${name%.sh}.stamp
    [ -e "$stamp" ] || echo "$name" >"$stamp"
done
END
    cat >"$clone/vendor/build" <<END
#!/bin/sh
set -eu
variant=\${OUT##*/}
mkdir -p "\$OUT/vendor"
echo "\$1 for \$variant" >>"$clone/build/libraries"
[ -e "\$PREFIX" ] || ln -s "$build/\$variant/sysroot" "\$PREFIX" 2>/dev/null || [ -e "\$PREFIX" ]
END
    printf '#!/bin/sh\nexec build/x86_64-release/dbus-opendtu\n' >"$clone/scripts/demo"
    cat >"$clone/tests/run" <<'END'
#!/bin/sh
set -eu
for recipe in vendor/recipes/*.sh; do
    name=${recipe##*/}
    [ -e "build/vendor/${name%.sh}.stamp" ] || { echo "build/vendor/${name%.sh}.stamp has gone"; exit 1; }
done
END
    chmod +x "$clone/tests/run"
}

for order in 'run test check' 'test run' 'check run test'; do
    make_clone
    : >"$clone.log"
    for target in $order; do
        "${MAKE:-make}" -C "$clone" "$target" >>"$clone.log" 2>&1 </dev/null ||
            fail "in a fresh clone, of '$order', make $target failed"
    done
    again=$(sort "$clone/build/libraries" | uniq -d)
    [ -z "$again" ] || fail "of '$order', these libraries were built twice: $again"
    count=$(wc -l <"$clone/build/libraries")
    libraries=$(find vendor/recipes -name '*.sh' | wc -l)
    # For three architectures, and sanitized: that one has the libc of the host.
    expected=$((4 * libraries - 1))
    [ "$count" = $expected ] || fail "of '$order', $count libraries were built instead of $expected"
done

# A machine that is set up for the devices alone has no compiler for itself.
make_clone
mkdir "$clone/bin"
ln -s /usr/bin/* "$clone/bin/"
rm -f "$clone"/bin/gcc* "$clone"/bin/cc "$clone"/bin/x86_64-linux-gnu-gcc*
PATH=$clone/bin "${MAKE:-make}" -C "$clone" cross >"$clone.log" 2>&1 </dev/null ||
    fail "make cross asks for more than the cross compilers"
rm -rf "$clone" "$clone.log"
