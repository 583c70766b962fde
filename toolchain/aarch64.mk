# 64-bit GX devices (Cortex-A53 and later). Outline atomics would bring a run-time choice that libgcc makes
# with glibc's help; pages may be 4, 16 or 64 KiB, so the linker's default of 64 KiB stays.
TRIPLE := aarch64-linux-gnu
MUSL_HOST := aarch64-linux-musl
ARCH_FLAGS := -march=armv8-a -mno-outline-atomics -mtune=cortex-a53
