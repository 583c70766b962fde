#!/bin/sh
# The recipes of docs/dev/development.md, followed to the letter in a copy of the tree: what they add is there afterwards,
# and every gate that looks at it passes. The copy takes what is built already, so that only what a recipe changes
# is compiled. For the release program, which takes long to link, stands the one with sanitizers.
#   recipes.sh [DOCUMENT]     DOCUMENT in place of docs/dev/development.md
set -eu
document=$(realpath "${1:-$(dirname "$0")/../../docs/dev/development.md}")
cd "$(dirname "$0")/../.."
root=$PWD
build=${BUILD:-$root/build}
copy=$build/tests/recipes
out=build/x86_64-debug
unset MAKEFLAGS MFLAGS MAKELEVEL

fail() {
    [ ! -s "$copy.log" ] || tail -n 30 "$copy.log"
    echo "$*"
    exit 1
}

listed() {
    if [ -e .git ]; then
        git ls-files -z --cached --deduplicate
    else
        find . \( -path ./build -o -path ./dist \) -prune -o -type f -print0
    fi
}

# All times are kept: by them make knows that nothing but what the recipes change is to be made.
make_copy() {
    rm -rf "$copy" "$copy".*
    mkdir -p "$copy/$out" "$copy/build/x86_64-release"
    listed | xargs -0 tar -cf - | tar -xf - -C "$copy"
    for made in vendor obj sysroot flags flags.libs flags.cjson flags.dbus sources version libdtu.a; do
        cp -Rp "$build/x86_64-debug/$made" "$copy/$out/"
    done
    ln -s ../x86_64-debug/dbus-opendtu "$copy/build/x86_64-release/dbus-opendtu"
    # With sanitizers it is as slow as it is on the target of that name.
    sed -i 's/everything=True)/patience=3.0, everything=True)/' "$copy/tests/run"
    grep -q 'patience=3.0, everything=True)' "$copy/tests/run" || fail "tests/run gives no more patience"
}

# The objects were made for this tree's place, which make is told in place of the copy's; the libraries are there.
debug() { # make's arguments
    taken=
    for library in "$out"/vendor/*.stamp; do
        taken="$taken -o $library"
    done
    # shellcheck disable=SC2086
    "${MAKE:-make}" CURDIR="$root" VARIANT=debug $taken "$@"
}

# In the copy: what a command of a recipe does, without what is installed and built for it.
follow() { # COMMAND
    case $1 in
    "make docs")
        # shellcheck disable=SC2046 # no path of ours has a blank
        debug all $(echo tests/docs/*.c | sed "s|tests/docs/\([a-z_]*\)\.c|$out/tests/\1|g") && scripts/docs
        ;;
    "make check")
        debug pure && ci/layers && tests/run "$out"/tests/test_* "$out"/tests/replay_*
        ;;
    "tests/run --only "*)
        eval "$1"
        ;;
    *)
        echo "recipes.sh does not know how to follow '$1'"
        false
        ;;
    esac
}

# In the copy: what holds every change to the documents and to the format, beside those commands.
gates() {
    BUILD=$copy/build tests/build/documents.sh || return 1
    # shellcheck disable=SC2046 # no path of ours has a blank
    ! toolchain/pinned clang-format >/dev/null ||
        clang-format --dry-run -Werror $(find src tests -newer "$copy.begun" -name '*.[ch]')
}

recipe() { # HEADING
    "$root/tests/build/recipes.py" "$document" "$1" "$copy" >"$copy.said" || fail "'$1' cannot be followed"
    for command in 'make docs' 'make check'; do
        grep -qx "$command" "$copy.said" || fail "'$1' does not say $command"
    done
    cat "$copy.said" >>"$copy.commands"
}

# Once for all recipes: it is the same to them, and most of the work.
commands() {
    awk '!said[$0]++' "$copy.commands" >"$copy.said"
    while read -r command; do
        (cd "$copy" && BUILD=$copy/build && export BUILD && follow "$command") >>"$copy.log" 2>&1 </dev/null ||
            fail "after the recipes of $document, $command fails"
    done <"$copy.said"
    (cd "$copy" && gates) >>"$copy.log" 2>&1 ||
        fail "after the recipes of $document, tests/build/documents.sh or the format fails"
}

expect() { # WHAT PATTERN FILE
    grep -q "$2" "$3" || fail "$1: $3 has no '$2'"
}

says() { # LINE-OF-DEFAULT PATTERN: of the configuration with this line, `check` says that
    printf '[DEFAULT]\nHost=127.0.0.1:9\n%s\n[INVERTER0]\n' "$1" >"$copy/config.ini"
    "$copy/$out/dbus-opendtu" check --no-ask "$copy/config.ini" >"$copy.log" 2>&1 || true
    expect "check of $1" "$2" "$copy.log"
}

documented() { # WHAT
    expect "the documents" "$1" "$copy/docs/config.md"
    expect "the documents" "$1" "$copy/packaging/config.example"
}

make_copy
touch "$copy.begun"
recipe "A new device type"
recipe "A device with a JSON reply"
recipe "A new Venus class"
recipe "A new key of config.ini"
commands

for suite in 'unit ' 'fuzz replay ' 'integration, x86_64 .* 1'; do
    expect "the tests of the new device type" "^$suite.* passed" "$copy.log"
done
documented 'opendtu .* shine'

expect "the document of devices" '^## sunplug$' "$copy/docs/devices.md"
expect "what the new device shows" '^/Ac/Energy/Forward 45.60kWh$' "$copy/tests/fixtures/devices/sunplug.golden"
# `discover` finds it by the new file: a web server of Python's own holds the replies.
serve='import http.server, json, sys
pages = json.load(open(sys.argv[1]))
class Sunplug(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path in pages else 404)
        self.end_headers()
        self.wfile.write(json.dumps(pages.get(self.path, "")).encode())
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Sunplug)
print(server.server_port, flush=True)
server.serve_forever()'
/usr/bin/python3 -c "$serve" "$copy/tests/fixtures/devices/sunplug.json" >"$copy.port" &
server=$!
until [ -s "$copy.port" ]; do sleep 0.1; done
"$copy/$out/dbus-opendtu" discover --type sunplug "127.0.0.1:$(cat "$copy.port")" >"$copy.found" 2>&1 || true
kill $server
expect "discovery" '(Type = sunplug)$' "$copy.found"
expect "discovery" 'now: 188 W$' "$copy.found"

expect "the comparison of the new class" '^integration, x86_64 .* 2 passed' "$copy.log"
expect "the new class" '^## evcharger$' "$copy/docs/dbus.md"
documented 'evcharger'

expect "the test of the new key" NightInterval "$copy/tests/unit/test_conf_value.c"
documented NightInterval
says 'NightInterval = 5' '1000 is used'
rm -rf "$copy" "$copy".*
