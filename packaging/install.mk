# Installing, and the Debian packages.
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
DOCDIR      ?= $(PREFIX)/share/doc/jitd
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
DIST        ?= dist

UNITS   := $(notdir $(wildcard packaging/systemd/*.service packaging/systemd/*.socket \
             packaging/systemd/*.timer packaging/systemd/*.path))
DROPINS := $(patsubst packaging/systemd/%,%,$(wildcard packaging/systemd/*.service.d/*.conf))
MANUALS := $(wildcard doc/man/*.[1-8])
data     = $(INSTALL) -D -m 0644

install: $(PROGRAMS) ## install below DESTDIR, with PREFIX
	$(INSTALL) -D -m 0755 $(BUILD)/jitd/jitd $(DESTDIR)$(LIBEXECDIR)/jit/jitd
	$(INSTALL) -D -m 0755 $(BUILD)/jit_grantd/jit-grantd $(DESTDIR)$(LIBEXECDIR)/jit/jit-grantd
	$(INSTALL) -D -m 0755 $(BUILD)/jit_leftovers/jit-leftovers $(DESTDIR)$(LIBEXECDIR)/jit/jit-leftovers
	$(INSTALL) -D -m 0755 $(BUILD)/jitctl/jitctl $(DESTDIR)$(BINDIR)/jitctl
	$(data) $(BUILD)/pam_jit/pam_jit.so $(DESTDIR)$(PAMDIR)/pam_jit.so
	set -e; for unit in $(UNITS); do \
	    $(data) packaging/systemd/$$unit $(DESTDIR)$(UNITDIR)/$$unit; \
	    sed -i 's|/usr/libexec/jit/|$(LIBEXECDIR)/jit/|' $(DESTDIR)$(UNITDIR)/$$unit; done
	set -e; for file in $(DROPINS); do $(data) packaging/systemd/$$file $(DESTDIR)$(UNITDIR)/$$file; done
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)/jitd.service.d
	ln -sf ../jit-.service.d/10-sandbox.conf $(DESTDIR)$(UNITDIR)/jitd.service.d/10-sandbox.conf
	$(data) packaging/etc-group.conf $(DESTDIR)$(PREFIX)/lib/jit/etc-group.conf
	$(data) packaging/sysusers.d/jit.conf $(DESTDIR)$(SYSUSERSDIR)/jit.conf
	$(data) packaging/tmpfiles.d/jit.conf $(DESTDIR)$(TMPFILESDIR)/jit.conf
	set -e; for file in $(notdir $(wildcard packaging/examples/*)); do \
	    $(data) packaging/examples/$$file $(DESTDIR)$(DOCDIR)/examples/$$file; done
	$(data) packaging/completions/jitctl $(DESTDIR)$(BASHCOMPDIR)/jitctl
	set -e; for manual in $(MANUALS); do \
	    $(data) $$manual $(DESTDIR)$(MANDIR)/man$${manual##*.}/$${manual##*/}; done

# Built from a copy of the tree: dpkg wants debian/ at the top, and leaves much behind.
DEB_SOURCES := Makefile NEWS $(wildcard LICENSE README.md) $(shell find lib policy doctor jitd jit_grantd \
                 jit_leftovers jitctl pam_jit packaging doc -type f)
deb: $(DIST)/.built ## build the Debian packages into dist/
$(DIST)/.built: $(DEB_SOURCES)
	@rm -rf $(DIST) && mkdir -p $(DIST)/tree
	@tar -cf - --exclude='./$(DIST)*' --exclude='./build*' --exclude=./.git . | tar -C $(DIST)/tree -xf -
	@mv $(DIST)/tree/packaging/debian $(DIST)/tree/debian
	@echo "  DEB  $(DIST)/ (log: $(DIST)/build.log)"; cd $(DIST)/tree && DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$$(nproc) $$DEB_BUILD_OPTIONS" \
	    env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS dpkg-buildpackage -F -uc -us -tc \
	    >../build.log 2>&1 || { tail -n 40 ../build.log; exit 1; }
	@rm -rf $(DIST)/tree && touch $@
	@ls -1 $(DIST)/*.deb

lintian: debs ## what lintian says of all these packages, each release's of its own
	@tools/run-lintian $(foreach r,$(RELEASES),$(call dist_for,$(r)))

# For another release of Debian than this machine's they are built in a root of that release, where
# the unit tests run as well.
this_release := $(shell . /etc/os-release && echo $$VERSION_CODENAME)
dist_for      = $(DIST)$(if $(filter $(1),$(this_release)),,-$(1))
.PHONY: debs lintian
debs: $(foreach r,$(RELEASES),$(call dist_for,$(r))/.built) ## build the packages for each of RELEASES
$(DIST)-%/.built: $(DEB_SOURCES) $(shell find tests/unit tests/module tests/vectors tools -type f)
	@echo "  DEB  $(@D)/ (log: $(@D)/build.log)"
	@tools/build-in-release $* $(@D)
	@touch $@
