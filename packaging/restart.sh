#!/bin/sh
# Restarts the service, after a change of config.ini.
dir=$(CDPATH='' cd "$(dirname "$0")" && pwd) || exit
DTU_FOLDER=$dir exec sh "$dir/manage.sh" restart "$@"
