#!/bin/sh
# A device on which the driver in Python runs: taken over in each way of installing, and brought
# back.
. "$(dirname "$0")/support/venus.sh"

packages 1.0.0
packages 1.1.0

# The public layout of that driver, with scripts of our own in its place.
python_driver()
{
    folder=$R/data/dbus-opendtu
    mkdir -p "$folder/service/log" "$folder/docs" "$folder/__pycache__"
    for file in dbus_opendtu.py dbus_service.py helpers.py constants.py imports.py version.txt config.example \
        README.md update.sh docs/a.json; do
        echo "python driver's $file" >"$folder/$file"
    done
    echo junk >"$folder/__pycache__/x.pyc"
    echo junk >"$folder/current.log.1"
    config 77 >"$folder/config.ini"
    printf '#!/bin/sh\nexec 2>&1\npython /data/dbus-opendtu/dbus_opendtu.py\n' >"$folder/service/run"
    printf '#!/bin/sh\nexec 2>&1\nexec multilog t s153600 n2 /var/log/dbus-opendtu\n' >"$folder/service/log/run"
    cat >"$folder/install.sh" <<'END'
#!/bin/bash
# python driver's install.sh
[ -e /service/dbus-opendtu ] || ln -s /data/dbus-opendtu/service /service/dbus-opendtu
[ -f /data/rc.local ] || { printf '#!/bin/bash\n\n' >/data/rc.local; chmod 755 /data/rc.local; }
grep -qxF /data/dbus-opendtu/install.sh /data/rc.local || echo /data/dbus-opendtu/install.sh >>/data/rc.local
END
    printf '#!/bin/bash\nrm /service/dbus-opendtu\n' >"$folder/uninstall.sh"
    printf '#!/bin/bash\ntrue\n' >"$folder/restart.sh"
    chmod 755 "$folder"/*.sh "$folder/service/run" "$folder/service/log/run"
    printf '#!/bin/bash\n\necho mine >>/data/log/mine\n' >"$R/data/rc.local"
    chmod 755 "$R/data/rc.local"
    in_root /data/dbus-opendtu/install.sh
    (cd "$folder" && find . -type f ! -path './__pycache__/*' ! -name 'current.log*' ! -path '*/supervise/*' \
        -exec sha256sum {} + | sort -k 2) >"$T/python.sums"
    cp "$R/data/rc.local" "$T/rc.before"
}

python_runs()
{
    pgrep -f '[d]bus_opendtu.py' >/dev/null
}

taken_over()
{
    ok "1.0.0 runs" runs_version 1.0.0
    ok "Python does not" not python_runs
    ok "its config.ini is used" grep -q 'DeviceInstance = 77' "$R/data/dbus-opendtu/config.ini"
    ok "its link is replaced by a folder" not test -L "$R/service/dbus-opendtu"
    ok "its line in rc.local is replaced" not grep -qx /data/dbus-opendtu/install.sh "$R/data/rc.local"
    ok "the user's own line is still there" grep -q 'echo mine' "$R/data/rc.local"
    ok "none of its files is in the way" not ls "$R"/data/dbus-opendtu/*.py "$R/data/dbus-opendtu/docs" 2>/dev/null
    boot
    ok "1.0.0 runs after a reboot" runs_version 1.0.0
    ok "Python does not" not python_runs
    untouched "$@"
}

# brought_back [EXACTLY]
brought_back()
{
    ok "Python runs again" until_is 60 python_runs
    ok "... as its own service" test -L "$R/service/dbus-opendtu"
    ok "rc.local is as it was" cmp "$T/rc.before" "$R/data/rc.local"
    ok "no part of ours is left" not ls "$R/data/dbus-opendtu/dbus-opendtu" "$R/data/dbus-opendtu/manage.sh" \
        "$R/data/dbus-opendtu/python-driver" 2>/dev/null
    ok "... nor of its page for the GX screen" not test -e "$R/data/apps"
    [ -z "${1:-}" ] || {
        (cd "$R/data/dbus-opendtu" &&
            find . -type f ! -path '*/supervise/*' -exec sha256sum {} + | sort -k 2) >"$T/sums"
        ok "its files are what they were" diff "$T/python.sums" "$T/sums"
    }
    boot
    ok "Python runs after a reboot" until_is 60 python_runs
    ok "ours does not" not pgrep -f stand-in-
}

echo "--- by opkg"
device
start_services
python_driver
ok "Python runs" until_is 60 python_runs
lay "$T/dist-1.0.0/dbus-opendtu_1.0.0_x86_64.ipk"
in_root opkg install /data/upload/dbus-opendtu_1.0.0_x86_64.ipk >"$T/out" 2>&1
taken_over upload
in_root /data/dbus-opendtu/uninstall.sh --restore >"$T/out" 2>&1
brought_back exactly
in_root opkg remove dbus-opendtu >"$T/out" 2>&1
ok "opkg remove leaves the Python driver alone" diff "$T/python.sums" - <<END
$(cd "$R/data/dbus-opendtu" && find . -type f ! -path '*/supervise/*' -exec sha256sum {} + | sort -k 2)
END
ok "... running" python_runs

echo "--- by opkg, and opkg remove before the restore"
in_root opkg install /data/upload/dbus-opendtu_1.0.0_x86_64.ipk >"$T/out" 2>&1
taken_over upload
in_root opkg remove dbus-opendtu >"$T/out" 2>&1
ok "its files are still there" test -f "$R/data/dbus-opendtu/python-driver/dbus_opendtu.py"
in_root sh /data/dbus-opendtu/python-driver/restore.sh
brought_back exactly

echo "--- by an SD card"
device
python_driver
card "$T/dist-1.0.0/venus-data-dbus-opendtu-x86_64.tgz"
boot
taken_over
no_card
in_root /data/dbus-opendtu/uninstall.sh --restore >"$T/out" 2>&1
brought_back exactly

echo "--- by hand: the archive has overwritten scripts before install.sh runs"
device
start_services
python_driver
ok "Python runs" until_is 60 python_runs
by_hand 1.0.0 >"$T/out" 2>&1
taken_over
lay "$T/dist-1.1.0/dbus-opendtu_1.1.0_x86_64.tar.gz" "$T/dist-1.1.0/dbus-opendtu_1.1.0_x86_64.tar.gz.sha256"
in_root /data/dbus-opendtu/update.sh /data/upload/dbus-opendtu_1.1.0_x86_64.tar.gz >"$T/out" 2>&1
ok "an update keeps the copy" test -f "$R/data/dbus-opendtu/python-driver/dbus_opendtu.py"
in_root /data/dbus-opendtu/uninstall.sh --restore >"$T/out" 2>&1
brought_back
