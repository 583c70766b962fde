# shellcheck shell=sh
# One file; cJSON_Utils is not used. As <cjson/cJSON.h>, where upstream and distributions have it.
mkdir -p "$PREFIX/include/cjson"
cp "$SRC/cJSON.h" "$PREFIX/include/cjson/"
$MAKE -f "$VENDOR/objs.mk" SRC="$SRC" LIB=libcjson.a FILES=cJSON.c CFLAGS="$CFLAGS $SANITIZE -include $VENDOR/config/cjson/number.h"
cp libcjson.a "$PREFIX/lib/"
