#!/bin/bash
# The national clouds: a whole elevation through each, with hosts of that cloud alone.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh

story_boot
story_install
story_configure
# Nobody answers by the public names: whatever goes there is lost, and seen.
sed -i '/microsoft/d' "$HOST_ROOT/etc/hosts"

# elevation CLOUD AUTHORITY PAGE
elevation() {
    local cloud=$1 authority=$2 page=$3
    sed -i "/^cloud/d; /^\[identity\]/a cloud = \"$cloud\"" "$HOST_ROOT/etc/jit/jitd.toml"
    sed -i '/# cloud$/d' "$HOST_ROOT/etc/hosts"
    printf '127.0.0.1 %s # cloud\n' "$authority" >>"$HOST_ROOT/etc/hosts"
    host_run systemctl restart jitd.service
    check "$cloud: a request goes through" \
        eval 'as alice timeout 30 jitctl request web 2>&1 | approve_codes alice@contoso.com >"$HOST_DIR/said"'
    check "$cloud: the code is entered at $page" grep -qF "$page" "$HOST_DIR/said"
    check "$cloud: alice's sign-in grants the role" grep -q 'granted' "$HOST_DIR/said"
    check "$cloud: she is a member" is_member alice jit-web
    check "$cloud: and no longer when she hands it back" host_as alice 'jitctl drop web'
    check "$cloud: she is none" fails is_member alice jit-web
    check "$cloud: the journal names no provider error" \
        fails host_sh 'journalctl -o cat -u jitd.service JIT_EVENT=provider-error | grep -q .'
}
elevation usgov login.microsoftonline.us microsoft.com/deviceloginus
elevation china login.partner.microsoftonline.cn login.partner.microsoftonline.cn/common/oauth2/deviceauth

# A host of one cloud never takes the word of another.
printf '127.0.0.1 login.microsoftonline.com # cloud\n' >>"$HOST_ROOT/etc/hosts"
sed -i '/partner/d' "$HOST_ROOT/etc/hosts"
host_run systemctl restart jitd.service
check 'china: where only the public cloud answers, nobody is asked to sign in' \
    says "the identity provider can't be reached" host_as alice 'timeout 40 jitctl request web'
check 'china: and nobody is a member' fails is_member alice jit-web
finish
