#!/bin/sh
# Restarts the service. A change of config.ini needs none: the program watches it.
dir=$(CDPATH='' cd "$(dirname "$0")" && pwd) || exit
DTU_FOLDER=$dir exec sh "$dir/manage.sh" restart "$@"
