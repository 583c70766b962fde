#!/bin/sh
# A new owner who has not written a line yet: the devices are found, one word says what the meter measures, and the
# values are there. WRITE=docs/discover.md tests/packaging/discovery.sh writes the transcript anew.
if [ -z "${IN_HOUSE:-}" ]; then
    # A network of its own, in which the devices have the addresses that they have in a house.
    unshare --net true 2>/dev/null || { echo "this machine permits no namespaces, or you are not root"; exit 77; }
    exec env IN_HOUSE=1 unshare --net sh "$0" "$@"
fi
. "$(dirname "$0")/support/venus.sh"
DOCUMENT=$ROOT/docs/discover.md
. "$(dirname "$0")/support/transcript.sh"

make_image v3.70
with_bus
device
house discovery 9 74 81 82
start_services
archive "$version"
(cd "$R/data" && tar xzf "dbus-opendtu_${version}_x86_64.tar.gz")
in_root /data/dbus-opendtu/install.sh >"$T/out" 2>&1 || fail "not installed"
rm -f "$R/data"/dbus-opendtu_*
cwd=/data/dbus-opendtu

tell <<'END'
# Finding devices

`dbus-opendtu discover` finds the devices in your network and writes their sections. It was typed, and answered, on a simulated
GX device on which the program has just been installed, in a simulated house with an OpenDTU, a Shelly Pro 3EM at the grid
connection, a Shelly Plus 1PM behind a balcony inverter, and a printer. `tests/packaging/discovery.sh` does it again with each
test run, and writes this file.

## What there is

Nothing is contacted that you do not name. Name your network, or single addresses:

END
enter './dbus-opendtu discover 192.168.1.0/24'
ends 0
sees '192.168.1.74  OpenDTU (DTU = opendtu), firmware v'
sees '192.168.1.81  Shelly Pro 3EM (Type = shelly-pro-3em), firmware 1.4.0'
sees '192.168.1.82  Shelly Plus 1PM (Type = shelly-plus-1pm), firmware 1.4.0'
sees 'now: 594 W'
sees '192.168.1.9  unknown'
tell <<'END'
Eight hosts are asked at a time, each at most six times, without any login. A larger network than 1024 addresses is refused.

## What the meter is for

The program cannot know what a meter measures: the grid connection, a generator, a heat pump. So it leaves a meter out until
you say it. One word does: `--as grid=ADDRESS`. `--ini` shows what would be written:

END
enter './dbus-opendtu discover --ini --as grid=192.168.1.81 192.168.1.74 192.168.1.81 192.168.1.82'
ends 0
sees 'Servicename = com.victronenergy.grid'
tell <<'END'
`--add` writes into `config.ini` what is not there yet. What the file was before is kept beside it as `config.ini.bak`.

END
enter './dbus-opendtu discover --add --as grid=192.168.1.81 192.168.1.74 192.168.1.81 192.168.1.82'
ends 0
sees '[DEFAULT] OpenDTU at 192.168.1.74'
sees 'Written to /data/dbus-opendtu/config.ini'
shown '3 of 3 inverters running'
shown ' grid.http_'
tell <<'END'
The service has read it by itself:

END
enter './dbus-opendtu check'
ends 0
sees 'all is well'
enter './dbus-opendtu show --once'
ends 0
sees 'Balcony '
sees '3 of 3 inverters running'
tell <<'END'
## Once more

A device that is there already is not added again, whether it was written by hand or found.

END
enter './dbus-opendtu discover --add --as grid=192.168.1.81 192.168.1.0/24'
ends 0
sees 'There already: 3'
sees 'stays as it is'
tell <<'END'
## What announces itself

Without an address, `discover` lists what announces itself in the network. On the GX device Avahi knows that; here it does
not run.

END
enter './dbus-opendtu discover'
ends 1
sees 'discover: '
tell <<'END'
## Where a device is not found

- A device that wants a login for everything, or is asleep, looks unknown or is not there.
- Six requests do not suffice for all types. `discover` says which are left: name one with `--type`, such as
  `discover --type go-e-charger 192.168.1.90`. A device whose name in the network begins with that of its maker is asked for
  that maker's types first, so name it by name: `discover zendure-a1b2c3.local`.
- A device without a type: [first-hour.md](first-hour.md) shows how `paths` proposes its section.
END
kept
