# Skiff: a C service in, a virtual machine out. Two commands matter: `make demo` and `make check`.
#
#   make            libc, runtime, tool and manual page into build/
#   make deps       install the Debian packages that are missing (asks for nothing else)
#   make demo       build examples/http, boot it, fetch a page from it
#   make check      every test; make check TESTS='guest/tcp*' runs some
#   make check-net-long   the network tests at length, and the fuzzers of net for 10 CPU-minutes
#   make bench      the figures of README, measured here
#   make install PREFIX=/usr/local DESTDIR=
#   make format     clang-format over all C
#   make clean      remove build/ (the musl cache stays: make clean-cache)

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
SHELL := /bin/bash

PREFIX  ?= /usr/local
DESTDIR ?=
CACHE   ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/skiff
TESTS   ?=

B := build
L := $(B)/lib/skiff

# ---- packages -----------------------------------------------------------------------------------

DEPS_BUILD := gcc binutils libc6-dev dpkg-dev pkg-config libelf-dev libdw-dev libyaml-dev libjansson-dev
DEPS_RUN   := qemu-system-x86
DEPS_CHECK := libcmocka-dev clang clang-format cppcheck shellcheck libclang-rt-14-dev llvm-14 cmake \
              iproute2 iputils-ping dnsmasq-base curl jq procps util-linux man-db
DEPS       := $(DEPS_BUILD) $(DEPS_RUN) $(DEPS_CHECK)
SUDO       := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# ---- the runtime and libc -----------------------------------------------------------------------

CC := gcc
RUNTIME_WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes
# -fbuiltin after -ffreestanding: memcpy() of four bytes is a move, not a call. Stacks aligned to 8: code
# without SSE needs no more, and what calls the service (stack_call, signal_call, context_start) aligns.
RUNTIME_CFLAGS := -std=gnu11 -Os -g -ffreestanding -fbuiltin -mgeneral-regs-only -fno-pie \
    -mpreferred-stack-boundary=3 -malign-data=abi -fno-tree-loop-im -fno-jump-tables \
    -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -fno-stack-protector \
    -ffile-prefix-map=$(CURDIR)=. -nostdinc -isystem $(L)/include \
    -isystem $(shell $(CC) -print-file-name=include 2>/dev/null) -Iruntime -D__SKIFF_INSIDE $(RUNTIME_WARN)
# Code that runs once per packet or event may be copied to save a test (1 % fewer instructions per HTTP
# request for 0.3 % more bytes); all other code may not, and loads a constant or an address where it is
# used rather than save a register for it.
HOT := $(addprefix runtime/,net/tcp.c net/tcp_in.c net/tcp_out.c net/tcp_seg.c net/tcp_sock.c net/ip.c net/eth.c \
    net/netif.c net/sock.c dev/virtio/net.c dev/virtio/vring.c file/epoll.c)
COLD_CFLAGS := -fno-thread-jumps -fno-tree-dominator-opts -fno-move-loop-invariants -fno-caller-saves
# There a small constant may come over the stack: two instructions in three bytes instead of one in five;
# loops count with what the source counts with; registers are saved once, and a function is called where
# inlining it makes the other one run out of them. Not in the keel, where instructions are what costs.
SMALL_CFLAGS := -Oz -fno-tree-loop-optimize -fno-tree-pre -fno-shrink-wrap -fno-inline-functions-called-once -fno-code-hoisting
# Code that reads what others sent, or copies for the service, checks its stack.
HARDENED := $(addprefix runtime/,net dev file fs sys)
# The canary is the same for all threads, so libc's variable will do: two bytes less than in the TLS.
STACK_PROTECTOR := -fstack-protector-strong -mstack-protector-guard=global

RUNTIME_C := $(sort $(wildcard runtime/base/*.c runtime/arch/x86_64/*.c runtime/mem/*.c \
    runtime/sched/*.c runtime/dev/*.c runtime/dev/virtio/*.c runtime/file/*.c runtime/fs/*.c \
    runtime/net/*.c runtime/sys/*.c runtime/boot/*.c))
RUNTIME_S := $(sort $(wildcard runtime/arch/x86_64/*.S))
# runtime/net/tcp.c -> build/obj/net_tcp.o: member names say which room they are from.
objname = $(B)/obj/$(subst /,_,$(patsubst runtime/%,%,$(basename $(1)))).o
RUNTIME_OBJS := $(foreach f,$(RUNTIME_C) $(RUNTIME_S),$(call objname,$f))

LIBC_INPUTS := $(sort $(shell find runtime/libc -type f ! -name '*.md') runtime/base/fmt.h runtime/base/types.h)
LIBC_CFLAGS := -Os -fno-pie -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -g0 \
    -D__SKIFF_INSIDE
LIBC_KEY    := $(shell { cat $(LIBC_INPUTS); echo '$(LIBC_CFLAGS)'; $(CC) --version; } 2>/dev/null | \
                 sha256sum | cut -c1-16)
# What this build directory was made from goes first: `sudo make install` has another home, and no need
# of another cache.
LIBC_LINK   := $(B)/libc-$(LIBC_KEY)
LIBC_CACHE  := $(or $(realpath $(LIBC_LINK)),$(CACHE)/libc-$(LIBC_KEY))

# ---- the tool -----------------------------------------------------------------------------------

BUILDER_C      := $(sort $(wildcard builder/*.c))
BUILDER_OBJS   := $(patsubst builder/%.c,$(B)/obj/builder/%.o,$(BUILDER_C))
BUILDER_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes \
    -Iruntime -Ibuilder
BUILDER_LIBS   := -lyaml -ljansson -ldw -lelf

.PHONY: all
all: $(B)/bin/skiff $(B)/share/man/man1/skiff.1 sysroot

.PHONY: sysroot
sysroot: $(L)/libskiff.a $(L)/libc.a $(L)/crt1.o $(L)/skiff.ld $(L)/skiff.specs $(L)/.templates

.PHONY: deps
deps:
	@missing=; for p in $(DEPS); do \
	    dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then \
	    echo "installing:$$missing"; \
	    $(SUDO) apt-get update -q && \
	    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; \
	fi

# ---- libc ---------------------------------------------------------------------------------------

# Built once per key, in the cache; a build directory only links to it.
$(LIBC_CACHE)/lib/libc.a: | $(B)/obj
	@echo "  LIBC    musl, from its source package (once; cached in $(CACHE))"
	@. runtime/libc/musl.pin && sh runtime/libc/fetch.sh $(CACHE) runtime/libc/musl.pin && \
	rm -rf $(B)/musl && mkdir -p $(B)/musl/source && \
	tar xzf $(CACHE)/$$TARBALL -C $(B)/musl/source --strip-components=1 && \
	sh runtime/libc/farm.sh $(B)/musl/source $(B)/musl/farm && \
	sh runtime/libc/calls.sh $(B)/musl/source > $(B)/musl/calls && \
	cd $(B)/musl/farm && \
	{ CC=$(CC) CFLAGS='$(LIBC_CFLAGS)' ./configure --disable-shared --prefix=/usr > ../configure.log && \
	$(MAKE) -s -j2 lib/libc.a lib/crti.o lib/crtn.o obj/include/bits/alltypes.h > ../make.log 2>&1; } || \
	{ tail -n 20 ../configure.log ../make.log >&2; exit 1; } && \
	rm -rf $(LIBC_CACHE).tmp && mkdir -p $(LIBC_CACHE).tmp && \
	$(MAKE) -s DESTDIR=$(LIBC_CACHE).tmp prefix= includedir=/include install-headers && \
	mkdir -p $(LIBC_CACHE).tmp/lib && cp lib/libc.a $(LIBC_CACHE).tmp/lib/ && \
	cp ../calls $(LIBC_CACHE).tmp/ && \
	rm -rf $(LIBC_CACHE) && mv $(LIBC_CACHE).tmp $(LIBC_CACHE)

# A libc that has been in the cache for long is older than what another key has left in build/.
.PHONY: always
$(B)/libc.key: always
	@mkdir -p $(@D)
	@echo $(LIBC_KEY) | cmp -s - $@ || echo $(LIBC_KEY) > $@

$(LIBC_LINK): | $(LIBC_CACHE)/lib/libc.a
	@ln -sfn $(LIBC_CACHE) $@

$(L)/.include: $(LIBC_CACHE)/lib/libc.a $(B)/libc.key | $(LIBC_LINK)
	@mkdir -p $(L)
	@rm -rf $(L)/include && cp -r $(LIBC_CACHE)/include $(L)/include
	@rm -rf $(L)/kernel && mkdir $(L)/kernel # the kernel's headers, which no libc brings
	@ln -s /usr/include/linux /usr/include/asm-generic $(L)/kernel/
	@ln -s /usr/include/$(or $(shell $(CC) -print-multiarch),.)/asm $(L)/kernel/asm
	@for a in m rt pthread crypt util xnet resolv dl; do ar rc $(L)/lib$$a.a; done
	@touch $@

$(B)/calls: $(LIBC_CACHE)/lib/libc.a $(B)/libc.key
	@mkdir -p $(B) && cp $(LIBC_CACHE)/calls $@

# ---- runtime ------------------------------------------------------------------------------------

$(B)/obj $(B)/obj/builder:
	@mkdir -p $@

define runtime_c_rule
$(call objname,$(1)): $(1) $(L)/.include Makefile | $(B)/obj
	@echo "  CC      $(1)"
	@$(CC) $(RUNTIME_CFLAGS) $(if $(filter $(HOT),$(1)),,$(COLD_CFLAGS) $(SMALL_CFLAGS)) $(if $(filter $(HARDENED),$(patsubst %/virtio,%,$(patsubst %/,%,$(dir $(1))))),$(STACK_PROTECTOR)) -MMD -MP -c $(1) -o $$@
endef
define runtime_s_rule
$(call objname,$(1)): $(1) Makefile $(B)/sc_table.h | $(B)/obj
	@echo "  AS      $(1)"
	@$(CC) -g -Iruntime -Iruntime/arch/x86_64 -I$(B) -ffile-prefix-map=$(CURDIR)=. -MMD -MP -c $(1) -o $$@
endef
KEEL_C := $(filter runtime/arch/x86_64/keel%,$(RUNTIME_C))
$(foreach f,$(filter-out $(KEEL_C),$(RUNTIME_C)),$(eval $(call runtime_c_rule,$f)))
$(foreach f,$(RUNTIME_S),$(eval $(call runtime_s_rule,$f)))

# The keel in sections of its own: supervisor pages.
define keel_rule
$(call objname,$(1)): $(1) $(L)/.include Makefile | $(B)/obj
	@echo "  CC      $(1)"
	@$(CC) $(RUNTIME_CFLAGS) $(COLD_CFLAGS) -fno-function-sections -fno-data-sections -mno-red-zone -MMD -MP -c $(1) -o $$@
	@objcopy --rename-section .text=.keel.text --rename-section .bss=.keel.bss $$@
endef
$(foreach f,$(KEEL_C),$(eval $(call keel_rule,$f)))

$(B)/sc_table.h: $(B)/calls
	@sed '/ clone$$/d; s/^\([0-9]*\) \(.*\)$$/call_entry \1, \2/' $< > $@

# One small object per call, so that an image has only those it reaches.
$(B)/trampolines.a: $(B)/calls runtime/libc/trampoline.S Makefile
	@echo "  AS      trampolines"
	@rm -rf $(B)/obj/sc && mkdir -p $(B)/obj/sc && rm -f $@
	@while read -r number name; do \
	    sed -e '/^#/d; s/PASTE(sc_, NAME)/sc_'$$name'/g; s/PASTE(scp_, NAME)/scp_'$$name'/g' \
	        -e 's/PASTE(uk_, NAME)/uk_'$$name'/g; s/NUMBER/'$$number'/g; s,/\*.*\*/,,' \
	        runtime/libc/trampoline.S | as -o $(B)/obj/sc/sc_$$name.o - || exit 1; \
	done < $(B)/calls
	@ar rcD $@ $(B)/obj/sc/*.o

# The service's names are its own: what the runtime defines is called skiff.NAME in the archives, which
# no C program can say. Debug information keeps the names of the source.
$(B)/names: $(RUNTIME_OBJS) $(B)/trampolines.a $(B)/obj/crt1.o $(LIBC_CACHE)/lib/libc.a $(B)/calls $(B)/libc.key
	@{ nm -g --defined-only $(RUNTIME_OBJS) $(B)/obj/sc/*.o $(B)/obj/crt1.o 2>/dev/null; \
	    sed 's/ / U uk_/' $(B)/calls; } | \
	    awk 'NF == 3 && $$3 !~ /^(_start$$|__)/ { print $$3, "skiff." $$3 }' | sort -u > $@.new
	@nm -g --defined-only $(LIBC_CACHE)/lib/libc.a 2>/dev/null | awk 'NF == 3 { print $$3 }' | sort -u | \
	    join - $@.new | sed 's/ .*/: defined by libc as well as by the runtime/' > $@.both
	@if [ -s $@.both ]; then cat $@.both >&2; exit 1; fi
	@cmp -s $@.new $@ || cp $@.new $@

renamed = @objcopy -D --redefine-syms=$(B)/names $(1) $@

$(L)/libskiff.a: $(RUNTIME_OBJS) $(B)/trampolines.a $(B)/names
	@echo "  AR      $@"
	@rm -f $(B)/libskiff.a && ar rcD $(B)/libskiff.a $(RUNTIME_OBJS) $(B)/obj/sc/*.o
	$(call renamed,$(B)/libskiff.a)

$(L)/libc.a: $(LIBC_CACHE)/lib/libc.a $(B)/names $(B)/libc.key
	@echo "  AR      $@"
	$(call renamed,$<)

$(B)/obj/crt1.o: runtime/libc/crt1.c Makefile $(L)/.include | $(B)/obj
	@$(CC) $(RUNTIME_CFLAGS) -mpreferred-stack-boundary=4 -c $< -o $@

$(L)/crt1.o: $(B)/obj/crt1.o $(B)/names
	$(call renamed,$<)

$(L)/skiff.ld: runtime/boot/skiff.ld.in $(B)/calls Makefile
	@{ cat $<; sed 's/^[0-9]* \(.*\)$$/PROVIDE(skiff.uk_\1 = skiff.uk_enosys);/' $(B)/calls; } > $@

$(L)/skiff.specs: builder/skiff.specs
	@mkdir -p $(L) && cp $< $@

$(L)/.templates: $(shell find templates -type f)
	@mkdir -p $(L) && rm -rf $(L)/templates && cp -r templates $(L)/templates && touch $@

# ---- builder ------------------------------------------------------------------------------------

$(B)/obj/builder/%.o: builder/%.c Makefile | $(B)/obj/builder
	@echo "  CC      $<"
	@$(CC) $(BUILDER_CFLAGS) -MMD -MP -c $< -o $@

$(B)/bin/skiff: $(BUILDER_OBJS)
	@echo "  LD      $@"
	@mkdir -p $(@D)
	@$(CC) $^ $(BUILDER_LIBS) -o $@

$(B)/share/man/man1/skiff.1: $(B)/bin/skiff
	@mkdir -p $(@D)
	@$< man > $@

-include $(wildcard $(B)/obj/*.d $(B)/obj/builder/*.d $(B)/tests/*/*.d $(B)/tests/obj/*/*/*.d)

# ---- tests --------------------------------------------------------------------------------------

# A test names what it is made of in comments before its first #include: "sources:" and "libs:". A source
# without .c is a room of runtime/: its archive, of which is linked what is reached, as in an image.
named = $(shell sed -n '/^.include/q; s/.*$(1): *\([^*]*\).*/\1/p' $(2))
# $(call host_sources,unit,FILE): the prerequisites that this says
host_sources = $(filter %.c,$(call named,sources,$(2))) \
    $(patsubst runtime/%,$(B)/tests/obj/$(1)/%.a,$(filter-out %.c,$(call named,sources,$(2))))
UNIT := $(patsubst tests/unit/%.c,%,$(shell grep -l 'sources:' tests/unit/*.c 2>/dev/null))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(shell grep -l 'sources:' tests/fuzz/*.c 2>/dev/null))
# One command compiles several sources, and -MMD would tell of the last one's headers alone.
HOST_H := $(shell find runtime builder tests/unit tests/lwip -name '*.h')
# $(call host_included,FILE): the sources that it includes, to reach what is static in them
host_included = $(patsubst %,runtime/%,$(shell sed -n 's/^.include "\(.*\.c\)"$$/\1/p' $(1)))
HOST_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -DSKIFF_HOST_TEST \
    -Itests/unit -Iruntime -Ibuilder -fno-omit-frame-pointer -fno-sanitize-recover=all
HOST_CC_unit := $(CC) $(HOST_CFLAGS) -fsanitize=address,undefined
HOST_CC_fuzz := clang $(HOST_CFLAGS) -fsanitize=fuzzer-no-link,address,undefined
HOST_CC_cov := clang $(HOST_CFLAGS) -fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping

# $(1) unit, fuzz or cov; $(2) room
define host_room
$(B)/tests/obj/$(1)/$(2)/%.o: runtime/$(2)/%.c Makefile
	@mkdir -p $$(@D)
	@$(HOST_CC_$(1)) -MMD -MP -c $$< -o $$@
$(B)/tests/obj/$(1)/$(2).a: $(patsubst runtime/%.c,$(B)/tests/obj/$(1)/%.o,$(wildcard runtime/$(2)/*.c))
	@rm -f $$@ && ar rcD $$@ $$^
endef
$(foreach k,unit fuzz cov,$(foreach r,base net,$(eval $(call host_room,$k,$r))))

define unit_rule
$(B)/tests/unit/$(1): tests/unit/$(1).c $(HOST_H) $(call host_included,tests/unit/$(1).c) $(call host_sources,unit,tests/unit/$(1).c)
	@mkdir -p $$(@D)
	@$(HOST_CC_unit) \
	    tests/unit/$(1).c $(call host_sources,unit,tests/unit/$(1).c) -lcmocka $(addprefix -l,$(call named,libs,tests/unit/$(1).c)) -o $$@
endef
define fuzz_rule
$(B)/tests/fuzz/$(1): tests/fuzz/$(1).c $(HOST_H) $(call host_included,tests/fuzz/$(1).c) $(call host_sources,fuzz,tests/fuzz/$(1).c)
	@mkdir -p $$(@D)
	@clang $(HOST_CFLAGS) -fsanitize=fuzzer,address,undefined \
	    tests/fuzz/$(1).c $(call host_sources,fuzz,tests/fuzz/$(1).c) $(addprefix -l,$(call named,libs,tests/fuzz/$(1).c)) -o $$@
endef
# The same once more, counting lines instead of watching them.
define cov_rule
$(B)/tests/cov/$(1): tests/fuzz/$(1).c $(HOST_H) $(call host_included,tests/fuzz/$(1).c) $(call host_sources,cov,tests/fuzz/$(1).c)
	@mkdir -p $$(@D)
	@$(HOST_CC_cov) -fsanitize=fuzzer \
	    tests/fuzz/$(1).c $(call host_sources,cov,tests/fuzz/$(1).c) $(addprefix -l,$(call named,libs,tests/fuzz/$(1).c)) -o $$@
endef
$(foreach t,$(UNIT),$(eval $(call unit_rule,$t)))
$(foreach t,$(FUZZ),$(eval $(call cov_rule,$t)))
$(foreach t,$(FUZZ),$(eval $(call fuzz_rule,$t)))

# The player of tests/conf: the whole stack, whatever files it has; AF_UNIX, AF_VSOCK and AF_NETLINK are
# beside it.
CONF_C := tests/conf/conf.c tests/unit/net_rules.c tests/unit/net_host.c $(filter-out runtime/net/config.c runtime/net/%_config.c runtime/net/unix% runtime/net/vsock% runtime/net/netlink.c,$(wildcard runtime/net/*.c))
$(B)/tests/conf/conf: $(CONF_C) $(HOST_H)
	@mkdir -p $(@D)
	@$(HOST_CC_unit) $(CONF_C) -lcmocka -o $@

# lwIP, the second peer, from its source package: twice, each an object of which only peer.h can be seen,
# because its functions are called as ours are.
LWIP := $(patsubst tests/lwip/%.c,%,$(shell grep -l 'sources:' tests/lwip/*.c 2>/dev/null))
LWIP_SRC := $(B)/tests/lwip/source/src
LWIP_CFLAGS := -g -O1 -fsanitize=address -fno-omit-frame-pointer -Itests/lwip/peer -isystem $(LWIP_SRC)/include
$(B)/tests/lwip/source/.whole: tests/lwip/peer/lwip.pin
	@rm -rf $(@D) && mkdir -p $(@D)
	@. ./$< && tar xJf $(CACHE)/$$TARBALL -C $(@D) --strip-components=1 && touch $@

define lwip_rule
$(B)/tests/lwip/$(1).o: $(wildcard tests/lwip/peer/*.* tests/lwip/peer/*/*) $(B)/tests/lwip/source/.whole
	@rm -rf $$(@D)/$(1) && mkdir -p $$(@D)/$(1)
	@gcc $(LWIP_CFLAGS) -Wall -Wextra -Werror $(2) -c tests/lwip/peer/peer.c -o $$(@D)/$(1)/peer.o
	@for f in $(LWIP_SRC)/core/*.c $(LWIP_SRC)/core/ipv[46]/*.c $(LWIP_SRC)/netif/ethernet.c; do \
	    gcc -w $(LWIP_CFLAGS) $(2) -c $$$$f -o $$(@D)/$(1)/$$$$(basename $$$$f .c).o || exit 1; \
	done
	@ld -r $$(@D)/$(1)/*.o -o $$@.all && objcopy --keep-global-symbol=$(1) $$@.all $$@
endef
$(eval $(call lwip_rule,lwip_full,))
$(eval $(call lwip_rule,lwip_tiny,-DLWIP_PEER_TINY))

define lwip_test_rule
$(B)/tests/lwip/$(1): tests/lwip/$(1).c $(HOST_H) $(call host_sources,unit,tests/lwip/$(1).c) \
    $(B)/tests/lwip/lwip_full.o $(B)/tests/lwip/lwip_tiny.o tests/lwip/pair.h tests/lwip/peer/peer.h
	@$(HOST_CC_unit) -Itests/lwip tests/lwip/$(1).c $(B)/tests/lwip/lwip_full.o $(B)/tests/lwip/lwip_tiny.o \
	    $(call host_sources,unit,tests/lwip/$(1).c) -lcmocka -o $$@
endef
$(foreach t,$(LWIP),$(eval $(call lwip_test_rule,$t)))

# Without its source (no network, no cache) the tests against lwIP are skipped, with this as reason.
.PHONY: lwip
lwip:
	@mkdir -p $(B)/tests/lwip && rm -f $(B)/tests/lwip/why
	@if timeout 120 sh runtime/libc/fetch.sh $(CACHE) tests/lwip/peer/lwip.pin > $(B)/tests/lwip/fetch.log 2>&1; then \
	    $(MAKE) -k $(addprefix $(B)/tests/lwip/,$(LWIP)); \
	else \
	    { echo "lwIP's source package: $$(tail -n 1 $(B)/tests/lwip/fetch.log)"; } | tee $(B)/tests/lwip/why; \
	fi

# The scheduler with short time slices, for guest tests that say so: it takes the place of libskiff's.
$(B)/tests/sched_short.o: runtime/sched/sched.c $(B)/obj/sched_sched.o $(B)/names
	@mkdir -p $(@D)
	@$(CC) $(RUNTIME_CFLAGS) $(COLD_CFLAGS) -DSLICE_NS=200000 -c $< -o $@.own
	@objcopy -D --redefine-syms=$(B)/names $@.own $@

.PHONY: tests
tests: lwip $(B)/tests/sched_short.o $(B)/tests/conf/conf $(addprefix $(B)/tests/unit/,$(UNIT)) $(addprefix $(B)/tests/fuzz/,$(FUZZ))

.PHONY: check
check: deps
	@$(MAKE) -j2 all
	@$(MAKE) -k -j2 tests
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL tests/run $(TESTS)

# Idle and sparse for 10 minutes each, a connection per request for 5, every bad wire three times, and
# 10 CPU-minutes of fuzzing;
# cov: is edges reached.
.PHONY: check-net-long
check-net-long: deps
	@$(MAKE) -j2 all
	@$(MAKE) -k -j2 tests
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL IDLE_SECONDS=600 STEADY_SECONDS=300 ROUNDS=3 HELD=10000 HELD_MEMORY=256M NET_LIMIT=1500 \
	    FUZZ_SECONDS=150 tests/run net/ fuzz/net_; status=$$?; \
	for f in $(B)/tests/log/fuzz/net_*.log; do \
	    echo "$$(basename $$f .log): $$(grep -o 'cov: [0-9]* ft: [0-9]*' $$f | tail -1), $$(grep -o 'Done [0-9]* runs.*' $$f)"; \
	done; $(MAKE) fuzz-coverage || status=1; \
	grep -h '^idle:\|^sparse:\|^held:\|^steady:' $(B)/tests/log/net/*.log; exit $$status

# What the corpora in the tree, and what the last runs found, reach of runtime/net, by file.
.PHONY: fuzz-coverage
COV := $(filter net_%,$(FUZZ))
fuzz-coverage: $(addprefix $(B)/tests/cov/,$(COV))
	@for t in $(COV); do \
	    mkdir -p $(B)/tests/scratch/fuzz/$$t/found; \
	    LLVM_PROFILE_FILE=$(B)/tests/cov/$$t.profraw $(B)/tests/cov/$$t -runs=0 \
	        $(B)/tests/scratch/fuzz/$$t/found tests/fuzz/corpus/$$t > $(B)/tests/cov/$$t.log 2>&1 || exit 1; \
	done
	@llvm-profdata-14 merge -o $(B)/tests/cov/all.profdata $(COV:%=$(B)/tests/cov/%.profraw)
	@llvm-cov-14 report -instr-profile=$(B)/tests/cov/all.profdata $(B)/tests/cov/$(firstword $(COV)) $(COV:%=-object $(B)/tests/cov/%) \
	    $(wildcard runtime/net/*.c) > $(B)/tests/cov/report
	@awk '/^[a-z0-9_]+\.c|^TOTAL/ { printf "%-16s %6s lines, %5s not reached: %s\n", $$1, $$8, $$9, $$10 }' $(B)/tests/cov/report

.PHONY: bench
bench: deps
	@$(MAKE) -j2 all
	@tests/bench/run

.PHONY: demo
demo: deps
	@$(MAKE) -j2 all
	@tests/demo

# ---- install, format, clean ---------------------------------------------------------------------

.PHONY: install
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/skiff $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(B)/bin/skiff $(DESTDIR)$(PREFIX)/bin/skiff
	cp -r $(L)/. $(DESTDIR)$(PREFIX)/lib/skiff/
	chmod -R a+rX $(DESTDIR)$(PREFIX)/lib/skiff
	install -m 644 $(B)/share/man/man1/skiff.1 $(DESTDIR)$(PREFIX)/share/man/man1/skiff.1

C_FILES = $(shell find runtime builder tests examples templates -name '*.[ch]' -not -path 'tests/builder/*' -not -path '*/overlay/*')

.PHONY: format
format:
	clang-format -i $(C_FILES)

.PHONY: clean clean-cache
clean:
	rm -rf $(B)
clean-cache:
	rm -rf $(CACHE)
