#!/bin/sh
# Starts the service, now and at every boot. All work is in manage.sh; should a power cut have left
# half of that file, the copy that was kept for the update takes its place.
dir=$(CDPATH='' cd "$(dirname "$0")" && pwd) || exit
manage=$dir/manage.sh
if [ "$(tail -n 1 "$manage" 2>/dev/null)" != '# end of manage.sh' ]; then
    manage=$dir/.old/manage.sh
    # There was none before, but the Python driver.
    [ -f "$manage" ] || [ ! -f "$dir/python-driver/restore.sh" ] || exec sh "$dir/python-driver/restore.sh"
fi
DTU_FOLDER=$dir exec sh "$manage" install "$@"
