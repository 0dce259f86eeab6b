#!/bin/bash
# A provider whose answers to sign-ins and polls are late, wrong, hostile or no: what each comes to for
# who waits, in the ledger, and how often the provider is asked. 26-provider-trust.sh has its keys, its
# certificate and the clocks.
# Runs once
set -euo pipefail
cd "$(dirname "$0")"
. lib/story.sh
. tests/system/lib/faults.sh

# Forged ID tokens, and by what name each is refused: doc/THREATS.md, "A forged, foreign or old token".
# Entra dates a token five minutes back, and 120 s of skew are allowed: a host whose clock is six
# minutes behind still takes it, one that is six ahead does not.
other_app=c1a50000-0000-4000-8000-000000000003
forged=(
    'alg_none malformed'
    'hs256 bad-algorithm'
    'jwk_header bad-algorithm'
    'crit_header bad-algorithm'
    'bad_signature bad-signature'
    'unknown_kid unknown-key'
    'foreign_key bad-key'
    'wrong_aud wrong-audience'
    "claim:aud:[\"c1a50000-0000-4000-8000-000000000001\",\"$other_app\"] wrong-audience"
    "claim:azp:\"$other_app\" wrong-audience"
    'claim:scp:"Elevate" wrong-audience'
    'wrong_iss wrong-issuer'
    'wrong_tid wrong-issuer'
    'noclaim:tid wrong-issuer'
    'v1 wrong-issuer'
    'expired expired'
    'old_iat stale'
    'noclaim:exp malformed'
    'claim:nbf:"now" malformed'
    'no_oid no-subject'
    'claim:oid:"alice@contoso.com" no-subject'
    'shift:-360 stale'
    'shift:-5400 expired'
    'shift:480 not-yet-valid'
    'shift:5400 not-yet-valid'
)
forgers=()
for i in "${!forged[@]}"; do forgers+=("forger$i"); done
late=(r429-7 r429-none r429-date r429-words s500 s502 s503 s504 s408 p403-7 cut hung half)
senseless=(html nojson types success-types no-token big endless redirected)
decided=(declined denied unconsented gone reused blocked unknown-number other guest upn)
in_time=(ahead2 behind2 ahead6)
first=(first-html first-nojson first-types first-nocode first-neg first-word first-negint first-wordint
    first-evil first-escape first-big first-endless first-redirect first-app first-429 first-down)
mended=(first-503 first-cut first-hung first-long)

faults_host slow hour r429-huge s503-ever unentered once "${late[@]}" "${senseless[@]}" "${decided[@]}" \
    "${in_time[@]}" "${forgers[@]}" "${first[@]}" "${mended[@]}"

begin_with_code once
sign_in once
check 'a grant can be had' granted once
before_kib=$(memory VmHWM)

# --- all begin here, and run side by side
# Codes that live for 12 s.
provider lifetime code_lifetime=12 >/dev/null
begin_with_code unentered
begin_with_code r429-huge
spoil r429-huge status:429:99999
sign_in r429-huge
begin_with_code s503-ever
spoil s503-ever status:503 -1
sign_in s503-ever
provider lifetime code_lifetime=900 >/dev/null

polled_thrice() { [ "$(flow slow polls)" -ge 3 ]; }
begin_with_code slow
spoil slow slow_down 3
(eventually 40 polled_thrice && sign_in slow) &
children+=("$!")
provider fault endpoint=devicecode kind=set:interval:99999999 >/dev/null
begin_with_code hour
sign_in hour
# From here on two seconds, so that fault and decision are there before the first poll.
provider lifetime interval=2 >/dev/null

# What is late: the person signs in at once, and the answer fails once.
kinds=(status:429:7 status:429 'status:429:Wed, 21 Oct 2026 07:28:00 GMT' 'status:429:soon, -5'
    status:500 status:502 status:503 status:504 status:408 status:403:7 close hang:600 truncated)
for i in "${!late[@]}"; do
    begin_with_code "${late[i]}"
    spoil "${late[i]}" "${kinds[i]}"
    # Half of a success would be the end of the code: that is "reused", below.
    [ "${late[i]}" = half ] || sign_in "${late[i]}"
done
kinds=(html not_json wrong_types wrong_types unset:id_token bigbody endless redirect)
for i in "${!senseless[@]}"; do
    begin_with_code "${senseless[i]}"
    spoil "${senseless[i]}" "${kinds[i]}"
    case ${senseless[i]} in success-types | no-token) sign_in "${senseless[i]}" ;; esac
done
for i in "${!forged[@]}"; do
    begin_with_code "forger$i"
    spoil "forger$i" "${forged[i]% *}"
    sign_in "forger$i"
done
kinds=(shift:120 shift:-120 shift:360)
for i in "${!in_time[@]}"; do
    begin_with_code "${in_time[i]}"
    spoil "${in_time[i]}" "${kinds[i]}"
    sign_in "${in_time[i]}"
done
for one in "${decided[@]}"; do begin_with_code "$one"; done
sign_in declined decline
sign_in denied fail error=access_denied
sign_in unconsented fail error=access_denied aadsts=65004
sign_in gone fail error=expired_token aadsts=70020
spoil reused truncated
sign_in reused
sign_in blocked block
sign_in unknown-number fail error=invalid_grant aadsts=7654321
sign_in other approve user=bob@contoso.com
sign_in guest approve user=mallory@fabrikam.com
spoil upn 'claim:preferred_username:"alice@contoso.com"'
sign_in upn approve user=bob@contoso.com

# --- before there is a code
codes_before=$(asked devicecode)
makes_no_sense="the identity provider's answer makes no sense"
unreachable="the identity provider can't be reached"
first_is_refused() { check "the first answer, $2: denied" spoilt "$1" devicecode "$3" 1 3 "$makes_no_sense"; }
first_is_refused first-html 'a page of HTML' html
first_is_refused first-nojson 'malformed JSON' not_json
first_is_refused first-types 'members of the wrong type' wrong_types
first_is_refused first-nocode 'without a device_code' unset:device_code
check 'the first answer, a negative expires_in: one second, then over' \
    spoilt first-neg devicecode set:expires_in:-5 1 4 "nobody signed in before the code's end"
first_is_refused first-word 'a word for expires_in' 'set:expires_in:"soon"'
first_is_refused first-wordint 'a word for the interval' 'set:interval:"often"'
first_is_refused first-evil 'a page on another host' 'set:verification_uri:"https://evil.example/device"'
check 'and that page is not shown' fails grep -q evil "$replies/first-evil"
first_is_refused first-escape 'a code that steers terminals' 'set:user_code:"\u001b[2JABCD"'
first_is_refused first-big '100 MiB' bigbody
first_is_refused first-endless 'a body without end' endless
first_is_refused first-redirect 'a redirect' redirect
check 'each of these was asked for once' same "$(asked devicecode)" "$((codes_before + 12))"
check 'the first answer, an error with HTTP 200: denied, as configuration' \
    spoilt first-app devicecode error200:unauthorized_client:700016 1 2 "refuses this host's registration"
check 'the first answer, 429 with Retry-After 99999: unreachable' \
    spoilt first-429 devicecode status:429:99999 1 3 "$unreachable"
check 'at once' is_within "$(took_ms first-429)" 0 4000
# first_is_mended PERSON SENTENCE KIND: it is odd, or fails once and is asked for again.
first_is_mended() {
    provider fault endpoint=devicecode "kind=$3" >/dev/null
    begin_with_code "$1"
    sign_in "$1"
    check "the first answer, $2: granted nevertheless" granted "$1"
}
first_is_mended first-negint 'a negative interval, which is one second' set:interval:-1
first_is_mended first-cut 'a connection that is cut' close
first_is_mended first-hung 'one that hangs' hang:600
first_is_mended first-503 '503' status:503
codes_before=$(asked devicecode)
first_is_mended first-long 'a huge expires_in' set:expires_in:99999999999
check 'which is cut to the time of the request' grep -q 'time left  *1[45]m' "$replies/first-long"
check 'the first answer, always 503: unreachable' \
    spoilt first-down devicecode status:503 3 3 "$unreachable"
check 'it was asked for three times' same "$(asked devicecode)" "$((codes_before + 4))"

# --- how they ended
sign_in half
paused() {
    flow "$1" gaps_ms | python3 -c '
import json, sys
gaps = json.load(sys.stdin)
print(gaps)
# Of the four since the first was spoilt.
sys.exit(not (len(gaps) >= 4 and all(s * 1000 <= gap < s * 1000 + 3000 for s, gap in zip((1, 6, 11, 16), gaps[-4:]))))'
}
check 'slow_down thrice: no failure' granted slow 4
check 'and each added 5 s to the interval, for good: 1, 6, 11, 16' paused slow

# gap PERSON LEAST MOST: ms between the poll that was spoilt and the next, which is the last.
gap() {
    granted "$1" 2 && is_within "$(flow "$1" gaps_ms | tr -d '[]' | sed 's/.*, //')" "$2" "$3"
}
check '429 with Retry-After 7: granted after that' gap r429-7 7000 10000
check '429 without Retry-After: granted after 5 s' gap r429-none 5000 8000
check '429 with an HTTP-date: 5 s' gap r429-date 5000 8000
check '429 with garbage: 5 s' gap r429-words 5000 8000
check '429 with Retry-After 99999: not asked again, timed out' \
    refused r429-huge 4 "nobody signed in before the code's end" 1
check "at the code's own end" is_within "$(took_ms r429-huge)" 11000 16000
for status in 500 502 503 504 408; do
    check "$status once: granted, at the second poll" gap "s$status" 5000 8000
done
check "a proxy's 403 with Retry-After 7: granted after that" gap p403-7 7000 10000
check '503 for ever: timed out' refused s503-ever 4 "nobody signed in before the code's end"
check 'after two polls or three' is_within "$(flow s503-ever polls)" 2 3
check 'a connection that is cut: granted, at the second poll' granted cut 2
check 'an answer that hangs: granted, at the second poll' granted hung 2
check 'half an answer: granted afterwards' granted half

what=('a page of HTML' 'malformed JSON' 'members of the wrong type' 'a number for an ID token'
    'no ID token' '100 MiB' 'a body without end' 'a redirect')
for i in "${!senseless[@]}"; do
    check "a poll's answer, ${what[i]}: denied, not asked again" \
        refused "${senseless[i]}" 3 "$makes_no_sense" 1
done
check 'no redirect was followed' same "$(asked redirected)" ''

check 'a code that nobody enters: timed out' refused unentered 4 "nobody signed in before the code's end"
check 'a code that the provider calls expired: timed out' \
    refused gone 4 "nobody signed in before the code's end" 1
check 'authorization_declined: denied' refused declined 1 'the sign-in was declined' 1
check 'access_denied: the same' refused denied 1 'the sign-in was declined' 1
check 'access_denied for a consent that was declined: says so, and who can grant it' \
    refused unconsented 1 'declined: Consent to the application .* administrator' 1
check 'a code that was used already: denied, in words of its own' \
    refused reused 1 'code was used or withdrawn already' 2
check "blocked by Conditional Access: denied, says which policy and who can change it" \
    refused blocked 1 'Conditional Access.*device code.*administrator' 1
check 'a number that is not in our table: by the error alone' \
    refused unknown-number 1 'does not let this sign-in through' 1
check 'the correlation id is told' \
    grep -q "$(flow unknown-number correlation_id | tr -d '"')" "$replies/unknown-number"

bob_signed_in() { recorded "$1" "\"event\":\"denied\".*\"oid\":\"$bob_oid\""; }
check 'the wrong person: denied' refused other 1 'somebody else signed in' 1
check 'recorded with the id of whoever it was' bob_signed_in other
check "the wrong person with the right one's name in the token: denied" \
    refused upn 1 'somebody else signed in' 1
check 'recorded with his id, too' bob_signed_in upn
check 'a guest of another tenant: denied' refused guest 1 'somebody else signed in' 1

for i in "${!forged[@]}"; do
    check "a token with ${forged[i]% *}: denied, on record as ${forged[i]##* }" \
        refused "forger$i" 3 "token was not accepted \(${forged[i]##* }\)" 1
done
check 'a clock two minutes behind: granted' granted ahead2
check 'a clock two minutes ahead: granted' granted behind2
check 'a clock six minutes behind: granted, since Entra dates its tokens five minutes back' granted ahead6

check 'a huge interval: one minute, then granted' granted hour 1
check 'no sooner' is_within "$(flow hour gaps_ms | tr -d '[]')" 60000 65000

# --- what is left of it all
check 'jitd is the same process' same "$(host_run systemctl show -P NRestarts jitd.service)" 0
check 'its memory has not grown by more than 12 MiB' \
    is_within "$(memory VmHWM)" "$before_kib" "$((before_kib + 12 * 1024))"
check 'no code or token lies anywhere' no_secret_is_left 200
finish
