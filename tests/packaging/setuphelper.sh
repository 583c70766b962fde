#!/bin/sh
# SetupHelper's PackageManager: installed, updated by a folder that replaces the whole of ours,
# uninstalled. Its helpers are stood in for, as their documentation describes them.
. "$(dirname "$0")/support/venus.sh"

for version in 1.0.0 1.1.0; do
    packages $version
    BUILD=$T/build-$version DIST=$T/dist-$version CHANGELOG=$T/changelog-$version VARIANT=release VENDOR=$ROOT/build \
        "$ROOT/packaging/mksetuphelper" x86_64 >/dev/null
done
device
start_services
setup_helper
# download VERSION
download()
{
    package_manager_gets "$T/dist-$1/dbus-opendtu_$1_setuphelper.tar.gz"
}
download 1.0.0
ok "version is of the form that PackageManager reads" grep -qx 'v[0-9.]*' "$R/data/dbus-opendtu/version"
ok "gitHubInfo is, too" grep -qx '[^:]*:[^:]*' "$R/data/dbus-opendtu/gitHubInfo"
ok "setup install" in_root /data/dbus-opendtu/setup install auto >"$T/out" 2>&1
ok "it runs" runs_version 1.0.0
ok "one program is left of the folder's" not test -e "$R/data/dbus-opendtu/bin"
ok "there is a config.ini to fill in" grep -q '^#Host' "$R/data/dbus-opendtu/config.ini"
# As an editor on a PC does it: a new file of that name, and nothing is restarted.
config 34 >"$R/data/dbus-opendtu/new" && mv "$R/data/dbus-opendtu/new" "$R/data/dbus-opendtu/config.ini"
echo '# edited, and nothing restarted' >>"$R/data/dbus-opendtu/config.ini"
ok "a copy of it is kept outside" until_is 10 cmp -s "$R/data/dbus-opendtu/config.ini" \
    "$R/data/setupOptions/dbus-opendtu/config.ini"
same "... for its owner's eyes" "$(stat -c %a "$R/data/setupOptions/dbus-opendtu/config.ini")" 600
download 1.1.0
ok "the download has taken config.ini away" not test -e "$R/data/dbus-opendtu/config.ini"
ok "setup install of the new version" in_root /data/dbus-opendtu/setup install auto >"$T/out" 2>&1
ok "it runs" runs_version 1.1.0
ok "config.ini is back" grep -q 'DeviceInstance = 34' "$R/data/dbus-opendtu/config.ini"
ok "... with its last change" grep -q 'nothing restarted' "$R/data/dbus-opendtu/config.ini"
sed -i 's/= 34/= 35/' "$R/data/dbus-opendtu/config.ini"
mkdir "$R/data/dbus-opendtu/devices" && echo '[DEVICE]' >"$R/data/dbus-opendtu/devices/mine.ini"
boot
download 1.0.0
ok "setup install of another version" in_root /data/dbus-opendtu/setup install auto >"$T/out" 2>&1
ok "the owner's device file is back" grep -qx '\[DEVICE\]' "$R/data/dbus-opendtu/devices/mine.ini"
ok "config.ini is back, as at the last boot" grep -q 'DeviceInstance = 35' "$R/data/dbus-opendtu/config.ini"
download 1.1.0
ok "setup install of the new version" in_root /data/dbus-opendtu/setup install auto >"$T/out" 2>&1
firmware v3.80
ok "it runs after a firmware update" runs_version 1.1.0
ok "... and setup reinstall changes nothing" in_root /data/dbus-opendtu/setup reinstall auto >"$T/out" 2>&1
ok "it runs" runs_version 1.1.0
echo "--- a download that is not whole, or for another device"
download 1.0.0
head -c 100 "$R/data/dbus-opendtu/service/run" >"$T/cut" && cp "$T/cut" "$R/data/dbus-opendtu/service/run"
rm -rf "$R/service/dbus-opendtu"
ok "setup install refuses half a file" not in_root /data/dbus-opendtu/setup install auto >"$T/out" 2>&1
ok "... names it" grep -q 'missing or not as they were released: service/run - unpack the archive again' "$T/out"
ok "... and starts nothing of it" not test -e "$R/service/dbus-opendtu"
download 1.0.0
rm "$R/data/dbus-opendtu/uninstall.sh"
cp "$T/cut" "$R/data/dbus-opendtu/config.example"
ok "... and a file that is missing" not in_root /data/dbus-opendtu/install.sh >"$T/out" 2>&1
ok "... whatever its owner has made of config.example" not grep -q config.example "$T/out"
download 1.0.0
printf '\177ELF other' >"$R/data/dbus-opendtu/bin/x86_64/dbus-opendtu"
ok "... and a folder of programs that do not run here" \
    not in_root /data/dbus-opendtu/setup install auto >"$T/out" 2>&1
ok "... as such" grep -q 'wrong architecture: none of the programs' "$T/out"
download 1.1.0
ok "a whole one is installed" in_root /data/dbus-opendtu/setup install auto >"$T/out" 2>&1
ok "it runs" runs_version 1.1.0
ok "setup uninstall" in_root /data/dbus-opendtu/setup uninstall auto >"$T/out" 2>&1
ok "the service is gone" not test -e "$R/service/dbus-opendtu"
ok "rc.local is gone" not test -e "$R/data/rc.local"
untouched
