# shellcheck shell=sh
# The client library only, without its build system: that one compiles a daemon and asks for expat first.
# The lists are those of dbus/CMakeLists.txt (library, shared, unix).
lib='address auth bus connection credentials errors keyring marshal-header marshal-byteswap
    marshal-recursive marshal-validate message misc nonce object-tree pending-call resources server
    server-socket server-debug-pipe sha signature syntax timeout threads transport transport-socket watch'
shared='dataslot file hash internals list marshal-basic memory mempool string sysdeps pipe'
unix='uuidgen transport-unix server-unix file-unix pipe-unix sysdeps-unix sysdeps-pthread userdb'

# The header upstream generates: integer types of the target, and the version.
version=$(sed -n "s/^ *version: '\([0-9.]*\)'.*/\1/p" "$SRC/meson.build" | head -n 1)
major=${version%%.*} micro=${version##*.} minor=${version#*.}
minor=${minor%.*}
long=$(echo __SIZEOF_LONG__ | "$CC" -E -P -)
case $long in 8) int64=long mod=l ;; *) int64='long long' mod=ll ;; esac
suffix=$(echo $mod | tr l L)
mkdir -p gen/dbus
sed -e "s/@DBUS_INT64_TYPE@/$int64/; s/@DBUS_INT64_MODIFIER@/$mod/" \
    -e "s/@DBUS_INT64_CONSTANT@/(val##$suffix)/; s/@DBUS_UINT64_CONSTANT@/(val##U$suffix)/" \
    -e "s/@DBUS_INT32_TYPE@/int/; s/@DBUS_INT16_TYPE@/short/; s/@DBUS_SIZEOF_VOID_P@/$long/" \
    -e "s/@DBUS_MAJOR_VERSION@/$major/g; s/@DBUS_MINOR_VERSION@/$minor/g; s/@DBUS_MICRO_VERSION@/$micro/g" \
    -e "s/@DBUS_VERSION@/$version/" "$SRC/dbus/dbus-arch-deps.h.in" >gen/dbus/dbus-arch-deps.h
! grep '@[A-Z0-9_]*@' gen/dbus/dbus-arch-deps.h

files=
for f in $lib $shared $unix; do files="$files dbus-$f.c"; done
$MAKE -f "$VENDOR/objs.mk" SRC="$SRC/dbus" LIB=libdbus-1.a FILES="$files" \
    CFLAGS="$CFLAGS $DBUS_DEFS -D_GNU_SOURCE -DHAVE_CONFIG_H -DDBUS_COMPILATION -DDBUS_STATIC_BUILD -DVERSION=\\\"$version\\\" -I$VENDOR/config/dbus -Igen -I$SRC"
cp libdbus-1.a "$PREFIX/lib/"

mkdir -p "$PREFIX/include/dbus"
for h in dbus address bus connection errors macros memory message misc pending-call protocol server \
    shared signature syntax threads types; do
    case $h in dbus) h=dbus.h ;; *) h=dbus-$h.h ;; esac
    cp "$SRC/dbus/$h" "$PREFIX/include/dbus/"
done
cp gen/dbus/dbus-arch-deps.h "$PREFIX/include/dbus/"
