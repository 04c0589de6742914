# SPDX-License-Identifier: GPL-2.0-or-later
ARCH ?= $(shell uname -m | sed 's/aarch64/arm64/')
B    := build/$(ARCH)$(if $(SAN),-san)
PKGS := jansson hwloc numa liburing
Q    := $(if $(V),,@)

CFLAGS   ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -Ibench -Isrc $(shell pkg-config --cflags $(PKGS))
WARN     := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes
LDLIBS   := $(shell pkg-config --libs $(PKGS)) -lm
ifdef SAN
CFLAGS   += -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS  += -fsanitize=address,undefined
endif

OBJS := $(patsubst %.c,$(B)/%.o,$(wildcard src/*.c bench/*.c))
LIB  := $(filter-out $(B)/src/main.o,$(OBJS))

all: pinbench
pinbench: $(B)/pinbench
	$(Q)ln -sf $< $@
$(B)/pinbench: $(OBJS)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(B)/%.o: %.c Makefile
	@echo "  CC      $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 $(WARN) $(CFLAGS) -MMD -MP -c -o $@ $<
$(B)/tests/%: $(B)/tests/%.o $(LIB)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka
clean:
	$(Q)rm -rf build pinbench
.PHONY: all clean
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules
-include $(OBJS:.o=.d)
