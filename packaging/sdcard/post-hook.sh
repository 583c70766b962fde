#!/bin/sh
# Run by Venus OS at boot with this archive's rc folder unpacked in RAM. Nothing of the archive is
# unpacked into /data by Venus OS itself: a power cut there could leave half a program.
DTU_FOLDER=$(CDPATH='' cd "$(dirname "$0")/dbus-opendtu" && pwd) || exit
export DTU_FOLDER
exec sh "$DTU_FOLDER/manage.sh" card
