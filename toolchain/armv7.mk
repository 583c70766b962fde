# Every 32-bit GX device, from the Cortex-A8 of the CCGX to the Cortex-A7 of the Cerbo. The baseline is what
# both have and what the package architecture armv7ahf-vfp promises: VFPv3 with 16 registers, hard float,
# no NEON, no division in hardware. toolchain/gate looks after it.
TRIPLE := arm-linux-gnueabihf
MUSL_HOST := arm-linux-musleabihf
ARCH_FLAGS := -march=armv7-a -mfpu=vfpv3-d16 -mfloat-abi=hard -mthumb -mtune=cortex-a7
