#!/bin/sh
# Stops the service and keeps it from starting again: see --help.
dir=$(CDPATH='' cd "$(dirname "$0")" && pwd) || exit
DTU_FOLDER=$dir exec sh "$dir/manage.sh" uninstall "$@"
