# shellcheck shell=sh
# One archive instead of three, compiled straight from library/: the release archive has every generated
# file, upstream's makefiles would want python and perl to make sure. Our configuration takes the place of
# upstream's, so that whoever includes the headers sees the same one.
mkdir -p "$PREFIX/include"
rm -rf "$PREFIX/include/mbedtls" "$PREFIX/include/psa"
cp -R "$SRC/include/mbedtls" "$SRC/include/psa" "$PREFIX/include/"
cp "$VENDOR/config/mbedtls_config.h" "$PREFIX/include/mbedtls/mbedtls_config.h"
files=$(cd "$SRC/library" && echo *.c)
$MAKE -f "$VENDOR/objs.mk" SRC="$SRC/library" LIB=libmbedtls.a FILES="$files" \
    CFLAGS="$CFLAGS -I$PREFIX/include -I$SRC/library"
cp libmbedtls.a "$PREFIX/lib/"
# curl's configure and its users name all three; empty archives cost nothing.
for lib in libmbedx509.a libmbedcrypto.a; do
    rm -f "$PREFIX/lib/$lib"
    "$AR" rcs "$PREFIX/lib/$lib"
done
