#!/bin/sh
# The first hour of a new user, from README.md alone: install, write a configuration, see values, break it in the
# usual ways and be led out by `check`, update, remove. Each step says what must be seen, and it must be in
# docs/first-hour.md as well, the transcript of all: WRITE=docs/first-hour.md tests/packaging/first_hour.sh
# writes it anew.
if [ -z "${IN_HOUSE:-}" ]; then
    # A network of its own, in which the gateways have the addresses that they have in a house.
    unshare --net true 2>/dev/null || { echo "this machine permits no namespaces, or you are not root"; exit 77; }
    exec env IN_HOUSE=1 unshare --net sh "$0" "$@"
fi
. "$(dirname "$0")/support/venus.sh"

DOCUMENT=$ROOT/docs/first-hour.md
. "$(dirname "$0")/support/transcript.sh"

next=$(echo "$version" | sed 's/.$//')$(echo "$version" | sed 's/.*\(.\)$/\1/' | tr 0-9 1-90)
make_image v3.70
with_bus
device
house hour 74 75 80
start_services
archive "$version"

# ---- The hour ------------------------------------------------------------------------------------

tell <<'END'
# The first hour

What a new user sees: from an archive to inverters on the screen, with the mistakes that people make, and the way out of each.

It was typed, and answered, on a simulated GX device (its root file system read-only, with Venus OS' shell, `svscan`, D-Bus and
settings service) in a simulated house: an OpenDTU with two inverters at 192.168.1.74, a second one with one inverter and a
password at 192.168.1.75, a Shelly Plus 1PM with a password at 192.168.1.80. `tests/packaging/first_hour.sh` does it again with
each test run, and writes this file. Only process ids, seconds, milliseconds and times of day were made alike. The device is a
PC's: on yours it says `armv7` or `aarch64` where it says `x86_64` here.

## Install

The archive and its sum lie in `/data`.

END
enter "cd /data && sha256sum -c dbus-opendtu_${version}_x86_64.tar.gz.sha256"
sees ': OK'
enter "tar xzf dbus-opendtu_${version}_x86_64.tar.gz"
enter 'cd dbus-opendtu && ls'
sees install.sh
enter ./install.sh
ends 0
sees 'is running; its log is /var/log/dbus-opendtu/current'
sees "It publishes nothing yet: write your DTU's address into /data/dbus-opendtu/config.ini"
enter 'cat config.ini'
sees '#Host = 192.168.1.74'
tell <<'END'
`nano config.ini`: the address is written, and two of its digits exchanged.

END
edit <<'END'
[DEFAULT]
Host=192.168.1.47
END
logged 'nobody answers'
enter 'svstat /service/dbus-opendtu'
sees ': up (pid'

tell <<'END'

## Nothing on the screen

It runs, but the GX screen has no inverter. What was it that one asks then?

END
enter './dbus-opendtu'
ends 0
sees 'The service runs (process '
sees 'check     say what is wrong with a configuration and its gateways'
enter './dbus-opendtu chek'
ends 2
sees 'did you mean "check"?'
enter './dbus-opendtu check'
ends 3
sees 'problem: nobody answers at 192.168.1.47: is the gateway on, is Host right?'
sees 'see the lines above, then check again'
tell <<'END'
The log says the same, once:

END
logged 'nobody answers'
enter 'tail -n 3 /var/log/dbus-opendtu/current | tai64nlocal'
sees 'WARNING DTU-102 DEFAULT: nobody answers at 192.168.1.47'
tell <<'END'
Right, it is .74. The file is edited and saved; nothing is restarted.

END
edit <<'END'
[DEFAULT]
Host=192.168.1.74
END
shown '2 of 2 inverters running'
logged '192.168.1.74 answers'
enter 'tail -n 1 /var/log/dbus-opendtu/current | tai64nlocal'
sees 'INFO DEFAULT: http://192.168.1.74 answers'
enter './dbus-opendtu check'
ends 0
sees '[DEFAULT] opendtu at http://192.168.1.74: inverters: 2'
sees 'all is well'
misses problem:
enter './dbus-opendtu show --once'
ends 0
sees 'pvinverter.http_34'
sees 'Roof north      pvinverter.http_35  L1'
sees '2 of 2 inverters running'
tell <<'END'
Both are there, with the names that they have in OpenDTU, and on the GX screen. (`show` without `--once` stays and follows them.)

## A mistyped line

Roof north is on L2, and should keep number 40 in VRM. `check` has told its place in the list: the second, so `[INVERTER1]`.

END
edit <<'END'
[DEFAULT]
Host=192.168.1.74

[INVERTER1]
Fase=L2
DeviceInstance=4000
END
logged 'refused for these errors'
tell <<'END'
Nothing changes on the screen. The log:

END
enter 'tail -n 3 /var/log/dbus-opendtu/current | tai64nlocal'
sees 'config.ini:5: [INVERTER1] Fase is not known: did you mean Phase?'
sees 'config.ini:6: [INVERTER1] DeviceInstance = "4000": allowed is 0..1023 or auto'
sees 'refused for these errors; keeping the previous configuration'
tell <<'END'
Two slips; what ran before keeps running. Both lines are corrected:

END
edit <<'END'
[DEFAULT]
Host=192.168.1.74

[INVERTER1]
Phase=L2
DeviceInstance=40
END
logged 'in use now'
shown 'pvinverter.http_40'
enter 'tail -n 1 /var/log/dbus-opendtu/current | tai64nlocal'
sees 'the errors have gone; it is in use now'
enter './dbus-opendtu show --once'
sees 'Roof north      pvinverter.http_40  L2'
sees 'Roof south      pvinverter.http_34  L1'

tell <<'END'

## A Shelly, with the wrong paths

The balcony has a Shelly. Its section is typed from memory, with what its web page calls the values.

END
edit <<'END'
[DEFAULT]
Host=192.168.1.74
NumberOfTemplates=1

[INVERTER1]
Phase=L2
DeviceInstance=40

[TEMPLATE0]
Name=Balcony
Host=192.168.1.80
Username=admin
Password=sunny side
CUST_API_PATH=rpc/Switch.GetStatus?id=0
CUST_Power=power
CUST_Total=energy
Phase=L3
END
logged 'TEMPLATE0: '
enter './dbus-opendtu check'
ends 3
sees 'problem: 192.168.1.80 wants Digest authentication: set DigestAuth=True'
tell <<'END'
`DigestAuth=1` goes below the password.

END
sed -i 's/^Password=.*/&\nDigestAuth=1/' "$R/data/dbus-opendtu/config.ini"
logged 'CUST_Power: power is not in the reply'
enter './dbus-opendtu check'
ends 3
sees 'problem: CUST_Power: power is not in the reply'
sees 'problem: CUST_Total: energy is not in the reply'
sees 'apower               380.2'
tell <<'END'
The numbers of the reply stand there, each with its path. `paths` prints them, too, without a configuration, and says what
they probably are:

END
enter "./dbus-opendtu paths '192.168.1.80/rpc/Switch.GetStatus?id=0'"
ends 1
sees 'paths: here that is --user NAME, --password TEXT, --digest, --authorization TEXT'
enter "DTU_PASSWORD='sunny side' ./dbus-opendtu paths --user admin --digest '192.168.1.80/rpc/Switch.GetStatus?id=0'"
ends 0
sees 'aenergy/total        97154'
sees 'Type = shelly-plus-1pm'
sees 'power, W'
tell <<'END'
A Shelly Plus 1PM has a type, so that no `CUST_` key is needed. For a device that has none, `paths` proposes the keys. The
owner goes on by hand here: 380 W is what the Shelly's page shows, so `CUST_Power=apower`, and `CUST_Total=aenergy/total`.

END
sed -i -e 's/^CUST_Power=.*/CUST_Power=apower/' -e 's,^CUST_Total=.*,CUST_Total=aenergy/total,' \
    "$R/data/dbus-opendtu/config.ini"
logged 'TEMPLATE0: http://192.168.1.80 answers'
shown ' 97154.0 '
enter './dbus-opendtu check'
ends 3
sees 'problem: CUST_Total: aenergy/total of a Shelly is in Wh: CUST_Total_Mult=0.001 converts it to kWh'
tell <<'END'
97154 kWh would be a great deal for a balcony. With `CUST_Total_Mult=0.001`:

END
sed -i 's/^CUST_Total=.*/&\nCUST_Total_Mult=0.001/' "$R/data/dbus-opendtu/config.ini"
shown ' 97\.2 '
enter './dbus-opendtu show --once'
sees 'Balcony '
sees '3 of 3 inverters running'

tell <<'END'

## A password

The barn has an OpenDTU of its own, whose web page asks for a password. Two lines are added, `[DTU1]` and its address:

END
printf '%s\n' '' '[DTU1]' Host=192.168.1.75 >>"$R/data/dbus-opendtu/config.ini"
logged 'DTU1: 192.168.1.75 wants'
enter './dbus-opendtu check'
ends 3
sees 'problem: 192.168.1.75 wants a user name and a password: set Username and Password'
tell <<'END'
`Username=admin` and `Password=opendtu42` are added.

END
printf '%s\n' Username=admin Password=opendtu42 >>"$R/data/dbus-opendtu/config.ini"
logged 'DTU1: 192.168.1.75 refuses'
enter './dbus-opendtu check | grep -A 1 DTU1'
sees 'problem: 192.168.1.75 refuses the credentials: are Username and Password right?'
tell <<'END'
OpenDTU's manual writes it `openDTU42`. The file as it is in the end:

END
sed 's/opendtu42/openDTU42/' "$R/data/dbus-opendtu/config.ini" >"$T/final"
edit <"$T/final"
logged 'DTU1: http://192.168.1.75 answers'
shown '4 of 4 inverters running'
enter './dbus-opendtu check'
ends 0
sees '[DTU1] opendtu at http://192.168.1.75: inverters: 1'
sees 'all is well'
enter './dbus-opendtu show --once'
sees '4 of 4 inverters running'

tell <<'END'

## A second copy

The garage is to have a copy of its own; its DTU is not there yet, so the address is that of the first for now.

END
enter "mkdir /data/garage && tar xzf /data/dbus-opendtu_${version}_x86_64.tar.gz -C /data/garage --strip-components=1"
ends 0
printf '[DEFAULT]\nHost=192.168.1.74\n' >"$R/data/garage/config.ini"
enter '/data/garage/install.sh'
ends 0
sees 'problem: another process ('
sees 'see the lines above, then check again'
tell <<'END'
Nothing of the first has changed, and nothing is there twice:

END
enter './dbus-opendtu show --once'
sees '4 of 4 inverters running'
enter '/data/garage/uninstall.sh --purge'
ends 0

tell <<'END'

## Update, and remove

The next version's archive lies in `/data`, its sum beside it. (Here it is the same program under the next number.)

END
before=$(sum <"$R/data/dbus-opendtu/config.ini")
archive "$next"
enter "./update.sh /data/dbus-opendtu_${next}_x86_64.tar.gz"
ends 0
sees "from dbus-opendtu "
sees ': sound'
same "the configuration is kept" "$(sum <"$R/data/dbus-opendtu/config.ini")" "$before"
shown '4 of 4 inverters running'
enter './dbus-opendtu show --once'
sees 'Roof north      pvinverter.http_40  L2'
tell <<'END'
The same names, numbers and totals. And all of it away again:

END
enter './uninstall.sh'
ends 0
sees 'dbus-opendtu is stopped and will not start again'
enter 'cd /data && rm -rf dbus-opendtu dbus-opendtu_* && ls'
misses dbus-opendtu
misses rc.local
same "nothing is on the bus" "$(in_root dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
    org.freedesktop.DBus.ListNames | grep -c 'victronenergy.*http_')" 0
tell <<'END'

`log` still has the log: `uninstall.sh --purge` takes it along, and the folder.
END
untouched

kept
