# The host, and any PC: the plain x86-64 baseline.
TRIPLE := x86_64-linux-gnu
MUSL_HOST := x86_64-linux-musl
ARCH_FLAGS := -march=x86-64 -mtune=generic -fcf-protection=none
