#!/bin/sh
# The .ipk through the steps of opkg: installed, upgraded, a broken version, removed; into an image;
# over a driver in Python. And through dpkg, a second reader of the format.
. "$(dirname "$0")/support/venus.sh"

for version in 1.0.0 1.1.0; do packages $version; done
packages 1.2.0 unsound
ipk() { echo "dbus-opendtu_$1_x86_64.ipk"; }
opkg() { in_root opkg "$@" >"$T/out" 2>&1; }

device
start_services
for version in 1.0.0 1.1.0 1.2.0; do lay "$T/dist-$version/$(ipk $version)"; done

echo "--- install"
ok "opkg installs it" opkg install "/data/upload/$(ipk 1.0.0)"
ok "it runs" runs_version 1.0.0
ok "there is a config.ini to fill in" grep -q '^#Host' "$R/data/dbus-opendtu/config.ini"
same "... for its owner's eyes" "$(stat -c %a "$R/data/dbus-opendtu/config.ini")" 600
ok "it is said what is to be done" grep -q "write your DTU's address into /data/dbus-opendtu/config.ini" "$T/out"
boot
ok "it runs after a reboot" runs_version 1.0.0

echo "--- upgrade with a changed configuration"
config 34 >"$R/data/dbus-opendtu/config.ini"
ok "opkg upgrades it" opkg install "/data/upload/$(ipk 1.1.0)"
ok "the new version runs" runs_version 1.1.0
ok "the configuration is kept" grep -q 'DeviceInstance = 34' "$R/data/dbus-opendtu/config.ini"
ok "... and said to be good" grep -q ': all is well$' "$T/out"
ok "... and no other lies beside it" not ls "$R"/data/dbus-opendtu/config.ini-* 2>/dev/null
ok "nothing half is left" not ls "$R"/data/dbus-opendtu/.[a-z]* 2>/dev/null

echo "--- a broken version"
ok "one that fails its self-test is refused" not opkg install "/data/upload/$(ipk 1.2.0)"
ok "... which is said" grep -q 'fails its self-test' "$T/out"
same "the version before is still there" "$(cat "$R/data/dbus-opendtu/version")" v1.1.0
ok "... and still runs" runs_version 1.1.0

echo "--- downgrade"
ok "opkg installs an older one" opkg install "/data/upload/$(ipk 1.0.0)"
ok "it runs" runs_version 1.0.0

echo "--- firmware update: opkg's list is lost, the service is not"
firmware v3.80
ok "it runs" runs_version 1.0.0
ok "opkg knows nothing" not test -f "$R/usr/lib/opkg/info/dbus-opendtu.list"
ok "opkg installs over it" opkg install "/data/upload/$(ipk 1.1.0)"
ok "it runs" runs_version 1.1.0
ok "the configuration is kept" grep -q 'DeviceInstance = 34' "$R/data/dbus-opendtu/config.ini"

echo "--- remove"
for file in state.json state.json.bak state.json.tmp state.json.lock; do echo '{}' >"$R/data/dbus-opendtu/$file"; done
ok "opkg removes it" opkg remove dbus-opendtu
ok "the service is gone" not test -e "$R/service/dbus-opendtu"
ok "rc.local is gone" not test -e "$R/data/rc.local"
same "only the user's configuration stays" "$(ls -A "$R/data/dbus-opendtu")" config.ini
rm -r "$R/data/dbus-opendtu"
opkg install "/data/upload/$(ipk 1.0.0)"
opkg remove dbus-opendtu
ok "an untouched configuration goes, too" not test -e "$R/data/dbus-opendtu"
untouched upload

echo "--- from a package that had config.ini among its own files"
# with_conffile IPK OUT: as they were made before.
with_conffile()
{
    rm -rf "$T/old" && mkdir -p "$T/old/control" "$T/old/data"
    (
        cd "$T/old" && ar x "$1" && tar xzf control.tar.gz -C control && tar xzf data.tar.gz -C data
        echo '#Host' >data/data/dbus-opendtu/config.ini
        echo /data/dbus-opendtu/config.ini >control/conffiles
        tar czf control.tar.gz -C control . && tar czf data.tar.gz -C data ./data
        rm -f "$2" && ar rcD "$2" debian-binary control.tar.gz data.tar.gz
    )
}
rm -rf "$R/data/dbus-opendtu" "$R/data/rc.local"
with_conffile "$T/dist-1.0.0/$(ipk 1.0.0)" "$R/data/upload/before.ipk"
ok "opkg installs it" opkg install /data/upload/before.ipk
config 34 >"$R/data/dbus-opendtu/config.ini"
touch "$R/data/dbus-opendtu/config.ini-opkg" # of an upgrade between two of them
ok "opkg upgrades it" opkg install "/data/upload/$(ipk 1.1.0)"
ok "it runs" runs_version 1.1.0
ok "the configuration is kept" grep -q 'DeviceInstance = 34' "$R/data/dbus-opendtu/config.ini"
ok "... and no other lies beside it" not ls "$R"/data/dbus-opendtu/config.ini-* 2>/dev/null
ok "opkg removes it" opkg remove dbus-opendtu
same "only the user's configuration stays" "$(ls -A "$R/data/dbus-opendtu")" config.ini

echo "--- one for another device"
rm -rf "$R/data/dbus-opendtu"
rm -rf "$T/old" && mkdir -p "$T/old/data"
(
    cd "$T/old" && ar x "$T/dist-1.0.0/$(ipk 1.0.0)" && tar xzf data.tar.gz -C data
    printf '\177ELF other' >data/data/dbus-opendtu/.opkg/dbus-opendtu
    echo aarch64 >data/data/dbus-opendtu/.opkg/arch
    (cd data/data/dbus-opendtu/.opkg && "$ROOT/packaging/manifest" "$PWD")
    tar czf data.tar.gz -C data ./data
    ar rcD "$R/data/upload/other.ipk" debian-binary control.tar.gz data.tar.gz
)
ok "opkg, told to take it, cannot" not opkg install /data/upload/other.ipk
ok "... and why is said" grep -q 'wrong architecture: this program is for aarch64' "$T/out"
ok "nothing was installed" not test -e "$R/data/rc.local"
rm -f "$R"/usr/lib/opkg/info/*
rm -rf "$R/data/dbus-opendtu"

echo "--- one that is damaged inside"
lay "$T/dist-1.0.0/$(ipk 1.0.0)"
ok "opkg installs a whole one" opkg install "/data/upload/$(ipk 1.0.0)"
before=$(in_root sha256sum /data/dbus-opendtu/files.sha256)
rm -rf "$T/old" && mkdir -p "$T/old/data"
(
    cd "$T/old" && ar x "$T/dist-1.1.0/$(ipk 1.1.0)" && tar xzf data.tar.gz -C data
    : >data/data/dbus-opendtu/.opkg/restart.sh
    tar czf data.tar.gz -C data ./data
    ar rcD "$R/data/upload/other.ipk" debian-binary control.tar.gz data.tar.gz
)
ok "a damaged one cannot be configured" not opkg install /data/upload/other.ipk
ok "... and why is said" grep -q 'was not unpacked completely' "$T/out"
same "... and what was here is here" "$(in_root sha256sum /data/dbus-opendtu/files.sha256)" "$before"
rm -f "$R"/usr/lib/opkg/info/*
rm -rf "$R/data/dbus-opendtu"

echo "--- without room"
device 4m
lay "$T/dist-1.0.0/$(ipk 1.0.0)"
start_services
ok "opkg installs it" opkg install "/data/upload/$(ipk 1.0.0)"
dd if=/dev/zero of="$R/data/conf/full" bs=16k 2>/dev/null || true
ok "an upgrade without room is refused" not opkg install "/data/upload/$(ipk 1.0.0)"
rm "$R/data/conf/full"
boot
ok "it runs" runs_version 1.0.0

echo "--- into an image"
offline=$T/offline
mkdir -p "$offline/data" "$T/ipk"
(cd "$T/ipk" && ar x "$T/dist-1.0.0/$(ipk 1.0.0)" && mkdir control && tar xzf control.tar.gz -C control)
for shell in dash 'busybox ash'; do
    rm -rf "$offline"/data/*
    for root in IPKG_INSTROOT="$offline" OPKG_OFFLINE_ROOT="$offline" PKG_ROOT="$offline/"; do
        env "$root" $shell "$T/ipk/control/preinst" install
        tar xzf "$T/ipk/data.tar.gz" -C "$offline"
        env "$root" $shell "$T/ipk/control/postinst" configure
        ok "${root%%=*} ($shell): rc.local has the device's path" \
            grep -q '^\[ ! -x /data/dbus-opendtu/install.sh' "$offline/data/rc.local"
        env "$root" $shell "$T/ipk/control/prerm" remove >/dev/null
        (cd "$offline" && tar tzf "$T/ipk/data.tar.gz" | grep -v '/$' | xargs rm -f)
        env "$root" $shell "$T/ipk/control/postrm" remove
        same "${root%%=*} ($shell): removed again" "$(ls -A "$offline/data")" ''
    done
done

if command -v dpkg-deb >/dev/null; then
    echo "--- dpkg"
    package=$T/dist-1.0.0/$(ipk 1.0.0)
    same "dpkg reads the control file" \
        "$(dpkg-deb -f "$package" Package Version Architecture Depends | tr '\n' ' ')" \
        'Package: dbus-opendtu Version: 1.0.0 Architecture: x86_64 '
    same "everything is below /data/dbus-opendtu" \
        "$(dpkg-deb -c "$package" | awk '{ print $6 }' | grep -v '^\./data/dbus-opendtu/.' | tr '\n' ' ')" \
        './data/ ./data/dbus-opendtu/ '
    root=$T/dpkg
    mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/data"
    touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
    dpkg_()
    {
        IPKG_INSTROOT=$root dpkg --root="$root" --force-architecture --force-script-chrootless \
            --force-confold --log=/dev/null "$@" >"$T/out" 2>&1
    }
    ok "dpkg installs it" dpkg_ -i "$package"
    echo 'DTU = ahoy' >>"$root/data/dbus-opendtu/config.ini"
    ok "dpkg upgrades it" dpkg_ -i "$T/dist-1.1.0/$(ipk 1.1.0)"
    ok "the configuration is kept" grep -q ahoy "$root/data/dbus-opendtu/config.ini"
    ok "dpkg removes it" dpkg_ -r dbus-opendtu
    same "only the user's configuration stays" "$(find "$root/data" -type f)" "$root/data/dbus-opendtu/config.ini"
    ok "dpkg purges it" dpkg_ -P dbus-opendtu
fi
