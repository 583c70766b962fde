#!/bin/sh
# update.sh and signatures: good, wrong in each way, missing; with a program that holds a key and with one that holds
# none. The program that verifies is the real one.
. "$(dirname "$0")/support/venus.sh"

BUILD=${BUILD:-$ROOT/build}
real=$BUILD/x86_64-release/dbus-opendtu
[ -x "$real" ] || skip "the program is not built"
command -v openssl >/dev/null || skip "openssl is missing"
packages 1.0.0
packages 1.1.0
update()
{
    in_root /data/dbus-opendtu/update.sh "$@" >"$T/out" 2>&1
}
says()
{
    grep -qF -- "$1" "$T/out"
}
whole()
{
    (cd "$R/data/dbus-opendtu" && sha256sum -c --quiet files.sha256) &&
        not ls "$R"/data/dbus-opendtu/.[a-z]* 2>/dev/null
}
# secret NAME CURVE: a key pair, $T/NAME.pem and $T/NAME.pub.
secret()
{
    openssl ecparam -name "$2" -genkey -noout -out "$T/$1.pem" 2>/dev/null
    openssl pkey -in "$T/$1.pem" -pubout -out "$T/$1.pub"
}
# sign NAME FILE...: by packaging/sign, as a release does.
sign()
{
    sign_with=$1
    shift
    SIGNING_KEY=$T/$sign_with.pem RELEASE_KEY=$T/$sign_with.pub "$ROOT/packaging/sign" "$@" >"$T/sign" 2>&1
}
# upload VERSION: with its sum, and without a signature; $file and $sig are where they lie.
upload()
{
    file=/data/upload/dbus-opendtu_$1_x86_64.tar.gz
    sig=$R$file.sig
    lay "$T/dist-$1/dbus-opendtu_$1_x86_64.tar.gz"
    sum_anew
    rm -f "$sig"
}
sum_anew()
{
    (cd "$R/data/upload" && sha256sum "${file##*/}" >"${file##*/}.sha256")
}
# refused WHAT WORDS: nothing is replaced, not even restarted.
refused()
{
    pid=$(pid_of)
    ok "$1 is refused" not update "$file"
    ok "... and said to be" says "$2"
    ok "... and that nothing was changed" says 'Nothing was changed.'
    same "... which is so" "$(cat "$R/data/dbus-opendtu/version") $(pid_of)" "v1.0.0 $pid"
    ok "... and nothing half is left" whole
}

echo "--- signing"
secret ours prime256v1
secret foreign prime256v1
secret strong secp384r1
echo some >"$T/some"
ok "without a key nothing is signed" env -u SIGNING_KEY "$ROOT/packaging/sign" "$T/some"
ok "... and nothing is there" not test -e "$T/some.sig"
ok "with one, a file" sign ours "$T/some"
ok "... which openssl verifies" openssl dgst -sha256 -verify "$T/ours.pub" -signature "$T/some.sig" "$T/some" >"$T/out"
ok "... and the program" "$real" verify --key "$T/ours.pub" "$T/some" >"$T/out"
rm "$T/some.sig"
ok "a key that is not the programs' signs nothing" not env SIGNING_KEY="$T/foreign.pem" RELEASE_KEY="$T/ours.pub" \
    "$ROOT/packaging/sign" "$T/some" 2>"$T/out"
ok "... and is told" says 'does not belong to the public key'
ok "nor does one of another curve" not sign strong "$T/some"
ok "... told" grep -q 'no key of ECDSA P-256' "$T/sign"
echo 'no key yet' >"$T/none.pub"
cp "$T/ours.pem" "$T/none.pem"
ok "nor any where the programs hold none" not sign none "$T/some"
ok "... told" grep -q 'the programs hold no key' "$T/sign"
ok "a release is not begun then" not sign none --check
ok "... nothing was signed" not test -e "$T/some.sig"
RELEASE_KEY=$T/ours.pub "$ROOT/packaging/sign" --check 2>"$T/out"
ok "a release without a signature is told what it is" says 'update.sh wants --unsigned'

device
start_services
by_hand 1.0.0 >/dev/null
config 34 >"$R/data/dbus-opendtu/config.ini"
ok "1.0.0 runs" runs_version 1.0.0

echo "--- a program that holds no key"
upload 1.0.0
ok "takes a file by its sum" update "$file"
ok "... and says that nobody vouches for it" says 'not checked who made it: dbus-opendtu 1.0.0 holds no key'
ok "1.0.0 runs" runs_version 1.0.0

echo "--- a program that holds one"
cp "$real" "$R/data/conf/verify"
cp "$T/ours.pub" "$R/data/conf/release.pub"
upload 1.1.0
refused "a file without a signature" "there is no signature $file.sig"
ok "... and what can be done" says --unsigned
sign foreign "$R$file"
refused "one that somebody else has signed" 'somebody else made it'
ok "... with --unsigned as well" not update "$file" --unsigned
ok "... as such" says 'somebody else made it'
openssl dgst -sha256 -sign "$T/strong.pem" -out "$sig" "$R$file"
refused "one that is signed on another curve" 'too large for what it should be'
sign ours "$R$file"
cp "$sig" "$T/good.sig"
ok "the good one would be taken" "$real" verify --key "$T/ours.pub" "$R$file" >"$T/out"
printf x >>"$R$file"
sum_anew
refused "a file that was changed, and its sum with it" 'no signature'
upload 1.1.0
printf x | dd of="$T/good.sig" bs=1 seek=20 conv=notrunc 2>/dev/null
cp "$T/good.sig" "$sig"
refused "a signature that was changed" 'no signature'
sign ours "$R$file"
head -c 40 "$sig" >"$T/cut" && cp "$T/cut" "$sig"
refused "half a signature" 'no signature'
: >"$sig"
refused "an empty one" 'no signature'
head -c 1000000 /dev/zero >"$sig"
refused "a huge one" 'too large for what it should be'
rm "$sig" && mkfifo "$sig"
refused "a pipe in its place" 'Invalid argument'
upload 1.0.0
sign ours "$R$file"
cp "$sig" "$T/other.sig"
upload 1.1.0
cp "$T/other.sig" "$sig"
refused "another version's signature" 'no signature'
sign ours "$R$file"
ok "with its own it is taken" update "$file"
ok "... and said to be signed" says "$file: signed with the key of"
ok "1.1.0 runs" runs_version 1.1.0
upload 1.0.0
ok "--unsigned takes one without" update --unsigned "$file"
ok "... and says what that means" says 'nobody vouches for it'
ok "1.0.0 runs" runs_version 1.0.0

echo "--- a program that cannot tell"
upload 1.1.0
sign ours "$R$file"
echo 'no key' >"$R/data/conf/release.pub"
refused "with a key that is none, a file" 'is no public key of ECDSA P-256'
cp "$T/ours.pub" "$R/data/conf/release.pub"
mv "$R/data/dbus-opendtu/dbus-opendtu" "$T/program"
ok "one that is not there refuses it" not update "$file"
ok "... and says so" says 'Nothing was changed.'
rm "$sig"
ok "... without a signature, too" not update "$file"
ok "... and --unsigned mends it" update "$file" --unsigned
ok "1.1.0 runs" runs_version 1.1.0
ok "nothing half is left" whole
untouched upload
