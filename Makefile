# dbus-opendtu. `make help` lists the targets; everything made lies below build/.
#
#   ARCH      x86_64 (default) | armv7 | aarch64
#   VARIANT   release (default): static-PIE against musl, what goes onto a device
#             debug: the host's compiler and glibc with sanitizers, what the tests link
#             fuzz: as debug, with clang and libFuzzer
#             coverage: as debug, and counts which lines run
#             lint: objects only, through gcc's analyzer
#   VENUS_SDK=/opt/venus/...  the Venus OS SDK's compiler instead of Debian's (variant sdk)
#   RELEASE=1 refuse third-party sources that vendor/lock does not pin
#   V=1       show the commands

ARCH    ?= x86_64
VARIANT ?= release
V       ?= 0
RELEASE ?=
VENUS_SDK ?=
Q       := $(if $(filter 1,$(V)),,@)

ifneq ($(VENUS_SDK),)
override VARIANT := sdk
endif
ifeq ($(filter $(ARCH),x86_64 armv7 aarch64),)
$(error ARCH=$(ARCH) is not known: x86_64, armv7 or aarch64)
endif
ifeq ($(filter $(VARIANT),release sdk debug fuzz coverage lint),)
$(error VARIANT=$(VARIANT) is not known: release, debug, fuzz, coverage or lint)
endif

# All cores; a -j of the caller's wins.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

B       := build/$(ARCH)-$(VARIANT)
OUT     := $(CURDIR)/$(B)
SYSROOT := $(OUT)/sysroot
PROGRAM := $(B)/dbus-opendtu

# The first version heading of the change log is the version.
VERSION := $(or $(shell sed -n 's/^\#\# *\[\{0,1\}\([0-9][^] ]*\).*/\1/p' CHANGELOG.md 2>/dev/null | head -n 1),0.0.0)

# The address of the project; empty while it is not published.
HOMEPAGE := $(shell sed -n '/^[^\#]/{p;q;}' packaging/home 2>/dev/null)

# ---- Flags ----------------------------------------------------------------------------------------------

# inih by the rules of Python's configparser; the library and everyone who includes <ini.h> agree on them.
INIH_DEFS := -DINI_USE_STACK=0 -DINI_ALLOW_REALLOC=1 -DINI_INITIAL_ALLOC=256 -DINI_MAX_LINE=65536 \
	-DINI_ALLOW_INLINE_COMMENTS=0 -DINI_ALLOW_MULTILINE=1 -DINI_ALLOW_BOM=1 -DINI_STOP_ON_FIRST_ERROR=0 \
	-DINI_CALL_HANDLER_ON_NEW_SECTION=1 -DINI_HANDLER_LINENO=1

# How deeply a JSON text may nest: cJSON recurses. src/core/json.c asserts that it is JSON_DEPTH_MAX.
CJSON_DEFS := -DCJSON_NESTING_LIMIT=24

WARNINGS = -Wall -Wextra -Wconversion -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wundef -Wvla -Wpointer-arith -Wwrite-strings -Wimplicit-fallthrough $(WERROR)
# cmocka's macros and callbacks do not stand -Wconversion and unused parameters.
TEST_WARNINGS = -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wundef -Wno-unused-parameter $(WERROR)

# No path of this tree may end in a program: two builds in two places are the same bytes.
REPRODUCIBLE := -ffile-prefix-map=$(CURDIR)=.

SANITIZE :=
LIBS     := mbedtls curl cjson dbus inih

ifneq ($(filter $(VARIANT),release sdk),)
include toolchain/$(ARCH).mk
LIBS     := musl $(LIBS)
JUDGE    := gcc $(if $(VENUS_SDK),none,$(TRIPLE)-gcc)
CC       := $(OUT)/bin/cc
AR       := $(OUT)/bin/ar
RANLIB   := $(OUT)/bin/ranlib
NM       := $(OUT)/bin/nm
TOOLS    := $(B)/bin/cc
# What is common to our code and the libraries. musl has no _FORTIFY_SOURCE.
COMMON   := -Os -fPIE -fstack-protector-strong -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -flto=auto -fno-fat-lto-objects $(REPRODUCIBLE)
DEFINES  :=
DBUS_DEFS := -DDBUS_DISABLE_ASSERT
LDFLAGS  := -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
LDLIBS   := -lcurl -ldbus-1 -lcjson -linih -lmbedtls
else
CC       := $(if $(filter fuzz,$(VARIANT)),clang,gcc)
JUDGE    := $(CC)
AR       := ar
RANLIB   := ranlib
NM       := nm
TOOLS    :=
MUSL_HOST:=
COMMON   := -O1 -g -fno-omit-frame-pointer $(REPRODUCIBLE)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all \
	$(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer-no-link)
DEFINES  := -isystem $(SYSROOT)/include
# libdbus' assertions watch beside the sanitizers.
DBUS_DEFS := -DDBUS_ENABLE_ASSERT
LDFLAGS  := $(SANITIZE) -L$(SYSROOT)/lib
LDLIBS   := -lcurl -ldbus-1 -lcjson -linih -lmbedtls -lpthread -lm
endif

# The fuzzed parsers are compiled again; what lies behind them comes from the debug variant.
ifeq ($(VARIANT),fuzz)
LIBS     := cjson inih
DEFINES  += -isystem $(CURDIR)/build/x86_64-debug/sysroot/include
LDFLAGS  += -L$(CURDIR)/build/x86_64-debug/sysroot/lib
endif

ifeq ($(VARIANT),coverage)
LIBS     :=
# Counting hides from the compiler how long a text can be.
COMMON   += --coverage -fprofile-update=atomic
WARNINGS += -Wno-format-truncation
DEFINES  += -isystem $(CURDIR)/build/x86_64-debug/sysroot/include
LDFLAGS  += --coverage -L$(CURDIR)/build/x86_64-debug/sysroot/lib
endif

# Without what a distribution's compiler adds to calls, since ci/lint reads which functions the core calls.
ifeq ($(VARIANT),lint)
LIBS     :=
COMMON   := -O1 -fanalyzer -U_FORTIFY_SOURCE -fno-stack-protector
SANITIZE :=
DEFINES  := -isystem $(CURDIR)/build/x86_64-debug/sysroot/include
endif

# An error with the pinned compiler, a note with any other: that one warns of other things.
WERROR := $(if $(shell toolchain/pinned $(JUDGE) >/dev/null && echo yes),-Werror)

CFLAGS := -std=c17 -D_GNU_SOURCE -Isrc $(DEFINES) $(INIH_DEFS) $(CJSON_DEFS) $(COMMON) $(SANITIZE)

# ---- Sources --------------------------------------------------------------------------------------------

SRCS := $(sort $(wildcard src/*.c src/core/*.c src/drivers/*.c src/venus/*.c src/edge/*/*.c \
	src/bridge/*.c src/cli/*.c src/cli/*/*.c))
# The named devices are data: each file of src/devices is in the program, as text.
DEVICE_FILES := $(sort $(wildcard src/devices/*.ini))
DEVICE_TABLE := $(if $(DEVICE_FILES),$(B)/obj/src/devices/table.o)
# So is the public key that signatures of releases are checked with, if there is one.
RELEASE_KEY ?= src/release.pub
KEY_TABLE := $(B)/obj/src/release_key.o
OBJS := $(SRCS:%.c=$(B)/obj/%.o) $(DEVICE_TABLE) $(KEY_TABLE)
MAIN := $(B)/obj/src/main.o
LIBDTU := $(B)/libdtu.a

# cmocka programs, one per file; what they share lies in support/. A virtual-time test brings its own clock
# and network: they come before the archive, whose members of the same name are then not taken.
UNIT            := $(sort $(wildcard tests/unit/test_*.c))
UNIT_SUPPORT    := $(sort $(wildcard tests/unit/support/*.c))
VIRTUAL         := $(sort $(filter-out %/virtual_decade.c,$(wildcard tests/virtual/virtual_*.c)))
VIRTUAL_SUPPORT := $(sort $(wildcard tests/virtual/support/*.c))
# Ten years need the speed of the release build, and it is that code which lives so long. Its libc has no cmocka.
DECADE          := tests/virtual/virtual_decade.c $(sort $(wildcard tests/virtual/decade/*.c)) \
	$(filter-out %/ess_house.c %/house.c %/page_house.c %/failing.c %/failing_calls.c,$(VIRTUAL_SUPPORT))
FUZZ            := $(sort $(wildcard tests/fuzz/fuzz_*.c))

UNIT_PROGRAMS    := $(UNIT:tests/unit/%.c=$(B)/tests/%)
VIRTUAL_PROGRAMS := $(VIRTUAL:tests/virtual/%.c=$(B)/tests/%)
REPLAY_PROGRAMS  := $(FUZZ:tests/fuzz/fuzz_%.c=$(B)/tests/replay_%)
# Tests of what only computes: they link nothing of edge/ and need no bus, no server, no clock.
PURE             := $(shell grep -LE '^.include "(edge/|unit/support/(bus_now|child|http_fixture|http_server|loop_fixture|private_bus|run_for|service_fixture|settings_fixture)\.h)' $(UNIT) /dev/null)
PURE_PROGRAMS    := $(patsubst tests/unit/%.c,$(B)/tests/%,$(filter %.c,$(PURE))) $(REPLAY_PROGRAMS)
DECADE_PROGRAM   := $(B)/tests/virtual_decade
FAILING_PROGRAM  := $(B)/tests/failing_service
FUZZ_PROGRAMS    := $(FUZZ:tests/fuzz/%.c=$(B)/tests/%)
DOC              := $(sort $(wildcard tests/docs/*.c))
DOC_PROGRAMS     := $(DOC:tests/docs/%.c=$(B)/tests/%)
PEER             := $(sort $(wildcard tests/language/*.c))
PEER_PROGRAMS    := $(PEER:tests/language/%.c=$(B)/tests/%)

objs = $(patsubst %.c,$(B)/obj/%.o,$(1))

# ---- The program ----------------------------------------------------------------------------------------

.PHONY: all libs objects programs pure decade
all: $(PROGRAM)
objects: $(OBJS)
libs: $(LIBS:%=$(B)/vendor/%.stamp)
programs: $(UNIT_PROGRAMS) $(VIRTUAL_PROGRAMS) $(REPLAY_PROGRAMS) $(DOC_PROGRAMS) $(PEER_PROGRAMS) $(FAILING_PROGRAM)
pure: $(PURE_PROGRAMS)
decade: $(DECADE_PROGRAM)

LIB_STAMPS := $(LIBS:%=$(B)/vendor/%.stamp)

# With symbols, for `make size` and for a crash address in a log; the gate looks before there is a program.
$(B)/dbus-opendtu.unstripped: $(MAIN) $(LIBDTU) $(B)/flags $(LIB_STAMPS)
	@echo "  LINK    $(PROGRAM)"
	$(Q)$(CC) $(COMMON) $(LDFLAGS) -o $@ $(MAIN) $(LIBDTU) $(LDLIBS)
ifeq ($(ARCH),armv7)
	$(Q)toolchain/gate $(if $(VENUS_SDK),--sdk) $(OUT)/bin $@
endif

ifneq ($(filter $(VARIANT),release sdk),)
$(PROGRAM): $(B)/dbus-opendtu.unstripped
	$(Q)$(OUT)/bin/strip -o $@ $<
else
$(PROGRAM): $(MAIN) $(LIBDTU) $(B)/flags $(LIB_STAMPS)
	@echo "  LINK    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $(MAIN) $(LIBDTU) $(LDLIBS)
endif

# The link that `make size` reads: see scripts/size.
$(B)/size.map: $(PROGRAM)
	$(Q)$(CC) $(COMMON) -flto-partition=1to1 $(LDFLAGS) -Wl,-Map=$@ -o $(B)/size.elf $(MAIN) $(LIBDTU) $(LDLIBS)
	$(Q)rm $(B)/size.elf

# Thin, and made again each time: an object whose source is gone must not stay.
$(LIBDTU): $(filter-out $(MAIN),$(OBJS)) $(B)/sources
	$(Q)rm -f $@
	$(Q)$(AR) qcsT $@ $(filter %.o,$^)

$(B)/obj/src/%.o: src/%.c $(B)/flags | $(LIB_STAMPS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) $(WARNINGS) $(VERSION_FLAG) -MMD -MP -c -o $@ $<

$(DEVICE_TABLE:.o=.c): $(DEVICE_FILES) scripts/device-table $(B)/sources
	@mkdir -p $(@D)
	$(Q)scripts/device-table $(DEVICE_FILES) >$@

$(KEY_TABLE:.o=.c): FORCE
	@mkdir -p $(@D)
	$(Q)scripts/key-table '$(RELEASE_KEY)' >$@.new
	$(Q)cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(DEVICE_TABLE) $(KEY_TABLE): %.o: %.c $(B)/flags | $(LIB_STAMPS)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) $(WARNINGS) -MMD -MP -c -o $@ $<

# Only the file that says the version and the address is compiled again when one of them changes.
VERSION_OBJS := $(filter $(B)/obj/src/version.o,$(OBJS))
$(VERSION_OBJS): VERSION_FLAG = -DDTU_VERSION=\"$(VERSION)\" -DDTU_HOME=\"$(HOMEPAGE)\"
$(VERSION_OBJS): $(B)/version

# ---- The tests' programs --------------------------------------------------------------------------------

$(B)/obj/tests/%.o: tests/%.c $(B)/flags | $(LIB_STAMPS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) -Itests $(TEST_WARNINGS) -MMD -MP -c -o $@ $<

define link_test
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(LDFLAGS) $(WRAP) -o $@ $(filter %.o,$^) $(LIBDTU) $(LDLIBS) $(1)
endef

# Every allocation, the libraries' included, and libdbus' waiting go through the test.
$(B)/tests/test_memory: WRAP := $(patsubst %,-Xlinker --wrap=%,malloc calloc realloc strdup strndup poll \
	_dbus_sleep_milliseconds _dbus_get_monotonic_time)

# A signature is checked without memory, and its file read with interruptions.
$(B)/tests/test_signature: WRAP := -Xlinker --wrap=calloc -Xlinker --wrap=read
# Memory lacks while something is read or written.
$(B)/tests/test_conf_memory $(B)/tests/test_state: WRAP := $(patsubst %,-Xlinker --wrap=%,malloc calloc realloc strdup strndup)

# What is freed is looked at.
$(B)/tests/test_wipe $(B)/tests/virtual_secrets: WRAP := -Xlinker --wrap=free -Xlinker --wrap=realloc

# Memory lacks for one device.
$(B)/tests/virtual_replaced: WRAP := -Xlinker --wrap=device_create

# What may fail there is the program's own: its objects, and none of the tests', call other names.
OBJCOPY := objcopy
FAILING := $(B)/failing/libdtu.a
$(FAILING): $(LIBDTU) tests/virtual/support/failing.syms
	$(Q)rm -rf $(@D) && mkdir -p $(@D)
	$(Q)for object in $(filter %.o,$(filter-out $(MAIN),$(OBJS))); do \
		$(OBJCOPY) --redefine-syms=tests/virtual/support/failing.syms $$object \
			$(@D)/$$(echo $${object#$(B)/obj/} | tr / -) || exit 1; \
	done
	$(Q)$(AR) qcs $@ $(@D)/*.o
$(B)/tests/virtual_failures: LIBDTU := $(FAILING)
$(B)/tests/virtual_failures: $(FAILING)

# The program itself, whose memory and whose libraries' memory fails as it is told.
$(FAILING_PROGRAM): WRAP := $(patsubst %,-Xlinker --wrap=%,malloc calloc realloc)
$(FAILING_PROGRAM): LIBDTU := $(FAILING)
$(FAILING_PROGRAM): $(call objs,tests/failing/service.c tests/virtual/support/failing_calls.c) $(MAIN) $(FAILING)
	$(call link_test)

$(UNIT_PROGRAMS): $(B)/tests/%: $(B)/obj/tests/unit/%.o $(call objs,$(UNIT_SUPPORT)) $(LIBDTU)
	$(call link_test,-lcmocka)

$(VIRTUAL_PROGRAMS): $(B)/tests/%: $(B)/obj/tests/virtual/%.o $(call objs,$(VIRTUAL_SUPPORT)) $(LIBDTU)
	$(call link_test,-lcmocka)

$(DECADE_PROGRAM): $(call objs,$(DECADE)) $(LIBDTU)
	$(call link_test)

# No tests: they write docs/dbus.md and docs/troubleshooting.md from the program's tables.
$(DOC_PROGRAMS): $(B)/tests/%: $(B)/obj/tests/docs/%.o $(LIBDTU)
	$(call link_test)

# Likewise: it answers to the second implementation of the device language, in Python.
$(PEER_PROGRAMS): $(B)/tests/%: $(B)/obj/tests/language/%.o $(LIBDTU)
	$(call link_test)

$(REPLAY_PROGRAMS): $(B)/tests/replay_%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/obj/tests/fuzz/replay.o $(LIBDTU)
	$(call link_test)

# The page's service with the whole program behind it: all of the virtual world but its stand-in for a service.
$(B)/tests/replay_overview $(B)/tests/fuzz_overview: \
	$(call objs,$(filter-out %/ess_house.c %/failing.c %/failing_calls.c %/gx.c %/house.c %/page_house.c %/service.c,\
	$(VIRTUAL_SUPPORT)))
# A capture has a time of its own.
$(B)/tests/replay_replay $(B)/tests/fuzz_replay: $(call objs,$(filter %/clock.c,$(VIRTUAL_SUPPORT)))

ifeq ($(VARIANT),fuzz)
$(FUZZ_PROGRAMS): $(B)/tests/%: $(B)/obj/tests/fuzz/%.o $(LIBDTU)
	$(call link_test,-fsanitize=fuzzer)

# New inputs are collected below build/; a find goes into tests/fuzz/corpus by hand, with its test.
FUZZ_SECONDS ?= 60
.PHONY: fuzz-run fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS)
fuzz-run: $(FUZZ_PROGRAMS)
	$(Q)set -e; for p in $^; do n=$${p##*/fuzz_}; d=$(B)/corpus/$$n; mkdir -p $$d tests/fuzz/corpus/$$n; \
		echo "  FUZZ    $$n ($(FUZZ_SECONDS) s)"; \
		$$p -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(B)/ -verbosity=0 -print_final_stats=1 \
			$$d tests/fuzz/corpus/$$n; done
endif

# ---- Third-party libraries ------------------------------------------------------------------------------

# One run fetches all; a library is built again only when its own stamp has changed.
# The folders of the patches count, too: their times tell that a patch has gone.
build/vendor/.fetched: vendor/lock vendor/fetch $(wildcard vendor/patches vendor/patches/* vendor/patches/*/*.patch) | fetch-tools
	$(Q)RELEASE='$(RELEASE)' vendor/fetch
	@touch $@

# A release asks again whether all of it is what the lock pins.
ifneq ($(filter-out 0,$(RELEASE)),)
build/vendor/.fetched: FORCE
endif

# Named one by one: what only a pattern makes is deleted by make when it is done.
SOURCE_STAMPS := $(patsubst vendor/recipes/%.sh,build/vendor/%.stamp,$(wildcard vendor/recipes/*.sh))
$(SOURCE_STAMPS): build/vendor/.fetched ;

$(B)/vendor/%.stamp: build/vendor/%.stamp vendor/recipes/%.sh vendor/build vendor/objs.mk $(B)/flags.libs
	@echo "  LIB     $* for $(ARCH) ($(VARIANT))"
	$(Q)+OUT='$(OUT)' PREFIX='$(SYSROOT)' HOST='$(MUSL_HOST)' CC='$(CC)' AR='$(AR)' RANLIB='$(RANLIB)' \
		NM='$(NM)' CFLAGS='$(COMMON) -w' SANITIZE='$(SANITIZE)' INIH_DEFS='$(INIH_DEFS)' CJSON_DEFS='$(CJSON_DEFS)' MAKE='$(MAKE)' \
		DBUS_DEFS='$(DBUS_DEFS)' vendor/build $*
	@touch $@

$(B)/vendor/musl.stamp: toolchain/static-pie.specs
$(B)/vendor/mbedtls.stamp: vendor/config/mbedtls_config.h
$(B)/vendor/curl.stamp: vendor/config/curl/curl_config.h
$(B)/vendor/dbus.stamp: vendor/config/dbus/config.h $(B)/flags.dbus
$(B)/vendor/cjson.stamp: $(B)/flags.cjson
ifneq ($(filter musl,$(LIBS)),)
$(filter-out %/musl.stamp,$(LIB_STAMPS)): $(B)/vendor/musl.stamp
endif
ifneq ($(filter curl,$(LIBS)),)
$(B)/vendor/curl.stamp: $(B)/vendor/mbedtls.stamp
endif

# ---- What a rebuild depends on besides files ------------------------------------------------------------

# Written only when it differs, so that other flags, another compiler or another place rebuild, and nothing else.
define keep
	@mkdir -p $(@D)
	@printf '%s\n' "$$CONTENT" | cmp -s - $@ || printf '%s\n' "$$CONTENT" >$@
endef

compiler = $(shell $(1) --version 2>/dev/null | head -n 1)

$(B)/flags.tools: export CONTENT = $(CURDIR) $(TRIPLE) $(shell command -v $(TRIPLE)-gcc) $(ARCH_FLAGS) \
	$(if $(VENUS_SDK),$(shell cat $(wildcard $(VENUS_SDK)/environment-setup-* $(filter-out %/,$(VENUS_SDK))) \
	2>/dev/null | cksum) $(VENUS_SDK))
$(B)/flags.tools: FORCE
	$(keep)

$(B)/bin/cc: toolchain/tools $(B)/flags.tools | tools
	$(Q)VENUS_SDK='$(VENUS_SDK)' toolchain/tools $(OUT) $(TRIPLE) $(ARCH_FLAGS)

$(B)/flags.libs: export CONTENT = $(COMMON) $(SANITIZE) $(INIH_DEFS) $(call compiler,$(CC))
$(B)/flags.libs: $(TOOLS) FORCE | tools
	$(keep)

# Of one library alone.
$(B)/flags.cjson: export CONTENT = $(CJSON_DEFS)
$(B)/flags.dbus: export CONTENT = $(DBUS_DEFS)
$(B)/flags.cjson $(B)/flags.dbus: FORCE
	$(keep)

$(B)/flags: export CONTENT = $(CFLAGS) $(WARNINGS) $(TEST_WARNINGS) $(LDFLAGS) $(LDLIBS)
$(B)/flags: $(B)/flags.libs FORCE
	$(keep)

$(B)/sources: export CONTENT = $(SRCS) $(DEVICE_FILES)
$(B)/sources: FORCE
	$(keep)

$(B)/version: export CONTENT = $(VERSION) $(HOMEPAGE)
$(B)/version: FORCE
	$(keep)

FORCE:

# ---- What a person calls --------------------------------------------------------------------------------

.PHONY: FORCE tools fetch-tools setup vendor debug cross run check test fuzz fuzz-record coverage mutate soak lint analyse size memory bench clean distclean help

# A build says what is missing; only what runs or tests the program may install it.
tools:
	@scripts/setup --check build $(ARCH) $(if $(VENUS_SDK),sdk)
fetch-tools:
	@scripts/setup --check fetch

setup:
	$(Q)scripts/setup test lint

vendor: | fetch-tools
	$(Q)vendor/fetch

# What Debian's archive has of them by now; and to pin another of its versions: LIB=curl VERSION=8.14.1-2+deb13u5
.PHONY: vendor-check vendor-raise
vendor-check: | fetch-tools
	$(Q)scripts/vendor check

vendor-raise: | fetch-tools
	$(Q)scripts/vendor raise '$(LIB)' '$(VERSION)'

variant = +$(Q)$(MAKE) ARCH=$(1) VARIANT=$(2) VENUS_SDK= $(3)

# In one go, so that what is slow in one architecture runs beside the other.
.PHONY: release-x86_64 release-armv7 release-aarch64 debug-programs release-decade
release-x86_64 release-armv7 release-aarch64: release-%: build/vendor/.fetched
	$(call variant,$*,release,all)
debug-programs: build/vendor/.fetched
	$(call variant,x86_64,debug,all programs)
release-decade: release-x86_64
	$(call variant,x86_64,release,decade)

debug: build/vendor/.fetched
	$(call variant,x86_64,debug,all)

cross: release-armv7 release-aarch64

run:
	$(Q)scripts/setup run
	$(call variant,x86_64,release,all)
	$(Q)exec scripts/demo

check:
	$(Q)scripts/setup check
	$(call variant,x86_64,debug,pure)
	$(Q)ci/layers
	$(Q)BUILD='$(CURDIR)/build' tests/run $(PURE_PROGRAMS:$(B)/%=build/x86_64-debug/%)

test:
	$(Q)scripts/setup test
	$(Q)scripts/avahi build/avahi
	+$(Q)$(MAKE) release-x86_64 cross debug-programs release-decade
	$(Q)BUILD='$(CURDIR)/build' MAKE='$(MAKE)' tests/run

fuzz:
	$(Q)scripts/setup fuzz
	$(call variant,x86_64,debug,libs)
	$(call variant,x86_64,fuzz,fuzz-run FUZZ_SECONDS='$(or $(FUZZ_SECONDS),60)')

# The same, and what it came to is added to tests/fuzz/RECORD. ONLY=mdns,http chooses.
fuzz-record:
	$(Q)scripts/setup fuzz
	$(call variant,x86_64,debug,libs)
	$(call variant,x86_64,fuzz,fuzz-programs)
	$(Q)scripts/fuzz-record --seconds '$(or $(FUZZ_SECONDS),60)' $(if $(ONLY),--only '$(ONLY)')

coverage:
	$(Q)scripts/setup check
	$(call variant,x86_64,debug,libs)
	$(call variant,x86_64,coverage,all programs)
	$(Q)scripts/coverage $(if $(FILE),'$(FILE)')

mutate:
	$(Q)scripts/setup check
	$(call variant,x86_64,debug,all programs)
	$(Q)MAKE='$(MAKE)' scripts/mutate '$(FILE)' $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED))

lint:
	$(Q)scripts/setup lint
	$(call variant,x86_64,debug,libs)
	+$(Q)MAKE='$(MAKE)' ci/lint

analyse:
	$(Q)scripts/setup analyse
	$(call variant,x86_64,debug,libs)
	$(call variant,x86_64,lint,analyse-run)

.PHONY: analyse-run
analyse-run:
	+$(Q)MAKE='$(MAKE)' CFLAGS='$(filter-out -fanalyzer,$(CFLAGS))' ci/analyse

# Half an hour on a real bus, a fault every five seconds: SOAK_SECONDS=600 makes it shorter.
soak:
	$(Q)scripts/setup test
	$(call variant,x86_64,release,all)
	$(Q)/usr/bin/python3 -m unittest tests.integration.soak

# Of the architectures that are built; none yet: this machine's.
SIZED = $(or $(patsubst build/%-release/dbus-opendtu,%,$(wildcard build/*-release/dbus-opendtu)),x86_64)
size:
	+$(Q)for a in $(SIZED); do $(MAKE) ARCH=$$a VARIANT=release build/$$a-release/size.map || exit 1; done
	$(Q)scripts/size $(SIZED:%=build/%-release)

memory:
	$(Q)scripts/setup run
	$(Q)scripts/memory

# QUICK=1 is one short scenario; ONLY=NAME,.. chooses; WRITE=docs/dev/benchmark.md makes the document. The program
# of each device is only looked at for its size.
BENCH_OPTIONS = $(if $(filter-out 0,$(QUICK)),--quick) $(if $(ONLY),--only '$(ONLY)') $(if $(WRITE),--write '$(WRITE)')
bench:
	$(Q)scripts/setup run bench
	$(call variant,x86_64,release,all)
	$(Q)MAKE='$(MAKE)' scripts/bench $(BENCH_OPTIONS)

# ---- What goes onto a device ----------------------------------------------------------------------------

DEVICES := armv7 aarch64

.PHONY: devices package sdcard feed release
# Set up, built, and not too big: before anything is written to dist/.
devices:
	$(Q)scripts/setup package
	+$(Q)$(MAKE) cross
	$(Q)packaging/check-size $(DEVICES)

package: devices
	$(Q)for a in $(DEVICES); do opkg/mkipk $$a && packaging/mktarball $$a || exit 1; done
	$(Q)packaging/mksetuphelper $(DEVICES)

sdcard: devices
	$(Q)for a in $(DEVICES); do packaging/mksdcard $$a || exit 1; done

feed: package
	$(Q)opkg/mkfeed

# The page for the GX screen, as the one file that gui-v2 loads: packaging/stage puts it into each package. Packing needs no Qt;
# looking at it does.
.PHONY: gui gui-test gui-pictures
gui:
	$(Q)gui/pack '$(VERSION)' build/gui/DbusOpendtu.json

gui-test:
	$(Q)scripts/setup gui
	$(Q)/usr/bin/python3 -B -m unittest tests.gui.screen_test

gui-pictures:
	$(Q)scripts/setup gui
	$(Q)/usr/bin/python3 -B -m tests.gui.pictures docs

# What `show` looks like, for README.md: six minutes, in which the last column fills.
.PHONY: show-picture
show-picture:
	$(Q)scripts/setup run
	$(call variant,x86_64,release,all)
	$(Q)/usr/bin/python3 -B -m tests.integration.show_picture docs/show.svg

# What is generated from the program's own tables.
.PHONY: docs
docs:
	$(Q)scripts/setup check
	$(call variant,x86_64,release,all)
	$(call variant,x86_64,debug,$(DOC:tests/docs/%.c=build/x86_64-debug/tests/%))
	$(Q)scripts/docs

# SIGNING_KEY=FILE, the secret half of RELEASE_KEY, signs what it makes.
SIGNING_KEY ?=
# With any compiler, which it names; ci/release, whose work is published, takes the pinned one alone.
release:
	$(Q)scripts/setup package
	+$(Q)$(MAKE) RELEASE=1 cross
	$(Q)RELEASE=1 RELEASE_KEY='$(abspath $(RELEASE_KEY))' SIGNING_KEY='$(abspath $(SIGNING_KEY))' packaging/mkrelease $(DEVICES)

clean:
	$(Q)rm -rf build/*/obj build/*/tests build/*/libdtu.a build/*/dbus-opendtu build/*/dbus-opendtu.*

distclean:
	$(Q)rm -rf build dist

help:
	@sed -n 's/^#H //p' Makefile

#H make                   the program for this machine: build/x86_64-release/dbus-opendtu
#H make ARCH=armv7        for 32-bit GX devices          make ARCH=aarch64   for 64-bit ones
#H make cross             both
#H make run               set up, build and show it at work
#H make check             seconds: the tests of what only computes, the decoders over their corpora, the layers
#H make test              set up, build everything, run every test
#H make gui               the page for the GX screen: build/gui/DbusOpendtu.json
#H make gui-test          set up Qt, and test what the page shows and writes; make gui-pictures: those in docs/
#H make debug             with sanitizers, against the host's libc
#H make coverage          which lines the tests in C run, and 95 % of what reads foreign bytes; FILE=src/core/json.c: which it lacks
#H make mutate FILE=..    which single changes of a source file no test notices (COUNT=, SEED=)
#H make fuzz              fuzz the parsers, FUZZ_SECONDS=60 each
#H make fuzz-record       the same, and adds what it came to to tests/fuzz/RECORD; ONLY=mdns,http
#H make soak              half an hour on a real bus with a fault every five seconds; SOAK_SECONDS=600
#H make lint              format, static analysis, layering, scripts
#H make analyse           clang-tidy and scan-build, which take minutes
#H make size              what each library adds to each program
#H make memory            what the programs that are built keep resident
#H make bench             what it costs and how quick it is: QUICK=1, ONLY=NAME, BENCH_CMD=... for another driver
#H make package           for opkg (.ipk) and to unpack by hand (.tar.gz), for both GX architectures, in dist/
#H make sdcard            what a GX device installs from an SD card or a USB stick
#H make feed              a folder for a web server and `opkg update`; FEED_KEY=NAME signs it with gpg
#H make release           all of these, sums, licences, bill of materials; only from sources that the lock pins;
#H                        SIGNING_KEY=FILE signs them
#H make show-picture      draw docs/show.svg, the picture of `show` in README.md
#H make docs              write docs/dbus.md, docs/config.md and config.example from the program's tables
#H make vendor            fetch and verify the third-party sources only
#H make vendor-check      which version of each is pinned, which one Debian has, and what its change log says of security
#H make vendor-raise      pin another of Debian's versions: LIB=curl VERSION=8.14.1-2+deb13u5
#H make setup             install what building, testing and lint need
#H make clean             our own objects                make distclean     everything below build/
#H
#H V=1 shows the commands; ARCH=, VARIANT=, VENUS_SDK= are described at the top of the Makefile.

-include $(patsubst %.o,%.d,$(OBJS) $(call objs,$(UNIT) $(UNIT_SUPPORT) $(VIRTUAL) $(VIRTUAL_SUPPORT) $(DECADE) $(FUZZ) $(DOC) $(PEER) \
	tests/failing/service.c))
