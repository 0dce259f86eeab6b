# Part of test-emulator: the second registration, by which others' requests are approved, and its pages.
approver_app=c1a50000-0000-4000-8000-000000000005
paula=9a01a000-0000-4000-8000-000000000007

do_control reset > /dev/null
scope="openid profile"
post devicecode "client_id=$approver_app" "scope=$scope"
code=$(member "$tmp/reply" user_code) device=$(member "$tmp/reply" device_code)
check "a second registration has flows" same "$status" 200
post token "grant_type=$urn" "client_id=$app" "device_code=$device"
check "which the first one does not redeem" refused 400 invalid_grant 70000
page=https://login.microsoft.com:$port/device
web -d "code=$code" "$page" > "$tmp/page"
check "the accounts come first" has "$tmp/page" "<h1>Pick an account</h1>"
check "with the registration's name" has "$tmp/page" "Host elevation: APPROVE somebody else&#39;s request"
web -d "code=$code" -d "user=$paula" "$page" > "$tmp/page"
check "then it says its warning" has "$tmp/page" 'role="alert" id="warning">By this you let ANOTHER person'
check "and its name" has "$tmp/page" "<h1>Are you trying to sign in to Host elevation: APPROVE somebody else&#39;s request?</h1>"
check "without scripts" lacks "$tmp/page" "<script"
web -d "code=$code" -d "user=$paula" -d decision=approve "$page" > "$tmp/page"
check "and is done" has "$tmp/page" "<h1>You have signed in</h1>"
post token "grant_type=$urn" "client_id=$approver_app" "device_code=$device"
check "aud is the registration that asked" verify "aud=$approver_app" "oid=$paula"
post devicecode "client_id=$approver_app" "scope=$scope"
device=$(member "$tmp/reply" device_code)
web -d "code=$(member "$tmp/reply" user_code)" -d decision=decline "$page" > "$tmp/page"
check "who declines needs no account" has "$tmp/page" "<h1>Declined</h1>"
post token "grant_type=$urn" "client_id=$approver_app" "device_code=$device"
check "and is heard" is "$tmp/reply" error authorization_declined

# --- the same in a browser, where its driver is installed
if command -v chromedriver > /dev/null 2>&1; then
    post devicecode "client_id=$approver_app" "scope=$scope"
    device=$(member "$tmp/reply" device_code)
    "$here/browse" --listen "127.0.0.1:$port" --cert "$tmp/ca/server.pem" "$page" \
        "$(member "$tmp/reply" user_code)" paula@contoso.com approve > "$tmp/browsed" 2>&1
    check "a browser goes through the pages" has "$tmp/browsed" "You have signed in to Host elevation: APPROVE"
    check "and reads the warning" has "$tmp/browsed" "By this you let ANOTHER person"
    post token "grant_type=$urn" "client_id=$approver_app" "device_code=$device"
    check "and is heard as well" verify "oid=$paula"
fi
unset scope
