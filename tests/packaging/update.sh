#!/bin/sh
# update.sh on the device: newer, older, damaged, broken in two ways, without room.
. "$(dirname "$0")/support/venus.sh"

packages 1.0.0
packages 1.1.0
packages 1.2.0 unsound
packages 1.3.0 crashing
update()
{
    in_root /data/dbus-opendtu/update.sh "$@" >"$T/out" 2>&1
}
upload()
{
    echo "/data/upload/dbus-opendtu_$1_x86_64.tar.gz"
}
here()
{
    cat "$R/data/dbus-opendtu/version"
}
whole()
{
    (cd "$R/data/dbus-opendtu" && sha256sum -c --quiet files.sha256) &&
        not ls "$R"/data/dbus-opendtu/.[a-z]* 2>/dev/null
}

# One file more, which the next version does not have.
mkdir -p "$T/more"
tar xzf "$T/dist-1.0.0/dbus-opendtu_1.0.0_x86_64.tar.gz" -C "$T/more"
echo old >"$T/more/dbus-opendtu/of-old"
"$ROOT/packaging/manifest" "$T/more/dbus-opendtu"
tar czf "$T/dist-1.0.0/dbus-opendtu_1.0.0_x86_64.tar.gz" -C "$T/more" dbus-opendtu

device
start_services
for version in 1.0.0 1.1.0 1.2.0 1.3.0; do
    lay "$T/dist-$version/dbus-opendtu_${version}_x86_64.tar.gz" \
        "$T/dist-$version/dbus-opendtu_${version}_x86_64.tar.gz.sha256"
done
by_hand 1.0.0 >/dev/null
config 34 >"$R/data/dbus-opendtu/config.ini"
echo '# mine' >>"$R/data/dbus-opendtu/config.ini"
echo '{"mine": 1}' >"$R/data/dbus-opendtu/state.json"
cp "$R/data/dbus-opendtu/config.ini" "$T/config.ini"
ok "1.0.0 runs" runs_version 1.0.0

echo "--- upgrade"
ok "from 1.0.0 to 1.1.0" update "$(upload 1.1.0)"
ok "1.1.0 runs" runs_version 1.1.0
ok "the changed configuration is kept" cmp "$T/config.ini" "$R/data/dbus-opendtu/config.ini"
ok "what was remembered is kept" grep -q mine "$R/data/dbus-opendtu/state.json"
ok "a file that 1.1.0 does not have is gone" not test -e "$R/data/dbus-opendtu/of-old"
ok "nothing half is left" whole

echo "--- wrong sums"
cp "$R$(upload 1.0.0)" "$T/keep"
printf x >>"$R$(upload 1.0.0)"
ok "a damaged file is refused" not update "$(upload 1.0.0)"
ok "... and said to be" grep -q 'sum is wrong' "$T/out"
cp "$T/keep" "$R$(upload 1.0.0)"
rm "$R$(upload 1.0.0).sha256"
ok "a file without a sum is refused" not update "$(upload 1.0.0)"
ok "a wrong --sha256 is refused" not update "$(upload 1.0.0)" --sha256 "$(echo x | sha256sum | cut -c 1-64)"
same "1.1.0 is still here" "$(here)" v1.1.0
(cd "$R/data/upload" && sha256sum ./*.tar.gz | sed 's|\./||' >SHA256SUMS)

echo "--- downgrade"
ok "from 1.1.0 to 1.0.0, by SHA256SUMS" update "$(upload 1.0.0)"
ok "1.0.0 runs" runs_version 1.0.0
ok "the configuration is kept" cmp "$T/config.ini" "$R/data/dbus-opendtu/config.ini"
ok "... and forth by --sha256" update "$(upload 1.1.0)" --sha256 "$(sha256sum <"$R$(upload 1.1.0)" | cut -c 1-64)"

echo "--- a broken new version"
pid=$(pid_of)
ok "one that fails its self-test is refused" not update "$(upload 1.2.0)"
ok "... which is said" grep -q 'self-test' "$T/out"
same "1.1.0 was not even restarted" "$(pid_of)" "$pid"
ok "nothing half is left" whole
echo '# tried things out here' >>"$R/data/dbus-opendtu/config.example"
ok "one that ends at once is refused" not update "$(upload 1.3.0)"
ok "... which is said" grep -q 'version 1.1.0 runs again' "$T/out"
ok "1.1.0 runs again" runs_version 1.1.0
same "... and is what is on disk" "$(here)" v1.1.0
ok "... with what the user wrote into config.example" \
    grep -q 'tried things out' "$R/data/dbus-opendtu/config.example"
sed -i '/tried things out/d' "$R/data/dbus-opendtu/config.example"
ok "nothing half is left" whole
ok "the configuration is kept" cmp "$T/config.ini" "$R/data/dbus-opendtu/config.ini"

echo "--- a fault that is not the new version's"
echo BROKEN >>"$R/data/dbus-opendtu/config.ini"
ok "a typing error in config.ini keeps no update away" update "$(upload 1.0.0)"
ok "1.0.0 runs" runs_version 1.0.0
ok "... and a version without a sound program is still refused" not update "$(upload 1.3.0)"
ok "1.0.0 runs" runs_version 1.0.0

echo "--- what a user may do to config.example"
rm "$R/data/dbus-opendtu/config.example"
ok "without it an update is refused no less" not update "$(upload 1.3.0)"
ok "... and the version before comes back" runs_version 1.0.0
ok "with another version it is there again" update "$(upload 1.1.0)"
ok "nothing half is left" whole
ok "... and another one" update "$(upload 1.0.0)"

echo "--- while it is stopped"
in_root /data/dbus-opendtu/uninstall.sh >/dev/null
ok "an update starts it" update "$(upload 1.1.0)"
ok "1.1.0 runs" runs_version 1.1.0

echo "--- one for another device"
mkdir -p "$T/wrong"
tar xzf "$T/dist-1.0.0/dbus-opendtu_1.0.0_x86_64.tar.gz" -C "$T/wrong"
printf '\177ELF other' >"$T/wrong/dbus-opendtu/dbus-opendtu"
echo aarch64 >"$T/wrong/dbus-opendtu/arch"
"$ROOT/packaging/manifest" "$T/wrong/dbus-opendtu"
tar czf "$R/data/upload/wrong.tar.gz" -C "$T/wrong" dbus-opendtu
(cd "$R/data/upload" && sha256sum wrong.tar.gz >wrong.tar.gz.sha256)
ok "is refused" not update /data/upload/wrong.tar.gz
ok "... as such" grep -q 'wrong architecture: this program is for aarch64, this device is x86_64' "$T/out"
ok "nothing half is left" whole
ok "1.1.0 runs" runs_version 1.1.0
mkdir -p "$R/data/other"
in_root tar xzf - -C /data/other --strip-components=1 <"$R/data/upload/wrong.tar.gz"
ok "install.sh of one says so, too" not eval "in_root /data/other/install.sh >'$T/out' 2>&1"
ok "... as such" grep -q 'wrong architecture: this program is for aarch64' "$T/out"
ok "... and starts nothing" not test -e "$R/service/other"
rm -rf "$R/data/other"

echo "--- by hand, unpacked in part"
mkdir -p "$R/data/other"
in_root tar xzf - -C /data/other --strip-components=1 <"$T/dist-1.0.0/dbus-opendtu_1.0.0_x86_64.tar.gz"
head -c 50 "$R/data/other/restart.sh" >"$T/half" && cp "$T/half" "$R/data/other/restart.sh"
rm "$R/data/other/service/log/run"
ok "install.sh refuses it" not eval "in_root /data/other/install.sh >'$T/out' 2>&1"
ok "... and names what is not whole" \
    grep -q 'missing or not as they were released: restart.sh service/log/run - unpack' "$T/out"
ok "... and starts nothing" not test -e "$R/service/other"
rm "$R/data/other/files.sha256"
ok "without the list of its files as well" not eval "in_root /data/other/install.sh >'$T/out' 2>&1"
ok "... as such" grep -q 'files.sha256 is missing' "$T/out"
rm -rf "$R/data/other"

echo "--- what is no archive"
echo nonsense >"$R/data/upload/x.tar.gz"
ok "is refused" not update /data/upload/x.tar.gz --sha256 "$(sha256sum <"$R/data/upload/x.tar.gz" | cut -c 1-64)"
ok "and so is an .ipk" not update /data/upload/x.ipk
ok "1.1.0 runs" is_up
untouched upload

echo "--- full /data"
before=$(in_root sha256sum /data/dbus-opendtu/files.sha256)
dd if=/dev/zero of="$R/data/conf/full" bs=16k 2>/dev/null || true
truncate -s "-20k" "$R/data/conf/full"
ok "no update without room" not update "$(upload 1.0.0)"
ok "... which is said" grep -q 'full' "$T/out"
same "nothing was changed" "$(in_root sha256sum /data/dbus-opendtu/files.sha256)" "$before"
ok "nothing half is left" whole
ok "1.1.0 runs" is_up
rm "$R/data/conf/full"
ok "with room it works" update "$(upload 1.0.0)"
