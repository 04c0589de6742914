# SPDX-License-Identifier: GPL-2.0-or-later
#
# make bench       measure this kernel, then a before/after pair of kernels in QEMU (LAB=0: without them)
# make check       every test that needs no QEMU        make check-lab   the tests that boot kernels
# make             build only                           make deps        install what is missing
# make lab BASE=~/linux PATCH=x.patch                   your patch, before and after
# make dashboard   results in a Prometheus of their own, on loopback, until Ctrl-C (RESULTS='FILE|DIR...'; else the reference results)
# make qualify     the proof: how often compare is wrong, and what it finds (15 minutes; LAB=0: without QEMU; KEEP=1: into docs)
# make mutants     whether the tests notice what is broken: 200 small changes, of which 90 % have to be seen (SEED=2, NR=50, ONLY='src/stats/rank*', NAMED=1: those once alive)
# make torture     1,300 kills of runs that change settings, and every allocation and system call of every verb fails (TORTURE_PART=10: a
#                  tenth of them); needs root
# make format      puts the code into the form that make lint asks for
# make dist        build/pinbench-VERSION.tar.gz of what is committed; SOURCE_DATE_EPOCH= decides its times
# make help        this text
# make lint, make install DESTDIR= PREFIX=, make clean; the results are in results/, the plots in plots/
#
# V=1 shows commands, SAN=1 builds with ASan and UBSan, WERROR=1 as CI does, ARCH=arm64 for a guest.
# INJECT=20 builds build/ARCH-inject-20/pinbench, which makes everything that it times from outside 20 per mille slower (INJECT=0.5:
# half of one): for tests whether a slowdown of known size is found.

NATIVE := $(shell uname -m | sed 's/aarch64/arm64/')
ARCH   ?= $(NATIVE)
B      := build/$(ARCH)$(if $(SAN),-san)$(if $(INJECT),-inject-$(INJECT))
Q      := $(if $(V),,@)
SELF   := $(lastword $(MAKEFILE_LIST))
ROOM   := $(dir $(SELF))lab
PREFIX ?= /usr/local
comma  := ,
PKGS   := jansson hwloc numa liburing zlib libmd sqlite3
ifneq ($(ARCH),$(NATIVE))
CROSS_COMPILE ?= $(patsubst arm64,aarch64,$(ARCH))-linux-gnu-
CC     := $(CROSS_COMPILE)gcc
endif

CFLAGS ?= -O2 -g
WARN   := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)
ALL_CPPFLAGS = -D_GNU_SOURCE -I. -Isrc $(PKG_CPPFLAGS) $(CPPFLAGS)
ALL_CFLAGS   = -std=gnu11 $(WARN) $(CFLAGS)
# now: no symbol is looked up in a timed section, nor again in every process that fork() makes
ALL_LDLIBS   = -Wl,-z,now $(PKG_LDLIBS) -lm $(LDLIBS)
ifneq ($(INJECT),)
CPPFLAGS += -DPINBENCH_INJECT=$(INJECT)
endif
ifdef SAN
CFLAGS  += -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS += -fsanitize=address,undefined
endif

OBJS  := $(patsubst %.c,$(B)/%.o,$(wildcard src/*/*.c bench/*.c))
LIB   := $(filter-out $(B)/src/cmd/main.o,$(OBJS))
TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/test_*.c))

# The link at the top is the program of this machine, built as usual.
PROGRAM ?= $(if $(filter $(NATIVE),$(ARCH)),$(if $(SAN)$(INJECT),,pinbench))
all: $(B)/pinbench $(PROGRAM)

# These install or clean before anything can be compiled: they run make again for the rest.
OUTER := help dist deps clean bench check check-lab dashboard format lab lint mutants qualify torture
ifneq ($(filter-out $(OUTER),$(or $(MAKECMDGOALS),all)),)
include $(B)/flags.mk
endif

# Where the libraries are: asked once, with an answer instead of a page of compiler errors when they are missing.
$(B)/flags.mk: $(SELF) $(wildcard $(ROOM)/sysroot.sh)
	$(Q)mkdir -p $(@D)
	$(Q)set -e; \
	if [ $(ARCH) != $(NATIVE) ]; then \
		root=$$($(ROOM)/sysroot.sh $(ARCH)); flags="--sysroot=$$root"; \
		export PKG_CONFIG_SYSROOT_DIR=$$root \
			PKG_CONFIG_LIBDIR=$$(echo $$root/usr/lib/*/pkgconfig); \
	fi; \
	cflags=$$(pkg-config --cflags $(PKGS)) || { echo "make: fix: make deps" >&2; exit 1; }; \
	{ echo "PKG_CPPFLAGS := $$flags $$cflags"; \
	  echo "PKG_LDLIBS := $$flags $$(pkg-config --libs $(PKGS))"; } >$@.new; \
	mv $@.new $@

pinbench: $(B)/pinbench
	$(Q)ln -sf $< $@
$(B)/pinbench: $(OBJS)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LDLIBS)
$(B)/%.o: %.c Makefile
	@echo "  CC      $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/src/plan/config.o: configs/quick.json # the built-in job
$(B)/src/page/asset.o: src/page/page.css src/page/page.js
$(B)/tests/%: $(B)/tests/%.o $(LIB)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LDLIBS) -lcmocka
# A tree that stands in for /proc and /sys, and answers writes as the kernel does.
TREE_TESTS := $(patsubst %,$(B)/tests/test_%,sysfile journal hugepage environment frames)
$(TREE_TESTS): $(B)/tests/tree.o
$(filter %/test_journal %/test_hugepage,$(TREE_TESTS)): LDFLAGS += -Wl,--wrap=sysfile_write
# Frames and a child that are made up.
$(B)/tests/test_states: LDFLAGS += -Wl,--wrap=peer_look,--wrap=frames_visible
# Two files made by hand.
$(filter $(B)/tests/test_verdict%,$(TESTS)) $(B)/tests/test_gate $(B)/tests/test_cost: $(B)/tests/sides.o
$(B)/tests/test_hugepage: LDFLAGS += -Wl,--wrap=nanosleep
# Its own kernel, and processes that are killed at any system call.
$(B)/tests/test_journal_model: LDFLAGS += $(patsubst %,-Wl$(comma)--wrap=%,write ftruncate unlinkat renameat openat fchmod nanosleep \
	sysfile_read sysfile_read_u64 sysfile_read_choice sysfile_read_field sysfile_write sysfile_exists)
# What QEMU loads to count memory and functions (docs/explain.md): for this machine, a part of the program that runs on it.
ifeq ($(ARCH),$(NATIVE))
$(B)/explain.so: lab/plugin/explain.c $(wildcard lab/plugin/*.h) bench/mark.h
	@echo "  PLUGIN  $@"
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -fPIC -fvisibility=hidden -shared -s -D_GNU_SOURCE -I. -o $@ $<
$(B)/src/vm/plugin.o: $(B)/explain.so
$(B)/src/vm/plugin.o: CPPFLAGS += -DPINBENCH_PLUGIN='"$(B)/explain.so"'
endif
tests: $(TESTS)
# Fails an allocation, for tests/torture/faults.py. A sanitizer has an allocator of its own.
STARVE := $(if $(SAN),,$(B)/tests/torture/starve.so)
$(B)/tests/torture/starve.so: tests/torture/starve.c
	@echo "  LD      $@"
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) -shared -fPIC -o $@ $<
tests: $(STARVE)
# Programs that compute what "make qualify" prints; tests/cli/simulate.sh runs the first in small.
PROOF := $(patsubst %,$(B)/tests/qualify/%,simulate judge usual seeds history)
DRAW  := $(patsubst %,$(B)/tests/qualify/%.o,line windows)
$(PROOF): %: %.o $(LIB)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LDLIBS)
$(B)/tests/qualify/simulate $(B)/tests/qualify/history: $(B)/tests/qualify/laws.o
$(filter-out %/simulate %/history,$(PROOF)) $(B)/tests/test_qualify: $(DRAW)
$(B)/tests/test_history: $(B)/tests/qualify/laws.o
$(B)/tests/test_qualify.o $(B)/tests/test_history.o: CPPFLAGS += -Itests
tests: $(PROOF)

# What QEMU boots into: the program for that architecture, its libraries, and the agent that sends the results.
guest: $(B)/guest.cpio
$(B)/agent: lab/agent.c src/vm/wire.h src/vm/wire.h
	@echo "  CC      $<"
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(filter --sysroot=%,$(PKG_LDLIBS))
$(B)/gup_loop: tests/lab/gup_loop.c # for tests/lab/agreement.sh
	@echo "  CC      $<"
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(filter --sysroot=%,$(PKG_LDLIBS))
$(B)/guest.cpio: $(B)/pinbench $(B)/agent lab/init lab/initramfs.sh lab/lib.sh
	@echo "  GUEST   $@"
	$(Q)lab/initramfs.sh $(ARCH) $@ $(B)/pinbench $(B)/agent

# The version is compiled into the files that name it; they alone are rebuilt when it changes.
RELEASE   := 0.2.0
# Of this tree, not of one that it was unpacked into; .version is in what "make dist" packs.
DESCRIBED := $(shell [ ! -e .git ] || git describe --tags --dirty --match '[0-9]*' 2>/dev/null || \
	git describe --always --dirty --exclude '*' 2>/dev/null | sed 's/^/$(RELEASE)-g/')
VERSION   := $(or $(DESCRIBED),$(shell cat .version 2>/dev/null),$(RELEASE))$(if $(INJECT),-inject-$(INJECT))
VERSIONED := $(patsubst %.c,$(B)/%.o,$(shell grep -ls PINBENCH_VERSION src/*/*.c bench/*.c))
$(VERSIONED): CPPFLAGS += -include $(B)/version.h
$(VERSIONED): $(B)/version.h
$(B)/version.h: force
	$(Q)mkdir -p $(@D)
	$(Q)echo '#define PINBENCH_VERSION "$(VERSION)"' | cmp -s - $@ || \
		echo '#define PINBENCH_VERSION "$(VERSION)"' >$@

# From here on: what people type. Each installs what is missing, then runs make again for what has to be compiled.
DEPS := lab/deps.sh

deps:
	$(Q)$(DEPS) $(GROUPS)

check:
	$(Q)$(DEPS) build run test
	$(Q)tests/page/install.sh
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)$(MAKE) --no-print-directory run-check
run-check:
	$(Q)PINBENCH=$(CURDIR)/$(B)/pinbench tests/run $(TESTS) $(wildcard tests/cli/*.sh)

check-lab:
	$(Q)$(DEPS) build test lab
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(MAKE) --no-print-directory ARCH=arm64 guest
	$(Q)PINBENCH_TEST_TIMEOUT=5400 tests/run $(wildcard tests/lab/*.sh)

# They print what they measured; each ends with an error when something was not put back.
torture:
	$(Q)$(DEPS) build run test
	$(Q)$(MAKE) --no-print-directory all $(STARVE)
	$(Q)bad=0; for script in tests/torture/*.sh; do PINBENCH=$(CURDIR)/$(B)/pinbench $$script || bad=1; done; exit $$bad

# What takes long to build is built first: the time is measured too.
qualify:
	$(Q)$(DEPS) build run test $(if $(filter 0,$(LAB)),,lab)
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)for slower in 0 20 50; do $(MAKE) --no-print-directory INJECT=$$slower all || exit 1; done
ifneq ($(LAB),0)
	$(Q)for slower in "" 0 0.5 1 2; do $(MAKE) --no-print-directory ARCH=arm64 INJECT=$$slower guest || exit 1; done
	$(Q)lab/kernel.sh seed-1-after seed-1-unused >/dev/null
endif
	$(Q)B=$(B) LAB=$(LAB) tests/qualify/qualify.sh $(if $(KEEP),--keep docs/qualification.md)

mutants:
	$(Q)$(DEPS) build test
	$(Q)tests/mutants/mutants.py $(if $(SEED),--seed $(SEED)) $(if $(NR),--nr $(NR)) $(if $(ONLY),--only '$(ONLY)') $(if $(NAMED),--named)

bench:
	$(Q)$(DEPS) build run $(if $(filter 0,$(LAB)),,lab)
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(if $(filter 0,$(LAB)),,$(MAKE) --no-print-directory ARCH=arm64 guest)
	$(Q)WITH_LAB=$(LAB) lab/bench.sh

dashboard:
	$(Q)$(DEPS) build run unpack
	$(Q)$(MAKE) --no-print-directory all
	$(Q)dashboards/serve.sh $(RESULTS)

lab:
	$(Q)[ -n "$(BASE)" ] || { echo "make: usage: make lab BASE=~/linux PATCH=x.patch [JOB=configs/X.json] [BOOTS=N] [CLOCK=icount|real]" >&2; exit 2; }
	$(Q)$(DEPS) build run lab
	$(Q)$(MAKE) --no-print-directory all guest
	$(Q)JOB="$(JOB)" BOOTS="$(BOOTS)" CLOCK="$(CLOCK)" KCONFIG="$(KCONFIG)" lab/patch.sh "$(BASE)" "$(PATCH)"

# Both compilers, the form of the code, what clang-tidy finds, the order of the rooms, every shell script.
C_FILES = $(filter-out tests/rank/vectors.h,$(wildcard src/*/*.[ch] bench/*.[ch] lab/*.c lab/plugin/*.[ch] tests/*.[ch] tests/*/*.[ch]))
lint:
	$(Q)$(DEPS) build test lint
	$(Q)$(MAKE) --no-print-directory B=build/lint-gcc WERROR=1 all tests PROGRAM=
	$(Q)$(MAKE) --no-print-directory B=build/lint-clang WERROR=1 CC=clang all tests PROGRAM=
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(Q)clang-tidy -quiet $(filter %.c,$(filter-out tests/% lab/plugin/%,$(C_FILES))) -- -std=gnu11 -D_GNU_SOURCE -I. -Isrc \
		-DPINBENCH_VERSION='"lint"' $$(pkg-config --cflags $(PKGS)) 2>/dev/null
	$(Q)tests/check_floors.sh
	$(Q)shellcheck -x $(wildcard contrib/*.sh lab/*.sh docs/*.sh dashboards/*.sh tests/*.sh tests/cli/*.sh tests/page/*.sh tests/lab/*.sh tests/qualify/*.sh tests/torture/*.sh) tests/run .ci/run
	$(Q)jq -e . dashboards/*.json lab/*.json lab/variants/*.json configs/*.json >/dev/null

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' $(SELF)

# The same bytes from the same commit: names in order, one time, no users, no time in gzip's header.
DIST := pinbench-$(VERSION)
dist:
	$(Q)[ -e .git ] || { echo "make: dist packs what git has committed, and this is no git tree" >&2; exit 2; }
	$(Q)rm -rf build/dist && mkdir -p build/dist
	$(Q)git archive --prefix=$(DIST)/ HEAD | tar -C build/dist -x
	$(Q)echo "$(VERSION)" >build/dist/$(DIST)/.version
	$(Q)set -o pipefail; tar -C build/dist --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		--mtime=@$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} -c $(DIST) | gzip -9n >build/$(DIST).tar.gz.new
	$(Q)mv build/$(DIST).tar.gz.new build/$(DIST).tar.gz
	$(Q)rm -rf build/dist
	@echo "build/$(DIST).tar.gz"
dist: SHELL := /bin/bash

format:
	$(Q)clang-format -i $(C_FILES)

install: all $(if $(wildcard $(B)/guest.cpio),guest)
	$(if $(INJECT),$(error INJECT=$(INJECT) is a test build: it lengthens what it measures))
	install -D -m 755 $(B)/pinbench $(DESTDIR)$(PREFIX)/bin/pinbench
	install -D -m 644 man/pinbench.1 $(DESTDIR)$(PREFIX)/share/man/man1/pinbench.1
	install -D -m 644 completion/pinbench.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/pinbench
	for file in configs/*.json plots/*.gp lab/*.json lab/deps.list lab/variants/*.json lab/config/*.config; do \
		[ ! -f $$file ] || install -D -m 644 $$file $(DESTDIR)$(PREFIX)/share/pinbench/$$file; done
	for file in dashboards/grafana.json dashboards/consoles/pinbench.html dashboards/rules/pinbench.rules.yml; do \
		install -D -m 644 $$file $(DESTDIR)$(PREFIX)/share/pinbench/$$file; done
	for file in lab/kernel.sh lab/lib.sh lab/edit.sh lab/deps.sh docs/bisect.sh; do \
		install -D -m 755 $$file $(DESTDIR)$(PREFIX)/share/pinbench/$$file; done
	for file in *.md docs/*.md docs/*.svg docs/*.png docs/*.json results/*.md contrib/*; do \
		[ ! -f $$file ] || install -D -m 644 $$file $(DESTDIR)$(PREFIX)/share/doc/pinbench/$$file; done
	for guest in build/*/guest.cpio; do arch=$${guest%/*}; \
		case $$guest in *-inject-* | *-san/*) continue ;; esac; \
		[ ! -f $$guest ] || install -D -m 644 $$guest $(DESTDIR)$(PREFIX)/lib/pinbench/guest-$${arch#build/}.cpio; done

clean:
	$(Q)rm -rf build pinbench

.PHONY: all tests guest force install run-check $(OUTER)
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules
-include $(OBJS:.o=.d) $(TESTS:=.d) $(wildcard $(B)/tests/qualify/*.d)
