# shellcheck shell=sh
# HTTP and HTTPS, WebSocket, Basic and Digest, a resolver in a thread, IPv6; everything else is off.
# The bundle's path is that of Venus OS and Debian alike.
# Without getsockname(): three calls for each connection, for a local address that nobody asks for.
curl_disallow_getsockname=yes
export curl_disallow_getsockname
"$SRC/configure" --host="$HOST" --prefix="$PREFIX" --disable-shared --enable-static \
    --disable-dependency-tracking --disable-maintainer-mode --disable-silent-rules \
    CPPFLAGS="-I$PREFIX/include" LDFLAGS="-L$PREFIX/lib" PKG_CONFIG=false \
    --with-mbedtls="$PREFIX" --with-ca-bundle=/etc/ssl/certs/ca-certificates.crt --without-ca-path \
    --enable-http --enable-websockets --enable-threaded-resolver --enable-ipv6 --enable-symbol-hiding \
    --enable-basic-auth --enable-digest-auth \
    --disable-bearer-auth --disable-kerberos-auth --disable-negotiate-auth --disable-aws --disable-ntlm \
    --disable-tls-srp --disable-ftp --disable-file --disable-ipfs --disable-ldap --disable-ldaps \
    --disable-rtsp --disable-proxy --disable-dict --disable-telnet --disable-tftp --disable-pop3 \
    --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt --disable-manual \
    --disable-docs --disable-libcurl-option --disable-ares --disable-httpsrr --disable-ech \
    --disable-ssls-export --disable-unix-sockets --disable-cookies --disable-doh --disable-mime \
    --disable-bindlocal --disable-form-api --disable-dateparse --disable-netrc --disable-progress-meter \
    --disable-dnsshuffle --disable-get-easy-options --disable-alt-svc --disable-headers-api --disable-hsts \
    --disable-versioned-symbols --disable-sspi \
    --without-zlib --without-brotli --without-zstd --without-libpsl --without-libidn2 --without-nghttp2 \
    --without-ngtcp2 --without-nghttp3 --without-quiche --without-libgsasl --without-librtmp \
    --without-libssh2 --without-libssh --without-libuv --without-gssapi \
    --without-zsh-functions-dir --without-fish-functions-dir
$MAKE -C lib
$MAKE -C lib install
$MAKE -C include install
