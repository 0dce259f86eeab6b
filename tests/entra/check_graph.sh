# Part of test-emulator: Graph, the tokens that open it, the groups that a token leaves out, and the
# other clouds.
graph=https://graph.microsoft.com
graph_scopes="openid profile $graph/User.Read $graph/GroupMember.Read.All"
group() { printf '9a000000-0000-4000-8000-%012d' "$1"; }
context() { printf '%s:%s/v1.0/$metadata#Collection(Edm.String)' "$graph" "$port"; }
# sign_in USER [SCOPE [CLIENT]]: tokens in $tmp/reply, the access token in $bearer.
sign_in() {
    client=${3:-$app}
    post devicecode "client_id=$client" "scope=${2:-$graph_scopes}"
    device=$(member "$tmp/reply" device_code)
    do_control approve "code=$(member "$tmp/reply" user_code)" "user=$1" > /dev/null
    post token "grant_type=$urn" "client_id=$client" "device_code=$device"
    bearer=$(member "$tmp/reply" access_token)
}
# ask_at ADDRESS BODY [TYPE [SCHEME]]: with $bearer; without a body GET.
ask_at() {
    status=$(web -o "$tmp/reply" -D "$tmp/head" -w '%{http_code}' -H "client-request-id: $correlation" \
        -H "Authorization: ${4:-Bearer} $bearer" \
        ${2:+-H "Content-Type: ${3:-application/json}" -d "$2"} "$1" 2> "$tmp/curl")
    result=$?
}
ask() { ask_at "$graph:$port/v1.0/me/checkMemberGroups" "$@"; }
# ids N...: a body that asks for these numbered groups.
ids() {
    list=
    for n in "$@"; do list="$list${list:+,}\"$(group "$n")\""; done
    printf '{"groupIds":[%s]}' "$list"
}
told() { # told STATUS CODE: the last reply is Graph's error
    same "$status" "$1" && is "$tmp/reply" error.code "$2" &&
        fails is "$tmp/reply" error.message "" &&
        is "$tmp/reply" error.innerError.client-request-id "$correlation"
}
unauthorized() { told 401 InvalidAuthenticationToken && has "$tmp/head" "WWW-Authenticate: Bearer "; }
found() { # found N...: the last reply's value is these numbered groups
    same "$status" 200 && is "$tmp/reply" value "$(ids "$@" | sed 's/.*:\[/[/; s/}$//; s/,/, /g')"
}

# --- who may ask Graph
do_control reset > /dev/null
web "$authority/$tenant/v2.0/.well-known/openid-configuration" > "$tmp/reply"
check "discovery names the Graph host" is "$tmp/reply" msgraph_host graph.microsoft.com
sign_in alice@contoso.com
check "what was granted is said" is "$tmp/reply" scope "$graph_scopes"
check "an access token is opaque" fails expr "x$bearer" : '.*\.'
ask "$(ids 1 2 7)"
check "of the groups asked for those are said that somebody is in" found 1
check "with its OData context" is "$tmp/reply" '@odata.context' "$(context)"
check "its type has OData's parameters" has "$tmp/head" "Content-Type: application/json;odata.metadata=minimal"
check "Graph has a request id" has "$tmp/head" "request-id: "
check "and says the client's back" has "$tmp/head" "client-request-id: $correlation"
ask '{"groupIds":["9A000000-0000-4000-8000-000000000001"]}'
check "in any case" found 1
ask "$(ids 2 3)"; check "a person in none of them has an empty list" found
good=$bearer
bearer=; ask "$(ids 1)"; check "without a token: 401" unauthorized
bearer=nonsense; ask "$(ids 1)"; check "with one that is none: 401" unauthorized
bearer=$good; ask "$(ids 1)" "" Basic
check "with another scheme: 401" unauthorized
sign_in alice@contoso.com "openid profile"; ask "$(ids 1)"
check "a token for no resource does not open Graph" unauthorized
sign_in alice@contoso.com "openid profile api://c1a5/Elevate"
check "another resource's scope is granted" is "$tmp/reply" scope "openid profile api://c1a5/Elevate"
ask "$(ids 1)"; check "and does not open Graph either" unauthorized
sign_in alice@contoso.com "openid User.Read GroupMember.Read.All"; ask "$(ids 1)"
check "a scope without a resource is Graph's" found 1
sign_in alice@contoso.com "openid $graph/User.ReadBasic.All $graph/groupmember.read.all"
ask "$(ids 1)"; check "User.ReadBasic.All serves as well, and no scope's case counts" found 1
sign_in alice@contoso.com "openid $graph/User.Read"; ask "$(ids 1)"
check "without GroupMember.Read.All: 403" told 403 Authorization_RequestDenied
sign_in alice@contoso.com "openid $graph/GroupMember.Read.All"; ask "$(ids 1)"
check "without User.Read: 403" told 403 Authorization_RequestDenied
sign_in alice@contoso.com "" c1a50000-0000-4000-8000-000000000004
check "what nobody consented to is not granted" is "$tmp/reply" scope "openid profile $graph/User.Read"
ask "$(ids 1)"; check "nor does it open anything" told 403 Authorization_RequestDenied
do_control lifetime access_token=1 > /dev/null
sign_in alice@contoso.com
check "a token's life can be ordered" is "$tmp/reply" expires_in 1
sleep 1.1; ask "$(ids 1)"; check "an expired one: 401" unauthorized
do_control lifetime access_token=0 > /dev/null
post devicecode "client_id=$app" "scope=openid $graph/User.Read https://vault.azure.net/user_impersonation"
check "several resources are refused" refused 400 invalid_scope 700022
post devicecode "client_id=$app" "scope=openid https://graph.microsoft.us/User.Read"
check "another cloud's Graph is no resource here" refused 400 invalid_resource 500011

# --- what is asked of it
sign_in olga@contoso.com
check "above the cap a token names a place to ask" verify groups=- hasgroups=- '_claim_names={"groups": "src1"}' \
    "_claim_sources={\"src1\": {\"endpoint\": \"https://graph.windows.net/$tenant/users/01a00000-0000-4000-8000-000000000004/getMemberObjects\"}}"
ask "$(ids $(seq 231 250))"; check "20 groups at once" found $(seq 231 250)
ask "$(ids $(seq 230 250))"; check "21 are too many" told 400 Request_BadRequest
ask '{"groupIds":[]}'; check "none are too few" told 400 Request_BadRequest
ask '{"groupIds":["admins"]}'; check "a name is no id" told 400 Request_BadRequest
ask '{"groupIds":[7]}'; check "nor is a number" told 400 Request_BadRequest
ask '{"ids":["x"]}'; check "another body is refused" told 400 BadRequest
ask '{"groupIds":'; check "and one that is not JSON" told 400 BadRequest
ask "$(ids 1)" text/plain; check "or does not say that it is" told 400 BadRequest
ask "$(ids 1 251 250 1)"; check "each is said once, in the order asked" found 1 250
ask "$(ids 999)"; check "a group by way of another counts" found 999
ask ""; check "GET is refused" told 405 Request_BadRequest
ask_at "$graph:$port/v1.0/me/memberOf" ""; check "there is nothing else" told 400 BadRequest
sign_in hank@contoso.com
check "hasgroups can be forced" verify groups=- hasgroups=true _claim_names=- _claim_sources=-
ask "$(ids 1)"; check "and Graph tells" found 1
sign_in alice@contoso.com "openid profile"
check "below the cap groups are in the token" verify "groups=[\"$(group 1)\"]" hasgroups=- _claim_names=-
do_control reset > /dev/null; state
check "after a reset Graph was not asked" is "$tmp/state" requests.graph 0
bearer=$good; ask "$(ids 1)"; check "and no token is left" unauthorized
state; check "requests to Graph are counted" is "$tmp/state" requests.graph 1

# --- faults of Graph
sign_in olga@contoso.com; good=$bearer
fault graph status:503; ask "$(ids 1)"; check "Graph: 503" same "$status" 503
fault graph status:429:7; ask "$(ids 1)"; check "Graph: 429 has Retry-After" has "$tmp/head" "Retry-After: 7"
fault graph html; ask "$(ids 1)"; check "Graph: HTML in place of JSON" has "$tmp/reply" "<html>"
fault graph not_json; ask "$(ids 1)"; check "Graph: broken JSON" fails python3 -m json.tool "$tmp/reply"
fault graph wrong_types; ask "$(ids 1)"; check "Graph: wrong types" is "$tmp/reply" value '{}'
fault graph 'set:value:"x"'; ask "$(ids 1)"; check "Graph: a member can be set" is "$tmp/reply" value x
fault graph unset:value; ask "$(ids 1)"; check "Graph: or left out" is "$tmp/reply" value ""
fault graph redirect; ask "$(ids 1)"; check "Graph: a redirect" same "$status" 302
fault graph close; ask "$(ids 1)"; check "Graph: a closed connection" fails same "$result" 0
fault graph truncated; ask "$(ids 1)"; check "Graph: half a body" same "$result" 18
before=$(date +%s%N)
fault graph hang:1; ask "$(ids 1)"; check "Graph: a reply that hangs" [ $(($(date +%s%N) - before)) -ge 1000000000 ]
check "Graph: and comes in the end" found 1
fault graph bigbody; ask "$(ids 1)"; check "Graph: 100 MiB" same "$(wc -c < "$tmp/reply" | tr -d ' ')" 104857600
fault graph endless
web "$graph:$port/v1.0/me" 2> /dev/null | head -c 120000000 | wc -c > "$tmp/size"
check "Graph: a body without end" same "$(tr -d ' ' < "$tmp/size")" 120000000
check "Graph has no OAuth errors" fails fault graph error:invalid_grant
check "nor forgeries" fails fault graph alg_none
check "pages suit only Graph" fails fault token paged

# --- pages
follow() { ask_at "$(member "$tmp/reply" '@odata.nextLink')" ""; }
fault graph paged; ask "$(ids $(seq 1 6))"
check "the first of three pages" found 1 2
check "leads to the second, at the same host" \
    expr "x$(member "$tmp/reply" '@odata.nextLink')" : "x$graph:$port/v1.0/me/checkMemberGroups?\$skiptoken=."
cp "$tmp/reply" "$tmp/first"
follow; check "the second" found 3 4
follow; check "the third" found 5 6
check "which is the last" is "$tmp/reply" '@odata.nextLink' ""
cp "$tmp/first" "$tmp/reply"; bearer=; follow; check "a page wants a token" unauthorized
sign_in olga@contoso.com; cp "$tmp/first" "$tmp/reply"; follow
check "and the one that asked for the first" told 400 Directory_ExpiredPageToken
bearer=$good
fault graph paged; ask "$(ids 7)"; check "one group alone is on none but the last page" found
follow; check "nor on the second" found
follow; check "there it is" found 7
fault graph paged; ask "$(ids 7)"; fault graph status:503; follow
check "a later page can have a fault of its own" same "$status" 503
fault graph paged; bearer=nonsense; ask "$(ids 7)"; bearer=$good; ask "$(ids 7)"
check "pages wait for a reply that lists groups" fails is "$tmp/reply" '@odata.nextLink' ""
fault graph foreign_next; ask "$(ids 1 777)"
check "a foreign next page: the first is right" found 1
check "and leads elsewhere" expr "x$(member "$tmp/reply" '@odata.nextLink')" : "x$authority/"
state; check "which nobody asked" is "$tmp/state" requests.foreign_next 0
follow; check "who asks there is told yes to all" found 1 777
state; check "and that is seen" is "$tmp/state" requests.foreign_next 1
fault graph foreign_next:graph.microsoft.us; ask "$(ids 1)"
check "the host can be chosen" \
    expr "x$(member "$tmp/reply" '@odata.nextLink')" : "xhttps://graph.microsoft.us:$port/"
follow; state; check "and that is seen too" is "$tmp/state" requests.foreign_next 2

# --- the other clouds
try_cloud() { # try_cloud NAME AUTHORITY GRAPH PAGE
    at=https://$2:$port
    web "$at/$tenant/v2.0/.well-known/openid-configuration" > "$tmp/reply"
    check "$1: discovery names its issuer" is "$tmp/reply" issuer "$at/$tenant/v2.0"
    check "$1: and its Graph" is "$tmp/reply" msgraph_host "$3"
    web "$at/$tenant/discovery/v2.0/keys" > "$tmp/keys"
    post "$at/$tenant/oauth2/v2.0/devicecode" "client_id=$app" \
        "scope=openid profile https://$3/User.Read https://$3/GroupMember.Read.All"
    check "$1: the page is its own" is "$tmp/reply" verification_uri "https://$4"
    code=$(member "$tmp/reply" user_code) device=$(member "$tmp/reply" device_code)
    web -d "code=$code" -d "user=$alice" -d decision=approve "https://$4" > "$tmp/page"
    check "$1: it takes the code" has "$tmp/page" "You have signed in"
    poll; check "$1: another cloud does not redeem its flow" refused 400 invalid_grant 70000
    post "$at/$tenant/oauth2/v2.0/token" "grant_type=$urn" "client_id=$app" "device_code=$device"
    check "$1: its ID token verifies" verify "iss=$at/$tenant/v2.0" "oid=$alice"
    bearer=$(member "$tmp/reply" access_token)
    ask_at "https://$3:$port/v1.0/me/checkMemberGroups" "$(ids 1 2)"
    check "$1: its access token opens its Graph" found 1
    ask "$(ids 1)"; check "$1: and no other" unauthorized
}
try_cloud usgov login.microsoftonline.us graph.microsoft.us "microsoft.com:$port/deviceloginus"
try_cloud china login.partner.microsoftonline.cn microsoftgraph.chinacloudapi.cn \
    "login.partner.microsoftonline.cn:$port/common/oauth2/deviceauth"
web "$authority/$tenant/discovery/v2.0/keys" > "$tmp/keys"
