# shellcheck shell=sh
# One file; cJSON_Utils is not used. As <cjson/cJSON.h>, where upstream and distributions have it. CJSON_DEFS (see
# the Makefile) is for whoever includes it as well.
mkdir -p "$PREFIX/include/cjson"
cp "$SRC/cJSON.h" "$PREFIX/include/cjson/"
$MAKE -f "$VENDOR/objs.mk" SRC="$SRC" LIB=libcjson.a FILES=cJSON.c CFLAGS="$CFLAGS $SANITIZE $CJSON_DEFS"
cp libcjson.a "$PREFIX/lib/"
