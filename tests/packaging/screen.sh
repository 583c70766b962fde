#!/bin/sh
# The page for the GX screen on the device: with each way of installing, updated and put back with the program, checked at
# each boot, removed without a trace; and never at the cost of other plugins, nor of the service.
. "$(dirname "$0")/support/venus.sh"

packages 1.0.0
packages 1.1.0
packages 1.2.0 crashing
BUILD=$T/build-1.0.0 DIST=$T/dist-1.0.0 CHANGELOG=$T/changelog-1.0.0 VARIANT=release VENDOR=$ROOT/build \
    "$ROOT/packaging/mksetuphelper" x86_64 >/dev/null
app=/data/apps/available/DbusOpendtu
page=$app/gui-v2/DbusOpendtu.json
link=/data/apps/enabled/DbusOpendtu
upload()
{
    echo "/data/upload/dbus-opendtu_$1_x86_64.tar.gz"
}
lay_all()
{
    for version in 1.0.0 1.1.0 1.2.0; do
        lay "$T/dist-$version/dbus-opendtu_${version}_x86_64".*
    done
}
update()
{
    in_root /data/dbus-opendtu/update.sh "$@" >"$T/out" 2>&1
}
uninstall()
{
    in_root /data/dbus-opendtu/uninstall.sh "$@" >"$T/out" 2>&1
}

# shows VERSION: what gui-v2 would load from there is the page of that version, whole.
shows()
{
    [ "$(in_root readlink $link)" = $app ] || return 1
    "$ROOT/gui/pack" "$1" "$T/page-$1.json" && cmp -s "$T/page-$1.json" "$R$page" &&
        [ "$(stat -c %a "$R$page")" = 644 ] && [ "$(ls -A "$R$app/gui-v2")" = DbusOpendtu.json ]
}
no_trace()
{
    [ ! -e "$R/data/apps" ] && untouched upload
}

# Another's plugin, and what Venus OS has made.
others()
{
    mkdir -p "$R/data/apps/available/Other/gui-v2" "$R/data/apps/enabled"
    echo '{"name": "Other"}' >"$R/data/apps/available/Other/gui-v2/Other.json"
    ln -s /data/apps/available/Other "$R/data/apps/enabled/Other"
}
others_are()
{
    (cd "$R/data/apps" && find . -exec ls -ld --time-style=full-iso {} + | grep -e Other -e '[0-9] \./[^/]*$' | cut -d' ' -f 1,3-4,9-)
}

echo "--- each way in, and out without a trace"
device
start_services
by_hand 1.0.0 >"$T/out" 2>&1
ok "by hand: the page is there" shows 1.0.0
ok "... and the service runs" runs_version 1.0.0
ok "uninstall.sh removes it" uninstall
ok "... without a trace" no_trace
ok "install.sh brings it back" in_root /data/dbus-opendtu/install.sh >"$T/out" 2>&1
ok "... as it was" shows 1.0.0
ok "--purge removes all" uninstall --purge
same "... without a trace" "$(ls -A "$R/data" | tr '\n' ' ')" 'conf log '

lay "$T/dist-1.0.0/dbus-opendtu_1.0.0_x86_64.ipk" "$T/dist-1.1.0/dbus-opendtu_1.1.0_x86_64.ipk"
ok "opkg installs it" in_root opkg install /data/upload/dbus-opendtu_1.0.0_x86_64.ipk >"$T/out" 2>&1
ok "... the page, too" shows 1.0.0
ok "opkg upgrades it" in_root opkg install /data/upload/dbus-opendtu_1.1.0_x86_64.ipk >"$T/out" 2>&1
ok "... the page, too" shows 1.1.0
ok "opkg removes it" in_root opkg remove dbus-opendtu >"$T/out" 2>&1
ok "... without a trace" no_trace

setup_helper
package_manager_gets "$T/dist-1.0.0/dbus-opendtu_1.0.0_setuphelper.tar.gz"
ok "SetupHelper installs it" in_root /data/dbus-opendtu/setup install auto >"$T/out" 2>&1
ok "... the page, too" shows 1.0.0
ok "SetupHelper removes it" in_root /data/dbus-opendtu/setup uninstall auto >"$T/out" 2>&1
ok "... without a trace" no_trace

device
card "$T/dist-1.0.0/venus-data-dbus-opendtu-x86_64.tgz"
boot
ok "a card installs it" until_is 60 shows 1.0.0
no_card

echo "--- updated, put back, kept"
device
start_services
lay_all
by_hand 1.0.0 >"$T/out" 2>&1
config 34 >"$R/data/dbus-opendtu/config.ini"
ok "1.0.0 runs" runs_version 1.0.0
ok "an update" update "$(upload 1.1.0)"
ok "... brings its page" shows 1.1.0
ok "a version that does not stay up is put back" not update "$(upload 1.2.0)"
ok "... and its page with it" shows 1.1.0
ok "an older version" update "$(upload 1.0.0)"
ok "... brings its page" shows 1.0.0
firmware v3.80
ok "a firmware update keeps it" shows 1.0.0
rm -r "$R/data/apps"
boot
ok "a boot brings back what was lost" shows 1.0.0
truncate -s 1000 "$R$page"
boot
ok "... and what was damaged" shows 1.0.0
rm "$R$link"
boot
ok "who has removed the link does not get it again by a boot" not test -L "$R$link"
ok "... nor by an update" update "$(upload 1.1.0)"
ok "... nor by an update" not test -L "$R$link"
ok "... though the file is the new one" cmp -s "$R/data/dbus-opendtu/DbusOpendtu.json" "$R$page"
ok "uninstall.sh removes that, too" uninstall
ok "... without a trace" no_trace

echo "--- after a power cut amid it"
mkdir -p "$R$app/gui-v2" "$R/data/apps/enabled"
ln -s $app "$R$link"
head -c 500 "$R/data/dbus-opendtu/DbusOpendtu.json" >"$R$app/gui-v2/.new"
ok "install.sh finishes it" in_root /data/dbus-opendtu/install.sh >"$T/out" 2>&1
ok "... as it should be" shows 1.1.0
ok "uninstall.sh" uninstall
ok "... leaves no trace" no_trace
mkdir -p "$R$app/gui-v2" "$R/data/apps/enabled"
ok "uninstall.sh, after a cut amid it" uninstall
ok "... leaves no trace" no_trace

echo "--- beside other plugins"
rm -rf "$R/data/apps"
others
others_are >"$T/others"
ok "install.sh" in_root /data/dbus-opendtu/install.sh >"$T/out" 2>&1
ok "the page is there" shows 1.1.0
ok "uninstall.sh" uninstall
others_are >"$T/after"
ok "the others are as they were" cmp "$T/others" "$T/after"
same "... and nothing else is there" "$(cd "$R/data/apps" && find . -mindepth 2 -maxdepth 2 | sort | tr '\n' ' ')" \
    './available/Other ./enabled/Other '
rm -r "$R"/data/apps/*/Other
in_root /data/dbus-opendtu/install.sh >/dev/null 2>&1
uninstall
same "folders that are not ours stay, though they are empty" "$(ls "$R/data/apps" | tr '\n' ' ')" 'available enabled '
rm -r "$R/data/apps"
mkdir -p "$R/data/elsewhere/gui-v2" "$R/data/apps/enabled"
ln -s /data/elsewhere "$R$link"
in_root /data/dbus-opendtu/install.sh >/dev/null 2>&1
same "a link of somebody else's stays" "$(readlink "$R$link")" /data/elsewhere
uninstall
same "... also when ours goes" "$(readlink "$R$link")" /data/elsewhere
rm -r "$R/data/apps" "$R/data/elsewhere"

echo "--- what is damaged is never installed"
in_root /data/dbus-opendtu/install.sh >/dev/null 2>&1
for damage in truncated 'another sum'; do
    rm -rf "$R/data/dbus-opendtu"
    mkdir -p "$R/data/dbus-opendtu"
    in_root tar xzf - -C /data/dbus-opendtu --strip-components=1 <"$T/dist-1.0.0/dbus-opendtu_1.0.0_x86_64.tar.gz"
    case $damage in
    truncated) truncate -s 30000 "$R/data/dbus-opendtu/DbusOpendtu.json" ;;
    *) sed -i 's/"name"/"mane"/' "$R/data/dbus-opendtu/DbusOpendtu.json" ;;
    esac
    ok "$damage: install.sh refuses all of it" not in_root /data/dbus-opendtu/install.sh >"$T/out" 2>&1
    ok "... and says what is damaged" grep -q 'not as they were released: DbusOpendtu.json' "$T/out"
    ok "... the page that was there is still whole" shows 1.1.0
    boot
    ok "... after a boot as well" shows 1.1.0
done
rm -rf "$R/data/dbus-opendtu"
by_hand 1.0.0 >/dev/null 2>&1
truncate -s 30000 "$R/data/dbus-opendtu/DbusOpendtu.json"
boot
ok "damaged later: the service runs after a boot" runs_version 1.0.0
ok "... and the page is the whole one of before" shows 1.0.0
uninstall
ok "uninstall.sh removes it" no_trace
rm -rf "$T/broken" && mkdir "$T/broken"
tar xzf "$T/dist-1.1.0/dbus-opendtu_1.1.0_x86_64.tar.gz" -C "$T/broken"
truncate -s 30000 "$T/broken/dbus-opendtu/DbusOpendtu.json"
tar czf "$R/data/upload/broken.tar.gz" -C "$T/broken" dbus-opendtu
by_hand 1.0.0 >/dev/null 2>&1
ok "an update with a damaged page is refused whole" \
    not update /data/upload/broken.tar.gz --sha256 "$(sha256sum <"$R/data/upload/broken.tar.gz" | cut -c 1-64)"
ok "... 1.0.0 runs on" runs_version 1.0.0
ok "... with its page" shows 1.0.0

echo "--- full /data"
uninstall
dd if=/dev/zero of="$R/data/conf/full" bs=16k 2>/dev/null || true
truncate -s "-20k" "$R/data/conf/full"
ok "the service is installed" in_root /data/dbus-opendtu/install.sh >"$T/out" 2>&1
ok "... and it is said that the page is not" grep -q 'page for the GX screen is not installed: is /data full?' "$T/out"
same "... nothing half is there" "$(find "$R/data/apps" -name '*.json' -o -name .new)" ''
rm "$R/data/conf/full"
boot
ok "with room the next boot brings it" shows 1.0.0

echo "--- two copies of the program"
by_hand 1.1.0 second >/dev/null 2>&1
ok "the page is the first one's" shows 1.0.0
in_root /data/second/uninstall.sh --purge >/dev/null 2>&1
ok "... also when the second goes" shows 1.0.0
by_hand 1.1.0 second >/dev/null 2>&1
uninstall --purge
in_root /data/second/install.sh >/dev/null 2>&1
ok "without the first it is the second one's" shows 1.1.0
in_root /data/second/uninstall.sh --purge >/dev/null 2>&1
ok "... which takes it along" no_trace
