#!/bin/sh
# update.sh FILE [--sha256 SUM] [--unsigned]: another version, newer or older; the configuration stays.
dir=$(CDPATH='' cd "$(dirname "$0")" && pwd) || exit
DTU_FOLDER=$dir exec sh "$dir/manage.sh" update "$@"
