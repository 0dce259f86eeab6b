# Part of test-emulator: claims that ask for a step-up, and errors that demand one.
c1='{"id_token":{"acrs":{"essential":true,"value":"c1"}}}'
challenge='{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
start_with() { start_flow --data-urlencode "claims=$1"; } # start_with CLAIMS
approve_as() { do_control approve "code=$code" "user=$1" > /dev/null; }

# --- the claims of both requests
do_control reset > /dev/null
start_with "$c1"; state
check "claims of the device request are told" is "$tmp/state" flows.0.claims "$c1"
check "before a poll there are none of it" is "$tmp/state" flows.0.token_claims ""
poll "claims=$c1"; check "a poll with the same claims is served" refused 400 authorization_pending 70016
state; check "claims of the last poll are told" is "$tmp/state" flows.0.token_claims "$c1"
poll "claims={ \"id_token\":{\"acrs\":{ \"value\":\"c1\",\"essential\":true}}}"
check "spaces and order do not count" refused 400 authorization_pending 70016
poll; check "a poll without them is refused" is "$tmp/reply" error invalid_request
approve_as alice@contoso.com
poll "claims=$challenge"; check "also when it is approved" is "$tmp/reply" error invalid_request
state; check "whose claims are told as well" is "$tmp/state" flows.0.token_claims "$challenge"
poll "claims=$c1"; check "and the right ones still redeem it" verify 'acrs=["c1"]'
start_flow; poll "claims=$c1"; check "claims at /token alone are refused" is "$tmp/reply" error invalid_request

# --- a step-up that is demanded
start_flow
check "a challenge can be ordered" do_control fail code=latest error=interaction_required aadsts=50076 \
    "claims=$challenge"
poll; check "interaction_required" refused 400 interaction_required 50076
check "the challenge is JSON in a text" is "$tmp/reply" claims "$challenge"
check "with a suberror" is "$tmp/reply" suberror basic_action
start_flow
do_control fail code=latest error=interaction_required aadsts=50079 "claims=$challenge" \
    suberror=additional_action > /dev/null
poll; check "registration wanted, with another suberror" refused 400 interaction_required 50079
check "as ordered" is "$tmp/reply" suberror additional_action
start_flow
check "a challenge must be an object" fails do_control fail code=latest error=x 'claims=[1]'
do_control fail code=latest error=interaction_required aadsts=50076 > /dev/null; poll
check "no challenge unasked" is "$tmp/reply" claims ""

# --- a person of whom a policy wants it
start_flow; approve_as stella@contoso.com; poll
check "the policy's step-up is demanded" refused 400 interaction_required 50076
check "with its challenge" is "$tmp/reply" claims "$challenge"
state; check "and the flow has failed" is "$tmp/state" flows.5.state failed
poll; check "for good" refused 400 interaction_required 50076
for claims in "$c1" "$challenge"; do
    start_with "$claims"; approve_as stella@contoso.com; poll "claims=$claims"
    check "claims that ask for it satisfy the policy" verify 'acrs=["c1"]' \
        oid=57e11000-0000-4000-8000-000000000006
done
other='{"id_token":{"acrs":{"essential":true,"value":"c2"}}}'
start_with "$other"; approve_as stella@contoso.com; poll "claims=$other"
check "those for another context do not" refused 400 interaction_required 50076
post devicecode "client_id=$other_app" "scope=openid profile" "claims=$challenge"
device=$(member "$tmp/reply" device_code)
do_control approve "code=$(member "$tmp/reply" user_code)" user=alice@contoso.com > /dev/null
post token "grant_type=$urn" "client_id=$other_app" "device_code=$device" "claims=$challenge"
check "an access token's context is not in the ID token of a registration without acrs" verify acrs=-

# --- acrs and auth_time that are not what they should be
forge 'claim:acrs:"c1"'; check "acrs can be a lone text" verify acrs=c1
check "and not a list" has "$tmp/claims" '"acrs":"c1"'
forge auth_time:7200
age=$(($(date +%s) - $(member "$tmp/claims" auth_time)))
check "auth_time can be old" [ $age -ge 7200 -a $age -le 7205 ]
forge auth_time:0; age=$(($(date +%s) - $(member "$tmp/claims" auth_time)))
check "or now" [ $age -le 5 ]
forge noclaim:auth_time; check "or absent" verify auth_time=-
forge claim:acct:1; check "a member can be a guest" verify acct=1
