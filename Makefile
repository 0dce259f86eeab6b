# A folder is a layer; the archives on a link line are all that a program may use.
# `make help` lists the targets. BUILD names the build folder: one for each set of flags.
PKG_CONFIG ?= pkg-config
INSTALL    ?= install
DESTDIR    ?=
PREFIX     ?= /usr
SYSCONFDIR ?= /etc
BINDIR     ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
LIBDIR     ?= $(PREFIX)/lib/$(shell $(CXX) -print-multiarch)
PAMDIR     ?= $(LIBDIR)/security
UNITDIR    ?= $(PREFIX)/lib/systemd/system
MANDIR     ?= $(PREFIX)/share/man
BUILD      ?= build
SAN        ?=
VERSION    := $(shell sed -n '1s/^jit \([0-9.]*\).*/\1/p' NEWS)

# CXXFLAGS, CPPFLAGS and LDFLAGS are the packager's. What the code needs is in our_*.
CXXFLAGS ?= -O2 -g
our_cxx   = -std=c++20 -I. -fPIC -fvisibility=hidden -D_GNU_SOURCE -D_GLIBCXX_ASSERTIONS \
            -DJIT_VERSION='"$(VERSION)"' -DJIT_LIBEXECDIR='"$(LIBEXECDIR)/jit"' \
            -fstack-protector-strong -fstack-clash-protection -fcf-protection \
            $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) \
            -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 \
            -Wnon-virtual-dtor -Wold-style-cast $(if $(WERROR),-Werror) \
            $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
our_ld    = -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SAN),-fsanitize=$(SAN) $(san_ld))
pie       = -pie

ifneq ($(V),1)
say = @printf '  %-4s %s\n' $(1) $(2);
endif
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.PHONY: all install deb check units unit e2e lint demo clean help emulator format

PROGRAMS := $(BUILD)/jitd/jitd $(BUILD)/jit_grantd/jit-grantd \
            $(BUILD)/jit_leftovers/jit-leftovers $(BUILD)/jitctl/jitctl $(BUILD)/pam_jit/pam_jit.so
all: $(PROGRAMS) ## build everything that is installed

# Layers and what they stand on. A program's main.cc is not in its archive.
LAYERS := lib/base lib/ipc lib/oidc policy lib/sys lib/ledger lib/net doctor jitd jit_grantd jit_leftovers \
          jitctl pam_jit
MAINS  := jitd/main jit_grantd/main jit_leftovers/main jitctl/main pam_jit/entry
objs    = $(filter-out $(MAINS:%=$(BUILD)/o/%.o),$(patsubst %.cc,$(BUILD)/o/%.o,$(wildcard $(1)/*.cc)))
libs    = $(foreach l,$(1),$(BUILD)/$(l).a)
$(foreach l,$(LAYERS),$(eval $(BUILD)/$(l).a: $(call objs,$(l))))

# System libraries of each layer.
pkgs_lib/ipc    := jansson
pkgs_lib/oidc   := jose jansson libcrypto
pkgs_policy     := re2 tomlplusplus
pkgs_lib/sys    := libsystemd libcrypto
pkgs_lib/ledger := jansson
pkgs_lib/net    := libcurl libsystemd
pkgs_jitd       := sqlite3 libsystemd jansson libqrencode
pkgs_jit_grantd := libsystemd jansson
pkgs_jitctl     := jansson
# tomlplusplus: the header alone on every distribution, without exceptions.
policy_defs     := -DTOML_EXCEPTIONS=0 -DTOML_HEADER_ONLY=1

# re2: its headers need no flags, and its .pc takes pkg-config seconds where it stands on Abseil.
pkgs   = $(sort $(foreach l,$(1),$(pkgs_$(l))))
used   = $(filter-out tomlplusplus re2,$(call pkgs,$(1)))
cflags = $(if $(call used,$(1)),$(shell $(PKG_CONFIG) --cflags $(call used,$(1))))
ldlibs = $(if $(call used,$(1)),$(shell $(PKG_CONFIG) --libs $(call used,$(1)))) \
         $(patsubst %,-l%,$(filter re2,$(call pkgs,$(1))))
SYS_CXX := $(call cflags,$(LAYERS))

# The interface texts, which the servers hand out (org.varlink.service.GetInterfaceDescription).
$(BUILD)/gen/interface_texts.cc: lib/ipc/io.jitd.Elevation.varlink lib/ipc/io.jitd.Grant.varlink tools/embed-interfaces
	@mkdir -p $(@D)
	$(call say,GEN,$@)tools/embed-interfaces $(filter %.varlink,$^) > $@
$(BUILD)/o/gen/interface_texts.o: $(BUILD)/gen/interface_texts.cc
	@mkdir -p $(@D)
	$(call say,CXX,$<)$(CXX) $(our_cxx) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/lib/ipc.a: $(BUILD)/o/gen/interface_texts.o

$(BUILD)/%.a:
	@mkdir -p $(@D)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/o/policy/%.o: our_cxx += $(policy_defs)
# What the module is made of runs in other people's programs: nothing of the C++ runtime is linked.
bare := -U_GLIBCXX_ASSERTIONS -fno-exceptions -fno-rtti -fno-threadsafe-statics
bare_objects := $(patsubst %.cc,$(BUILD)/o/%.o,$(wildcard pam_jit/*.cc) \
                  lib/base/screen.cc \
                  $(patsubst %,lib/ipc/%.cc,json_scanner reply_reader call_writer qr_picture))
$(bare_objects): our_cxx += $(bare)
$(BUILD)/o/%.o: %.cc
	@mkdir -p $(@D)
	$(call say,CXX,$<)$(CXX) $(our_cxx) $(SYS_CXX) $(CPPFLAGS) $(CXXFLAGS) $(last_cxx) $(pch) -MMD -MP -c -o $@ $<

# The link lines: what stands here is what a program may use.
jitd_layers       := jitd lib/net lib/sys lib/oidc policy lib/ipc lib/base
jit_grantd_layers := jit_grantd lib/ledger lib/sys policy lib/ipc lib/base
jit_leftovers_layers := jit_leftovers lib/ledger lib/sys lib/ipc lib/base
jitctl_layers     := jitctl doctor lib/sys policy lib/oidc lib/ipc lib/base
pam_jit_layers    := pam_jit lib/ipc lib/base

$(BUILD)/jitd/jitd: $(BUILD)/o/jitd/main.o $(call libs,$(jitd_layers))
$(BUILD)/jitd/jitd: LDLIBS += $(call ldlibs,$(jitd_layers))
$(BUILD)/jit_grantd/jit-grantd: $(BUILD)/o/jit_grantd/main.o $(call libs,$(jit_grantd_layers))
$(BUILD)/jit_grantd/jit-grantd: LDLIBS += $(call ldlibs,$(jit_grantd_layers))
$(BUILD)/jit_leftovers/jit-leftovers: $(BUILD)/o/jit_leftovers/main.o $(call libs,$(jit_leftovers_layers))
$(BUILD)/jit_leftovers/jit-leftovers: LDLIBS += $(call ldlibs,$(jit_leftovers_layers))
$(BUILD)/jitctl/jitctl: $(BUILD)/o/jitctl/main.o $(call libs,$(jitctl_layers))
$(BUILD)/jitctl/jitctl: LDLIBS += $(call ldlibs,$(jitctl_layers))
$(filter-out %.so,$(PROGRAMS)):
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) $(pie) $(our_ld) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# libpam and libc alone: no C++ runtime, which would cost each sudo a millisecond, and no start-up
# code, whose symbols are looked for in vain in every library of the program.
$(BUILD)/pam_jit/pam_jit.so: $(BUILD)/o/pam_jit/entry.o $(call libs,$(pam_jit_layers)) pam_jit/pam_jit.map
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) -shared $(our_ld) $(if $(SAN),,-nostartfiles -nodefaultlibs -Wl,-z,defs) \
	    -Wl,--version-script=pam_jit/pam_jit.map -Wl,--gc-sections $(LDFLAGS) \
	    -o $@ $(filter %.o %.a,$^) -lpam -lc

# --- tests ---------------------------------------------------------------------------------------
# What is built to be run once is not optimized, whatever the packager wants for the product, and
# the standard headers are parsed once for all of it. ONCE=1: so is the product.
run_once := -O0 -g1 -U_FORTIFY_SOURCE
std_h    := $(BUILD)/once/std.h
$(std_h).gch: our_cxx := $(our_cxx) # and not those of who asks for it first
# Without times in it: clang would not take one out of a cache, which is of another checkout.
$(std_h).gch: tests/std.h
	@mkdir -p $(@D)
	@cp $< $(std_h)
	$(call say,PCH,$<)$(CXX) $(our_cxx) $(CPPFLAGS) $(CXXFLAGS) $(run_once) \
	    $(if $(findstring clang,$(CXX)),-Xclang -fno-pch-timestamp) -x c++-header -o $@ $<
$(foreach t,unit module entra,$(BUILD)/o/tests/$(t)/%.o): last_cxx := $(run_once)
once_sources := $(wildcard tests/unit/*/*.cc tests/module/*.cc tests/entra/*.cc)
ifdef ONCE
once_sources += $(wildcard $(LAYERS:%=%/*.cc))
endif
once_objects := $(filter-out $(bare_objects),$(once_sources:%.cc=$(BUILD)/o/%.o))
$(once_objects): pch := -include $(std_h)
$(once_objects): | $(std_h).gch
# tests/unit/<layer>/test_<unit>.cc is a program of its own, linked with what that layer stands on.
stack_base       := lib/base
stack_ipc        := lib/ipc lib/base
stack_oidc       := lib/oidc lib/base
stack_policy     := policy lib/base
stack_sys        := lib/sys lib/ipc lib/base
stack_ledger     := lib/ledger lib/sys lib/ipc lib/base
stack_doctor     := doctor lib/base
stack_net        := lib/net lib/sys lib/oidc lib/base
stack_jitd       := $(jitd_layers)
stack_jit_grantd := $(jit_grantd_layers)
stack_jit_leftovers := $(jit_leftovers_layers)
stack_jitctl     := $(jitctl_layers)
stack_pam_jit    := $(pam_jit_layers)

UNIT_SOURCES := $(wildcard tests/unit/*/test_*.cc)
UNIT_TESTS   := $(UNIT_SOURCES:%.cc=$(BUILD)/%)
layer_of      = $(notdir $(patsubst %/,%,$(dir $(1))))
define unit_rule
$(BUILD)/$(1:%.cc=%): $(BUILD)/o/$(1:%.cc=%.o) $(call libs,$(stack_$(call layer_of,$(1))))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$$(CXX) $$(pie) $$(our_ld) $$(LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) \
	    -lcmocka $(if $(filter oidc,$(call layer_of,$(1))),-lcrypto) \
	    $(if $(filter pam_jit,$(call layer_of,$(1))),-lpam -ljansson) \
	    $(if $(filter net,$(call layer_of,$(1))),-lcpp-httplib -lssl -lcrypto -pthread) \
	    $(call ldlibs,$(stack_$(call layer_of,$(1))))
endef
$(foreach s,$(UNIT_SOURCES),$(eval $(call unit_rule,$(s))))
$(BUILD)/o/tests/unit/net/%.o: SYS_CXX += $(shell $(PKG_CONFIG) --cflags cpp-httplib 2>/dev/null)

# The module as it is shipped, under pam_wrapper. It becomes sudo for another real uid, so: root.
MODULE_TESTS := $(patsubst %.cc,$(BUILD)/%,$(sort $(wildcard tests/module/test_*.cc)))
MODULE_STAGE := $(patsubst %,$(BUILD)/o/tests/module/%.o,fake_jitd stage transaction)
MODULE_TOOLS := $(BUILD)/tests/module/fake-jitd $(BUILD)/tests/module/starve.so
$(MODULE_TESTS): $(BUILD)/%: $(BUILD)/o/%.o $(MODULE_STAGE) | $(MODULE_TOOLS) $(BUILD)/pam_jit/pam_jit.so
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) $(pie) $(our_ld) $(LDFLAGS) -o $@ $^ -lcmocka -lpam -pthread
$(BUILD)/tests/module/fake-jitd: $(patsubst %,$(BUILD)/o/tests/module/%.o,fake_jitd_main fake_jitd)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) $(pie) $(our_ld) $(LDFLAGS) -o $@ $^ -pthread
# Preloaded before everything, so no sanitizer in it.
$(BUILD)/o/tests/module/starve.o: our_cxx += $(if $(SAN),-fno-sanitize=all)
$(BUILD)/o/tests/module/starve.o: pch :=
$(BUILD)/tests/module/starve.so: $(BUILD)/o/tests/module/starve.o
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) -shared $(LDFLAGS) -o $@ $^

units: $(UNIT_TESTS) $(MODULE_TESTS) $(PROGRAMS) # build them only
unit: units ## build and run the unit tests
	@BUILD=$(BUILD) tools/run-units $(UNIT_TESTS) $(MODULE_TESTS) tests/module/test-pamtester

emulator: $(BUILD)/tests/entra/entra-emulator ## build the provider that the tests talk to
EMULATOR_OBJS := $(patsubst %.cc,$(BUILD)/o/%.o,$(wildcard tests/entra/*.cc))
$(EMULATOR_OBJS): SYS_CXX += $(shell $(PKG_CONFIG) --cflags cpp-httplib 2>/dev/null)
$(EMULATOR_OBJS): our_cxx += $(policy_defs)
$(BUILD)/tests/entra/entra-emulator: $(EMULATOR_OBJS) $(call libs,lib/base)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) $(pie) $(our_ld) $(LDFLAGS) -o $@ $^ \
	    $(shell $(PKG_CONFIG) --libs cpp-httplib) -ljansson -lssl -lcrypto -pthread

lint: $(PROGRAMS) ## layers, TRY, exports, needed libraries, format, manuals, doc/THREATS.md, GRANTS.md and POLICY.md, clang-tidy
	@tools/check-layers
	@tools/check-try
	@tools/check-exports $(BUILD)/pam_jit/pam_jit.so
	@$(if $(SAN),,tools/check-needed $(PROGRAMS))
	@tools/check-threats
	@tools/check-policies $(BUILD)/jitctl/jitctl
	@tools/check-format
	@tools/check-manuals
	+@$(MAKE) --no-print-directory -k tidy

format: ## rewrite all sources in the house's format
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

-include tests/tests.mk
-include packaging/install.mk

clean: ## remove the build folder
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' Makefile packaging/install.mk tests/tests.mk | expand -t 14

-include $(shell find $(BUILD)/o -name '*.d' 2>/dev/null)
