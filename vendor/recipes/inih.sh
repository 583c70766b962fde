# shellcheck shell=sh
# One file. INIH_DEFS (see the Makefile) give it the rules of Python's configparser; whoever includes
# <ini.h> needs the same ones.
cp "$SRC/ini.h" "$PREFIX/include/"
$MAKE -f "$VENDOR/objs.mk" SRC="$SRC" LIB=libinih.a FILES=ini.c CFLAGS="$CFLAGS $SANITIZE $INIH_DEFS"
cp libinih.a "$PREFIX/lib/"
