# shellcheck shell=sh
# Puts dbus-opendtu on a GX device, keeps it there over firmware updates, takes it off again.
# Everything that install.sh, uninstall.sh, restart.sh, update.sh, the package's scripts and the SD
# card do is done here, in one file, so that an update replaces it in one step and no half of it can
# meet another half of another version.
#
# Runs under busybox ash and dash. Nothing is written outside the program's own folder below /data,
# but /service/<name> (RAM, created at every boot), one line in /data/rc.local, the page for the GX
# screen in /data/apps, and with SetupHelper a copy of config.ini and state.json in its
# /data/setupOptions/<name>.
#
# An update is a journal in the program's folder, so that a power cut at any moment leaves something
# that works:
#   .stage .unpack .save   being written: thrown away
#   .opkg                  being unpacked by opkg, or unpacked and not yet taken
#   .new                   complete and verified: moved into place, again and again until done
#   .old                   what ran before: put back when the new program does not pass its self-test
set -u
umask 022
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

usage()
{
    cat <<END
Usage: install.sh     start the service, now and at every boot
       restart.sh     restart the service; a change of config.ini needs none
       update.sh FILE [--sha256 SUM] [--unsigned]
                      FILE: dbus-opendtu_<version>_<architecture>.tar.gz; its
                      SHA-256 sum is looked for in FILE.sha256 and SHA256SUMS,
                      its signature in FILE.sig
         --unsigned   take one without a signature
       uninstall.sh [OPTION...]
                      stop the service; the folder stays
         --logs       delete its log, too
         --restore    bring back the Python driver that was here before
         --purge      delete the folder with everything in it, and the log
END
}

say()
{
    printf '%s\n' "$*"
    if [ -n "$quiet" ] && command -v logger >/dev/null 2>&1; then
        logger -t "$name" "$*" 2>/dev/null
    fi
    return 0
}

warn()
{
    say "$*" >&2
}

die()
{
    warn "$name: $*"
    exit 1
}

# The folder's name is the service's name: several copies live side by side.
set_folder()
{
    dir=$1
    name=${dir##*/}
    home=${dir#"$root"} # the same folder as the device will see it, when working in an offline root
    python=$dir/python-driver
    services=$root/service
    service=$services/$name
    case $home in
    *[!A-Za-z0-9._/-]*) die "cannot work in \"$home\": use letters, digits, dots and dashes in the folder's name" ;;
    esac
    case $name in
    '' | .*) die "\"$home\" is no folder for a service" ;;
    esac
}

# bounded SECONDS COMMAND...: ends a command that hangs. Who watches it looks every second, since a
# signal to it may come before it is ready for signals, and ends by itself.
bounded()
{
    bounded_seconds=$1
    shift
    "$@" &
    bounded_pid=$!
    (
        until [ "$bounded_seconds" -le 0 ]; do
            sleep 1
            kill -0 "$bounded_pid" || exit
            bounded_seconds=$((bounded_seconds - 1))
        done
        kill -9 "$bounded_pid"
    ) >/dev/null 2>&1 </dev/null &
    bounded_watch=$!
    wait "$bounded_pid"
    bounded_code=$?
    kill "$bounded_watch" 2>/dev/null
    return "$bounded_code"
}
