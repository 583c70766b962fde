#!/bin/sh
# make does what is needed and no more: nothing the second time; a changed flag, compiler setting, header or
# version rebuilds; a comment in the lock rebuilds nothing, another patch or one less rebuilds that library.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}
tree=$build/tests/rebuild
rm -rf "$tree"
taken=$(tests/build/copy-tree "$tree" x86_64)
# A program that compiles in no time: it is the Makefile that is looked at.
rm -rf "$tree/src"
mkdir "$tree/src"
echo 'extern const char dtu_version[];' >"$tree/src/version.h"
printf '#include "version.h"\nconst char dtu_version[] = DTU_VERSION;\n' >"$tree/src/version.c"
printf '#include "version.h"\nint main(void)\n{\n    return dtu_version[0];\n}\n' >"$tree/src/main.c"
# Here a library is built: into a folder of our own, not through the link.
rm "$tree/build/x86_64-release/sysroot"
cp -R build/x86_64-release/sysroot "$tree/build/x86_64-release/"
sed -i "s|$PWD/build|$tree/build|g" "$tree/build/x86_64-release/sysroot/lib/static-pie.specs"

run() { # make's arguments; what it says goes to $said
    # shellcheck disable=SC2086
    said=$(cd "$tree" && "${MAKE:-make}" --no-print-directory VENDOR_OFFLINE=1 $taken "$@" 2>&1) || {
        echo "make $* failed: $(printf '%s' "$said" | tail -n 3)"
        exit 1
    }
}
expect() { # WHAT PATTERN
    printf '%s\n' "$said" | grep -q "$2" || {
        echo "$1: make did not do '$2' but: ${said:-nothing}"
        exit 1
    }
}
nothing() { # WHAT
    [ -z "$said" ] || {
        echo "$1: make had something to do: $said"
        exit 1
    }
}

run
run
nothing "a second make"
echo '# a comment' >>"$tree/vendor/lock"
run
nothing "a comment in the lock"
touch "$tree/src/version.h"
run
expect "a touched header" 'CC .*/src/version\.o'
run WARNINGS=-w
expect "another flag" 'CC .*/src/main\.o'
expect "another flag" 'LINK '
run WARNINGS=-w
nothing "the same flag again"
mkdir "$tree/bin"
printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v x86_64-linux-gnu-gcc)" >"$tree/bin/x86_64-linux-gnu-gcc"
chmod +x "$tree/bin/x86_64-linux-gnu-gcc"
PATH=$tree/bin:$PATH
run WARNINGS=-w
grep -q "^exec $tree/bin/" "$tree/build/x86_64-release/bin/cc" || {
    echo "a compiler in another place is not taken"
    exit 1
}
run WARNINGS=-w
nothing "the same compiler again"
printf '## [99.9.9]\n' >"$tree/CHANGELOG.md"
run WARNINGS=-w
expect "another version" 'CC .*/src/version\.o'
# From here on inih is not taken as it is any more.
taken=$(printf '%s' "$taken" | sed 's|-o [^ ]*/inih.stamp||')
run WARNINGS=-w
sed -i 's/^INIH_DEFS := /INIH_DEFS := -DANOTHER_ONE /' "$tree/Makefile"
run WARNINGS=-w
expect "another setting of a library" 'LIB  *inih'
sed 's/256$/300/' "$tree/vendor/patches/inih/longer-names.patch" >"$tree/patch"
mv "$tree/patch" "$tree/vendor/patches/inih/longer-names.patch"
run WARNINGS=-w
expect "another patch" 'vendor  inih .* from cache'
expect "another patch" 'LIB  *inih'
rm "$tree/vendor/patches/inih/longer-names.patch"
run WARNINGS=-w
expect "a patch less" 'vendor  inih .* from cache'
expect "a patch less" 'LIB  *inih'
run WARNINGS=-w
nothing "make after all that"
rm -rf "$tree"
