# What is tested beyond the units, and all of it at once.
SYSTEM_TESTS ?= $(sort $(wildcard tests/system/[0-9]*.sh))

.PHONY: deps provider
deps: ## install what building and testing need, if it is missing
	@tools/install-build-deps

provider: emulator ## check the provider that the tests talk to
	@ENTRA_EMULATOR=$(abspath $(BUILD))/tests/entra/entra-emulator tests/entra/test-emulator

e2e: emulator deb ## the whole story, in booted hosts; needs root
	@BUILD=$(BUILD) DIST=$(DIST) tests/system/run $(SYSTEM_TESTS)

check: ## install what is missing, then run every test; needs root
	@BUILD=$(BUILD) MAKE="$(MAKE)" tools/check-all

demo: ## show the whole story in a throw-away host; SHELL_IN=1 leaves you in it
	@BUILD=$(BUILD) DIST=$(DIST) MAKE="$(MAKE)" tests/system/demo
