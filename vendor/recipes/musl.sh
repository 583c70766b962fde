# shellcheck shell=sh
# The C library: static only, and position independent, since the programs are static-PIE. Without LTO:
# the compiler generates calls to it after LTO has looked.
CFLAGS="$CFLAGS -fno-lto" "$SRC/configure" --host="$HOST" --prefix="$PREFIX" --syslibdir="$PREFIX/lib" \
    --disable-shared --enable-optimize=size --disable-wrapper
$MAKE AR="$AR" RANLIB="$RANLIB"
$MAKE install
# musl-gcc's own specs cannot link a static-PIE: toolchain/ has ours.
sed "s|@PREFIX@|$PREFIX|g" "$VENDOR/../toolchain/static-pie.specs" >"$PREFIX/lib/static-pie.specs"
