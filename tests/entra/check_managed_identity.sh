# Part of test-emulator: the endpoints of a machine's managed identity, Azure's and Arc's.
machine() { # machine ADDRESS VERSION [OPTION...]
    at=http://$1/metadata/identity/oauth2/token?api-version=$2\&resource=${resource:-https://graph.microsoft.com/}
    shift 2
    status=$(curl -sS --noproxy '*' --max-time 10 -o "$tmp/reply" -D "$tmp/head" -w '%{http_code}' \
        "$@" "$at" 2> "$tmp/curl")
    result=$?
    bearer=$(member "$tmp/reply" access_token 2> /dev/null)
}
azure() { machine "$imds" 2018-02-01 "$@"; }
metadata="Metadata: true"
list_group() { look "$pim/assignmentScheduleInstances" "\$filter=groupId eq '$web_group'"; }

do_control reset > /dev/null
azure -H "$metadata"
check "IMDS has a token" same "$status" 200
check "its life is a text" has "$tmp/reply" '"expires_in":"86399"'
list_group; check "which opens Graph" same "$status" 200
azure; check "it wants its header" is "$tmp/reply" error invalid_request
azure -H "$metadata" -H "X-Forwarded-For: 10.0.0.1"; check "and no proxy" same "$status" 400
machine "$imds" 2017-01-01 -H "$metadata"; check "and its version" same "$status" 400
resource=https://vault.azure.net/; azure -H "$metadata"; unset resource
check "another resource is refused" is "$tmp/reply" error invalid_resource
azure -H "$metadata" -G -d client_id=c1a50000-0000-4000-8000-000000000001
check "and another identity" is "$tmp/reply" error_description "Identity not found"
azure -H "$metadata" -d x=1; check "POST is refused" same "$status" 405
fault imds status:410 2; azure -H "$metadata"; check "IMDS can be starting" same "$status" 410
azure -H "$metadata"; azure -H "$metadata"; check "and start" same "$status" 200
fault imds status:429:2; azure -H "$metadata"; check "IMDS: 429" has "$tmp/head" "Retry-After: 2"
fault imds not_json; azure -H "$metadata"; check "IMDS: broken JSON" fails python3 -m json.tool "$tmp/reply"
fault imds close; azure -H "$metadata"; check "IMDS: a closed connection" fails same "$result" 0
do_control identity permissions=none > /dev/null; azure -H "$metadata"; list_group
check "an identity without permissions opens nothing" told 403 PermissionScopeNotGranted
do_control identity permissions=PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup > /dev/null
azure -H "$metadata"; list_group; check "with more it does" same "$status" 200

# --- Arc
on_arc() { machine "$arc" 2020-06-01 -H "$metadata" "$@"; }
realm() { sed -n 's/\r$//; s/^WWW-Authenticate: Basic realm=//p' "$tmp/head"; }
key_file() { printf '%s/arc/%s' "$tmp" "$(basename "$(realm)")"; }
on_arc; check "Arc asks for a key" same "$status" 401
check "in a file that it names" expr "x$(realm)" : 'x/var/opt/azcmagent/tokens/[^/]*\.key$'
file=$(key_file)
key=$(cat "$file")
check "which not everybody reads" same "$(stat -c %a "$file")" 640
on_arc -H "Authorization: Basic $key"; check "and then has a token" same "$status" 200
list_group; check "which opens Graph too" same "$status" 200
check "and the file is gone" [ ! -e "$file" ]
on_arc -H "Authorization: Basic $key"; check "a key serves once" same "$status" 401
on_arc -H "Authorization: Basic bm8="; check "a wrong one is none" same "$status" 401
machine "$arc" 2020-06-01; check "Arc wants its header as well" same "$status" 400
fault arc realm:/etc/shadow; on_arc; check "Arc can name any file" same "$(realm)" /etc/shadow
fault arc big_key; on_arc; check "or a big one" [ "$(stat -c %s "$(key_file)")" -gt 1000000 ]
check "these are no faults of IMDS" fails fault imds big_key
state; check "a machine's requests are counted" is "$tmp/state" requests.arc 7
