# What is tested beyond the units, and all of it at once.
SYSTEM_TESTS ?= $(sort $(wildcard tests/system/[0-9]*.sh))
# The hosts that are booted; each runs the packages that were built for it.
RELEASES     ?= bookworm trixie

.PHONY: deps provider msal
deps: ## install what building and testing need, if it is missing
	@tools/install-build-deps

provider: emulator ## check the provider that the tests talk to
	@ENTRA_EMULATOR=$(abspath $(BUILD))/tests/entra/entra-emulator tests/entra/test-emulator

msal: emulator ## Microsoft's own client (npm) goes through the device flow with it; needs root
	@BUILD=$(BUILD) ENTRA_EMULATOR=$(abspath $(BUILD))/tests/entra/entra-emulator tests/msal/run

e2e: emulator debs ## the whole story, in hosts of each of RELEASES; needs root
	@BUILD=$(BUILD) tests/system/run $(foreach r,$(RELEASES),$(r)=$(call dist_for,$(r))) -- $(SYSTEM_TESTS)

check: ## install what is missing, then run every test; needs root
	@BUILD=$(BUILD) MAKE="$(MAKE)" tools/check-all

demo: ## show the whole story in a throw-away host; SHELL_IN=1 leaves you in it
	@BUILD=$(BUILD) DIST=$(DIST) MAKE="$(MAKE)" tests/system/demo

# --- what it costs --------------------------------------------------------------------------------
.PHONY: bench bench-policy bench-ends
bench: ## measure what jit costs, in a booted host; needs root
	@BUILD=$(BUILD) DIST=$(DIST) MAKE="$(MAKE)" tests/bench/run

bench-policy: $(BUILD)/tests/bench/policy ## of it what needs no host: policies of 10 to 10,000 roles
	@$<

bench-ends: $(BUILD)/tests/bench/ends ## of it what a thousand ends in one second cost the root helper
	@$<

# Built with the unit tests, so that they go on to fit what they measure.
units: $(BUILD)/tests/bench/ends $(BUILD)/tests/bench/policy

$(BUILD)/tests/bench/ends: $(BUILD)/o/tests/bench/ends.o $(call libs,$(jit_grantd_layers))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) $(pie) $(our_ld) $(LDFLAGS) -o $@ $^ $(call ldlibs,$(jit_grantd_layers))

# Run in the host, which may have an older C++ runtime.
$(BUILD)/tests/bench/measure: $(BUILD)/o/tests/bench/measure.o
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) $(pie) $(our_ld) -static-libstdc++ -static-libgcc $(LDFLAGS) -o $@ $^ -lpam
$(BUILD)/tests/bench/waiting: $(patsubst %,$(BUILD)/o/tests/bench/%.o,waiting requesters provider loop) \
    $(call libs,lib/oidc lib/base)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) $(pie) $(our_ld) -static-libstdc++ -static-libgcc $(LDFLAGS) -o $@ $^ \
	    -lssl -lcrypto $(call ldlibs,lib/oidc)
$(BUILD)/tests/bench/policy: $(patsubst %,$(BUILD)/o/tests/bench/%.o,policy made_policy) \
    $(call libs,lib/sys policy lib/ipc lib/base)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) $(pie) $(our_ld) $(LDFLAGS) -o $@ $^ $(call ldlibs,lib/sys policy lib/ipc)

# --- fuzzing -------------------------------------------------------------------------------------
# libFuzzer is clang's, and its objects are no others': they have a build folder of their own.
CLANGXX       ?= clang++
FUZZ_SECONDS  ?= 60
FUZZERS       := $(patsubst tests/fuzz/%.cc,$(BUILD)/tests/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.cc)))
fuzz_layers   := lib/oidc policy lib/ipc lib/base
built_in       = $(FUZZERS:$(BUILD)/%=$(BUILD)-$(1)/%)

.PHONY: fuzz fuzz-corpus fuzzers clang sanitize
fuzz: ## run each fuzzer for FUZZ_SECONDS (60), until the first that finds something
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)-fuzz CXX='$(CLANGXX)' CXXFLAGS='-O1 -g' \
	    SAN=address,undefined,fuzzer-no-link fuzzers
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/run-fuzzers $(call built_in,fuzz)

fuzz-corpus: ## run each fuzzer over what is kept of its finds; shares its objects with sanitize
	+@$(with_asan) fuzzers
	@tools/run-fuzzers $(call built_in,asan)

# Only for the two above, which set the compiler.
fuzzers: $(FUZZERS)
$(FUZZERS:$(BUILD)/%=$(BUILD)/o/%.o): our_cxx += $(policy_defs)
# Of the programs only what these name: an archive would have all of the program built once more.
$(BUILD)/tests/fuzz/fuzz_flow: $(patsubst %,$(BUILD)/o/pam_jit/%.o,flow flow_approval flow_request texts wording)
$(BUILD)/tests/fuzz/fuzz_command_line: $(patsubst %,$(BUILD)/o/pam_jit/%.o,args command_line)
$(BUILD)/tests/fuzz/fuzz_entry: $(BUILD)/o/lib/ledger/entry.o
$(BUILD)/tests/fuzz/fuzz_leftovers: $(patsubst %,$(BUILD)/o/jit_leftovers/%.o,mounts home_path tree)
$(BUILD)/tests/fuzz/fuzz_pam_file: $(patsubst %,$(BUILD)/o/doctor/%.o,pam_file pam_stack pam_strangers sshd_side sudo_lines sudo_rules sudo_side)
$(BUILD)/tests/fuzz/fuzz_group_text: $(BUILD)/o/jit_grantd/group_text.o
$(BUILD)/tests/fuzz/fuzz_proc_text: $(BUILD)/o/jit_grantd/proc_text.o
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/o/tests/fuzz/fuzz_%.o $(call libs,$(fuzz_layers))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) $(pie) $(filter-out $(san_ld),$(our_ld)) -fsanitize=fuzzer $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	    $(call ldlibs,$(fuzz_layers)) -lcrypto

# --- other compilers' eyes -----------------------------------------------------------------------
# Not optimized: what is built once for one run is cheapest so.
# The sanitizers' library is a shared one, for a module that a program without them loads. Under them
# the tests are busy more than they wait: as many at once as there are processors.
with_clang  = $(MAKE) --no-print-directory BUILD=$(BUILD)-clang CXX='$(CLANGXX)' WERROR=1 ONCE=1 \
              CXXFLAGS='-O0 -g1 -Wreserved-identifier'
with_asan   = JOBS=$$(nproc) ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1 \
              UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
              $(MAKE) --no-print-directory BUILD=$(BUILD)-asan CXX='$(CLANGXX)' WERROR=1 ONCE=1 \
              CXXFLAGS='-O0 -g1 -Wreserved-identifier' SAN=address,undefined,fuzzer-no-link \
              san_ld="-shared-libasan -Wl,-rpath,$$($(CLANGXX) -print-runtime-dir)"
with_gxx    = JOBS=$$(nproc) ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1 \
              UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
              $(MAKE) --no-print-directory BUILD=$(BUILD)-asan-gxx ONCE=1 CXXFLAGS='-O0 -g1' \
              SAN=address,undefined
clang: ## build all of it with clang, and run the unit tests
	+@$(with_clang) all emulator unit

sanitize: ## build all of it with clang under ASan and UBSan, without a warning, and run the unit tests
	+@$(with_asan) all emulator unit

sanitize-gxx: ## the unit tests under ASan and UBSan once more, with g++
	+@$(with_gxx) unit

.PHONY: ahead sanitize-gxx
ahead: # build what sanitize and fuzz-corpus run, and look for what lint would find
	+@$(MAKE) --no-print-directory -k tidy
	+@$(with_asan) -k all emulator units fuzzers

# A source is looked at again when its object is newer: that knows what it includes.
TIDY_SOURCES := $(foreach l,$(LAYERS),$(sort $(wildcard $(l)/*.cc)))
.PHONY: tidy
tidy: $(TIDY_SOURCES:%.cc=$(BUILD)/tidy/%.ok) ## clang-tidy over the product; TIDY_DEEP=1 takes thrice as long
$(BUILD)/tidy/%.ok: %.cc $(BUILD)/o/%.o .clang-tidy tools/check-tidy
	@mkdir -p $(@D)
	$(call say,TIDY,$<)tools/check-tidy $< $(our_cxx) $(policy_defs) $(SYS_CXX) $(CPPFLAGS)
	@touch $@
