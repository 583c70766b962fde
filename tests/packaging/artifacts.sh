#!/bin/sh
# The packages themselves: the same bytes from two folders, the formats, the feed, the bill of
# materials.
. "$(dirname "$0")/support/venus.sh"

BUILD=$T/build
for arch in armv7 aarch64; do
    mkdir -p "$BUILD/$arch-release"
    if [ -x "$ROOT/build/$arch-release/dbus-opendtu" ]; then
        cp "$ROOT/build/$arch-release/dbus-opendtu" "$BUILD/$arch-release/dbus-opendtu"
        ln -s "$ROOT/build/$arch-release/bin" "$BUILD/$arch-release/bin"
    else
        install -m 755 "$SUPPORT/stand-in" "$BUILD/$arch-release/dbus-opendtu"
    fi
done
export BUILD VENDOR="$ROOT/build" SOURCE_DATE_EPOCH=1700000000

# Two trees of other names, ages and modes, and a user who is not asked for his umask.
for tree in "$T/a" "$T/deeper/down/b"; do
    mkdir -p "$tree"
    cp -R "$ROOT/packaging" "$ROOT/opkg" "$ROOT/toolchain" "$ROOT/vendor" "$ROOT/docs" "$ROOT/gui" "$ROOT/CHANGELOG.md" "$ROOT/LICENSE" "$tree/"
    sleep 1.1
done
(umask 077 && cd "$T/a" && DIST=$T/a/dist packaging/mkrelease armv7 aarch64 >/dev/null)
(umask 002 && cd / && TZ=Asia/Tokyo LANG=de_DE.UTF-8 DIST="$T/deeper/down/b/dist" \
    "$T/deeper/down/b/packaging/mkrelease" armv7 aarch64 >/dev/null)
ok "the artifacts of two folders are the same, byte for byte" diff -r "$T/a/dist" "$T/deeper/down/b/dist"
dist=$T/a/dist
cd "$dist"
version=$(sed -n 's/^## *\[\{0,1\}\([0-9][^] ]*\).*/\1/p' "$ROOT/CHANGELOG.md" | head -n 1)
ok "SHA256SUMS holds" sha256sum -c --quiet SHA256SUMS
same "... for every file" "$(wc -l <SHA256SUMS)" "$(find . -type f ! -name SHA256SUMS ! -name '*.sha256' | wc -l)"
for file in *.ipk *.tar.gz *.tgz; do
    mkdir -p "$T/download"
    cp "$file" "$file.sha256" "$T/download/"
    (cd "$T/download" && busybox sha256sum -c "$file.sha256") >"$T/out" || fail "$file cannot be verified by itself"
    rm -r "$T/download"
done
echo "ok: what was downloaded by itself can be verified by one line"

for pair in armv7:armv7ahf-vfp aarch64:aarch64; do
    arch=${pair%:*}
    ipk=dbus-opendtu_${version}_${pair#*:}.ipk
    same "$ipk: three members in order" "$(ar t "$ipk" | tr '\n' ' ')" 'debian-binary control.tar.gz data.tar.gz '
    same "$ipk: numeric owners, clamped times" \
        "$(ar p "$ipk" data.tar.gz | tar tvz --full-time | awk '{ print $2, $4, $5 }' | sort -u)" \
        "$(TZ=UTC date -d @$SOURCE_DATE_EPOCH '+0/0 %Y-%m-%d %H:%M:%S')"
    same "$ipk: nothing outside /data/dbus-opendtu" \
        "$(ar p "$ipk" data.tar.gz | tar tz | grep -v '^\./data/dbus-opendtu/.' | tr '\n' ' ')" \
        './data/ ./data/dbus-opendtu/ '
    same "$ipk: nothing that opkg would have to unpack over files that are there" \
        "$(ar p "$ipk" data.tar.gz | tar tz | grep -v '/$\|/\.opkg/')" ''
    ar p "$ipk" control.tar.gz | tar xzO ./control >"$T/control"
    for field in Package Version Architecture Maintainer Section Priority Description License Source Installed-Size; do
        grep -q "^$field: ." "$T/control" || fail "$ipk has no $field"
    done
    ok "$ipk: depends on nothing" not grep -q '^Depends' "$T/control"
    same "$ipk: for this architecture" "$(sed -n 's/^Architecture: //p' "$T/control")" "${pair#*:}"
    ok "$ipk: no conffiles, of which opkg lays a second one beside a changed one" \
        not eval "ar p '$ipk' control.tar.gz | tar tz | grep -q conffiles"
    tar tzf "dbus-opendtu_${version}_$arch.tar.gz" >"$T/list"
    ok "the archive for $arch unpacks to dbus-opendtu/" not grep -qv '^dbus-opendtu/' "$T/list"
    for file in dbus-opendtu install.sh uninstall.sh restart.sh update.sh service/run service/log/run config.example \
        config.initial DbusOpendtu.json version setup gitHubInfo licences.txt.gz dbus-opendtu.8.gz; do
        grep -qx "dbus-opendtu/$file" "$T/list" || fail "the archive has no $file"
    done
    ok "the archive for $arch holds no config.ini, which it would overwrite" \
        not grep -qx dbus-opendtu/config.ini "$T/list"
    tar tzf "venus-data-dbus-opendtu-$arch.tgz" >"$T/list"
    ok "the card's archive for $arch: rc/post-hook.sh, without ./" grep -qx rc/post-hook.sh "$T/list"
done

echo "--- feed"
awk '/^Filename: / { f = $2 } /^Size: / { s = $2 } /^SHA256sum: / { print $2, s, f }' feed/Packages >"$T/index"
same "two packages are in the index" "$(wc -l <"$T/index")" 2
while read -r sum size file; do
    same "$file: its sum and size" "$(sha256sum <"feed/$file" | cut -c 1-64) $(wc -c <"feed/$file")" "$sum $size"
done <"$T/index"
ok "Packages.gz is Packages" eval 'zcat feed/Packages.gz | cmp - feed/Packages'
ok "unsigned without a key" not test -e feed/Packages.sig
if command -v gpg >/dev/null; then
    GNUPGHOME=$T/gnupg
    export GNUPGHOME
    mkdir -m 700 "$GNUPGHOME"
    gpg --batch --quiet --passphrase '' --quick-generate-key feed@test.invalid ed25519 sign never 2>/dev/null
    (cd "$T/a" && DIST=$dist FEED_KEY=feed@test.invalid opkg/mkfeed >/dev/null)
    ok "with a key, Packages.sig verifies" gpg --batch --quiet --verify feed/Packages.sig feed/Packages 2>/dev/null
    ok "... and Packages.asc" gpg --batch --quiet --verify feed/Packages.asc feed/Packages 2>/dev/null
    gpgconf --kill all
fi

if command -v openssl >/dev/null; then
    echo "--- signatures"
    openssl ecparam -name prime256v1 -genkey -noout -out "$T/secret.pem" 2>/dev/null
    openssl pkey -in "$T/secret.pem" -pubout -out "$T/release.pub"
    (cd "$T/a" && DIST=$T/signed SIGNING_KEY=$T/secret.pem RELEASE_KEY=$T/release.pub \
        packaging/mkrelease armv7 aarch64 >/dev/null)
    for file in *.ipk *.tar.gz *.tgz SHA256SUMS; do
        openssl dgst -sha256 -verify "$T/release.pub" -signature "$T/signed/$file.sig" "$T/signed/$file" >"$T/out" ||
            fail "$file: $(cat "$T/out")"
    done
    echo "ok: with a key, openssl verifies the signature of each file"
    (cd "$T/signed" && rm -- *.sig)
    ok "... and all else is as without" diff -r "$T/signed" "$T/deeper/down/b/dist"
    rm -r "$T/signed"
fi

echo "--- bill of materials, licences, notes"
if [ -x "$BUILD/armv7-release/bin/cc" ]; then
    ok "the compilers are named" grep -q '"sourceInfo": "built with aarch64-linux-gnu-gcc .*GNU ld' \
        "dbus-opendtu-$version.spdx.json"
fi
cat >"$T/check.py" <<'END'
import json, re, sys
doc = json.load(open(sys.argv[1]))
lock = set(re.findall(r"^\[(\w+)\]$", open(sys.argv[2]).read(), re.M))
assert doc["spdxVersion"] == "SPDX-2.3" and doc["SPDXID"] == "SPDXRef-DOCUMENT" and doc["dataLicense"] == "CC0-1.0"
packages = {p["SPDXID"]: p for p in doc["packages"]}
assert len(packages) == len(doc["packages"])
assert lock <= {p["name"] for p in packages.values()}, "a library is missing"
for p in packages.values():
    assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", p["SPDXID"])
    assert p["downloadLocation"] and p["licenseDeclared"] and p["name"]
    if p["name"] in lock:
        assert p["versionInfo"] and any(c["algorithm"] == "SHA256" for c in p["checksums"])
for r in doc["relationships"]:
    assert r["spdxElementId"] in packages or r["spdxElementId"] == "SPDXRef-DOCUMENT"
    assert r["relatedSpdxElement"] in packages
assert sum(r["relationshipType"] == "DESCRIBES" for r in doc["relationships"]) == 2
END
ok "the bill of materials is whole" python3 "$T/check.py" "dbus-opendtu-$version.spdx.json" "$ROOT/vendor/lock"
for words in 'MIT License' 'Apache License' 'Academic Free License' 'COPYRIGHT AND PERMISSION NOTICE' 'Ben Hoyt' \
    'Dave Gamble' 'Rich Felker' 'GCC RUNTIME LIBRARY EXCEPTION\|gcc-exception-3.1'; do
    grep -q "$words" licences.txt || fail "licences.txt lacks \"$words\""
done
echo "ok: the licences of all that is linked in"
ok "the change log's section" grep -q "^## \[$version\]" CHANGES.md
same "... and no other" "$(grep -c '^## ' CHANGES.md)" 1

echo "--- budget"
ok "the sizes are within the budget" "$T/a/packaging/check-size" armv7 aarch64
sed -i 's/^\(armv7 *program *\)[0-9]*/\11000/' "$T/a/packaging/size-budget"
ok "a program above it is refused" not "$T/a/packaging/check-size" armv7 aarch64
echo 'of the last release' >"$dist/SHA256SUMS"
find "$dist" -type f -exec sha256sum {} + >"$T/before"
ok "... and no release is made" not env DIST="$dist" "$T/a/packaging/mkrelease" armv7 aarch64
ok "... and dist stays as it was" sha256sum -c --quiet "$T/before"

echo "--- scripts"
"$ROOT/packaging/mkmanage" >"$T/manage.sh"
same "manage.sh is whole, as install.sh wants it" "$(tail -n 1 "$T/manage.sh")" '# end of manage.sh'
for script in "$T/manage.sh" "$ROOT"/packaging/*.sh "$ROOT"/packaging/service/run "$ROOT"/packaging/service/log/run \
    "$ROOT"/packaging/sdcard/*.sh "$ROOT"/opkg/preinst "$ROOT"/opkg/postinst "$ROOT"/opkg/prerm "$ROOT"/opkg/postrm; do
    dash -n "$script" && busybox ash -n "$script" || fail "$script is no POSIX shell script"
done
echo "ok: dash and busybox ash read every script"
