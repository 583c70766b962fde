# shellcheck shell=sh
# What is in and what is out: config/curl/curl_config.h. Without its configure script, which takes many times as long as
# the compiler. The list of files is that of lib/Makefile.inc; what is off compiles to nothing.
known=$SRC/lib/curl_config.h.in
sed -n 's/^#define \([A-Z0-9_]*\)\( .*\)\{0,1\}$/\1/p' "$VENDOR/config/curl/curl_config.h" | while read -r name; do
    case $name in OPENDTU_*) continue ;; esac
    grep -qw "$name" "$known" || {
        echo "config/curl/curl_config.h defines $name, which this version of curl does not know"
        exit 1
    }
done

# shellcheck disable=SC2016
files=$(printf 'include %s/lib/Makefile.inc\nall:\n\t@echo $(CSOURCES)\n' "$SRC" | $MAKE -s --no-print-directory -f - all)
$MAKE -f "$VENDOR/objs.mk" SRC="$SRC/lib" LIB=libcurl.a FILES="$files" \
    CFLAGS="$CFLAGS -D_GNU_SOURCE -DHAVE_CONFIG_H -DBUILDING_LIBCURL -DCURL_STATICLIB -I$VENDOR/config/curl -I$SRC/include -I$SRC/lib -I$PREFIX/include"
cp libcurl.a "$PREFIX/lib/"
mkdir -p "$PREFIX/include/curl"
cp "$SRC"/include/curl/*.h "$PREFIX/include/curl/"
