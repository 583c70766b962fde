#!/bin/sh
# The build with a Venus OS SDK, for armv7 and aarch64, with a stand-in for the SDK: Debian's cross gcc
# under the SDK's names, and an environment script with the SDK's exports. Those ask for a Cortex-A7 with
# NEON and hardware division, which must not reach the program. (The real SDK was not at hand.)
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}

# Made anew only in part: the same text in the same place, so that a second run builds nothing.
stand_in() { # NAME TRIPLE DEBIAN-TRIPLE CPU-FLAGS
    sdk=$build/tests/sdk-$1
    bin=$sdk/sysroots/x86_64-vesdk-linux/usr/bin/$2
    mkdir -p "$bin" "$sdk/sysroots/$1"
    for t in gcc gcc-ar gcc-ranlib gcc-nm readelf strip objdump; do
        # Called by its own name, since a wrapper in PATH (ccache) goes by that. A link that is there must go first:
        # what is written to it would end in the compiler.
        rm -f "$bin/$2-$t"
        printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v "$3-$t")" >"$bin/$2-$t"
        chmod +x "$bin/$2-$t"
    done
    cat >"$sdk/environment-setup-$1" <<END
export SDKTARGETSYSROOT=$sdk/sysroots/$1
export PATH=$bin:\$PATH
export PKG_CONFIG_SYSROOT_DIR=\$SDKTARGETSYSROOT
export CONFIG_SITE=$sdk/site-config-that-is-not-there
export CC="$2-gcc $4 -fstack-protector-strong -O2 -D_FORTIFY_SOURCE=2 --sysroot=\$SDKTARGETSYSROOT"
export CFLAGS="-O2 -pipe -g -feliminate-unused-debug-types $4"
export LDFLAGS="-Wl,-O1 -Wl,--hash-style=gnu -Wl,--dynamic-linker=/lib/wrong"
export CROSS_COMPILE=$2-
export ARCH=arm
END
}

stand_in cortexa7hf-neon-vfpv4-ve-linux-gnueabi arm-ve-linux-gnueabi arm-linux-gnueabihf \
    '-mthumb -mfpu=neon-vfpv4 -mfloat-abi=hard -mcpu=cortex-a7'
stand_in cortexa53-ve-linux aarch64-ve-linux aarch64-linux-gnu '-mcpu=cortex-a53+crc+crypto'
arm=$build/tests/sdk-cortexa7hf-neon-vfpv4-ve-linux-gnueabi
aarch64=$build/tests/sdk-cortexa53-ve-linux

"${MAKE:-make}" -s ARCH=armv7 VENUS_SDK="$arm" >/dev/null
"${MAKE:-make}" -s ARCH=aarch64 VENUS_SDK="$aarch64/environment-setup-cortexa53-ve-linux" >/dev/null

# Same compiler, same flags: had anything of the SDK's leaked in, the bytes would differ.
for arch in armv7 aarch64; do
    cmp "build/$arch-release/dbus-opendtu" "build/$arch-sdk/dbus-opendtu" || {
        echo "the SDK's flags leak into the program for $arch"
        exit 1
    }
done

# The wrong SDK for an architecture is refused.
if VENUS_SDK=$arm toolchain/tools "$build/tests/sdk-wrong" aarch64-linux-gnu 2>/dev/null; then
    echo "an SDK for arm was taken for aarch64"
    exit 1
fi
