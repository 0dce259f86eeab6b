# Part of test-emulator: Privileged Identity Management for groups, as a person with a token of his
# own uses it.
pim=$graph:$port/v1.0/identityGovernance/privilegedAccess/group
policies=$graph:$port/v1.0/policies/roleManagementPolicyAssignments
me="filterByCurrentUser(on='principal')"
bob=b0b00000-0000-4000-8000-000000000002
web_group=9b000000-0000-4000-8000-000000000001
dba_group=9b000000-0000-4000-8000-000000000002
key_group=9b000000-0000-4000-8000-000000000003
permission() { printf '%s/%s.AzureADGroup' "$graph" "$1"; }
pim_scopes="openid profile $(permission PrivilegedEligibilitySchedule.Read) \
$(permission PrivilegedAssignmentSchedule.ReadWrite) $(permission RoleManagementPolicy.Read)"
# pim_sign_in USER [CLAIMS [SCOPE]]: a token in $bearer.
pim_sign_in() {
    set -- "$1" "${2:-}" "${3:-$pim_scopes}"
    post devicecode "client_id=$app" "scope=$3" ${2:+"claims=$2"}
    device=$(member "$tmp/reply" device_code)
    do_control approve "code=$(member "$tmp/reply" user_code)" "user=$1" > /dev/null
    post token "grant_type=$urn" "client_id=$app" "device_code=$device" ${2:+"claims=$2"}
    bearer=$(member "$tmp/reply" access_token)
}
# call METHOD ADDRESS [BODY]: with $bearer.
call() {
    method=$1 where=$2; shift 2
    [ $method = GET ] || set -- -H "Content-Type: application/json" -d "${1:-}"
    status=$(web -g -X "$method" -o "$tmp/reply" -D "$tmp/head" -w '%{http_code}' \
        -H "client-request-id: $correlation" -H "Authorization: Bearer $bearer" "$@" "$where" \
        2> "$tmp/curl")
    result=$?
}
# look ADDRESS [PARAMETER...]: GET with these in the query.
look() {
    where=$1; shift
    for parameter; do shift; set -- "$@" --data-urlencode "$parameter"; done
    status=$(web -g -G -o "$tmp/reply" -D "$tmp/head" -w '%{http_code}' \
        -H "client-request-id: $correlation" -H "Authorization: Bearer $bearer" "$@" "$where" \
        2> "$tmp/curl")
    result=$?
}
# order ACTION GROUP [PRINCIPAL [DURATION [MORE]]]: a body.
order() {
    printf '{"action":"%s","accessId":"member","principalId":"%s","groupId":"%s",
        "scheduleInfo":{"startDateTime":"%s","expiration":{"type":"AfterDuration","duration":"%s"}}%s}' \
        "$1" "${3:-$alice}" "$2" "$(date -u +%Y-%m-%dT%H:%M:%S.123Z)" "${4:-PT1H}" \
        "${5-,\"justification\":\"INC-1\"}"
}
activate() { call POST "$pim/assignmentScheduleRequests" "$(order selfActivate "$@")"; }
deactivate() { call POST "$pim/assignmentScheduleRequests" "$(order selfDeactivate "$@")"; }
active() { look "$pim/assignmentScheduleInstances/$me"; }
settings() { do_control pim_settings "$@" > /dev/null; }
was() { same "$status" "$1" && is "$tmp/reply" status "$2"; } # was HTTP-STATUS STATUS
none_active() { same "$status" 200 && is "$tmp/reply" value '[]'; }
failed() { # failed RULE: of the policy
    told 400 RoleAssignmentRequestPolicyValidationFailed &&
        expr "x$(member "$tmp/reply" error.message)" : ".*: \[\"$1\"\]\$" > "$tmp/check.expr"
}

# --- eligibility and policy
do_control reset > /dev/null
pim_sign_in alice@contoso.com
check "PIM's scopes are granted" is "$tmp/reply" scope "$pim_scopes"
look "$pim/eligibilityScheduleInstances/$me"
check "who is eligible is told" is "$tmp/reply" value.0.groupId "$web_group"
check "as a member" is "$tmp/reply" value.0.accessId member
check "for what it is" is "$tmp/reply" value.2.groupId "$key_group"
check "and nobody else's" is "$tmp/reply" value.3 ""
look "$pim/eligibilitySchedules/filterByCurrentUser%28on=%27principal%27%29"
check "the schedules have the same form, and escapes are nothing" is "$tmp/reply" value.0.principalId "$alice"
policy_of() {
    look "$policies" "\$filter=scopeId eq '$1' and scopeType eq 'Group' and roleDefinitionId eq 'member'" \
        "\$expand=policy(\$expand=rules)"
}
rule() { # rule ID MEMBER: of the last reply's policy
    python3 -c '
import json, sys
for rule in json.load(open(sys.argv[1]))["value"][0]["policy"]["rules"]:
    if rule["id"] == sys.argv[2]:
        for part in sys.argv[3].split("."):
            rule = rule[part]
        print(rule if isinstance(rule, str) else json.dumps(rule))' "$tmp/reply" "$1" "$2"
}
policy_of "$key_group"
check "a policy has a longest time" same "$(rule Expiration_EndUser_Assignment maximumDuration)" PT1H
check "and what it wants" same "$(rule Enablement_EndUser_Assignment enabledRules)" \
    '["MultiFactorAuthentication", "Justification", "Ticketing"]'
check "and a context" same "$(rule AuthenticationContext_EndUser_Assignment claimValue)" c1
policy_of "$dba_group"
check "another wants approval" same "$(rule Approval_EndUser_Assignment setting.isApprovalRequired)" true
check "and no context" same "$(rule AuthenticationContext_EndUser_Assignment isEnabled)" false
look "$policies" "\$filter=scopeId eq '$web_group' and scopeType eq 'Group'"
check "unasked there are no rules" is "$tmp/reply" value.0.policy ""
check "and the owners' policy as well" is "$tmp/reply" value.1.roleDefinitionId owner
look "$policies" "\$filter=contains(x)"; check "another filter is refused" told 400 InvalidFilter

# --- an activation, from start to end
active; check "at first nobody is active" none_active
activate "$web_group"
check "an activation is provisioned" was 201 Provisioned
check "it says what was asked for" is "$tmp/reply" scheduleInfo.expiration.duration PT1H
request=$(member "$tmp/reply" id) schedule=$(member "$tmp/reply" targetScheduleId)
active
check "then somebody is active" is "$tmp/reply" value.0.assignmentType activated
check "in that group" is "$tmp/reply" value.0.groupId "$web_group"
check "by that request" is "$tmp/reply" value.0.assignmentScheduleId "$schedule"
check "from a time" expr "x$(member "$tmp/reply" value.0.startDateTime)" : 'x20..-..-..T..:..:..\.[0-9]*Z$'
check "to another" fails is "$tmp/reply" value.0.endDateTime "$(member "$tmp/reply" value.0.startDateTime)"
call GET "$pim/assignmentScheduleRequests/$request"; check "a request can be looked at" was 200 Provisioned
look "$pim/assignmentScheduleRequests/$me" "\$filter=status eq 'Provisioned'"
check "and listed" is "$tmp/reply" value.0.id "$request"
look "$pim/assignmentScheduleRequests/filterByCurrentUser(on='createdBy')" "\$filter=status eq 'Denied'"
check "or left out" is "$tmp/reply" value '[]'
activate "$web_group"; check "a second activation is refused" told 400 RoleAssignmentExists
deactivate "$web_group"; check "within five minutes it cannot be ended" told 400 ActiveDurationTooShort
call POST "$pim/assignmentScheduleRequests/$request/cancel"
check "nor canceled, once provisioned" told 400 RequestCannotBeCancelled
settings floor=0
deactivate "$web_group"; check "later it can" was 201 Revoked
active; check "and nobody is active" none_active
deactivate "$web_group"; check "what is not there cannot be ended" told 400 RoleAssignmentDoesNotExist
activate "$web_group" "$alice" PT1S; sleep 1.1; active
check "an activation ends by itself" none_active
activate "$web_group" "$alice" PT1H ',"justification":"x","isValidationOnly":true'
check "a dry run is granted" was 201 Granted
active; check "and changes nothing" none_active
settings provisioning=600000
activate "$web_group"; request=$(member "$tmp/reply" id)
check "provisioning can take time" was 201 PendingProvisioning
activate "$web_group"; check "meanwhile another is refused" told 400 PendingRoleAssignmentRequest
call POST "$pim/assignmentScheduleRequests/$request/cancel"; check "and it can be taken back" same "$status" 204
settings provisioning=200
activate "$web_group"; request=$(member "$tmp/reply" id)
sleep 0.3; call GET "$pim/assignmentScheduleRequests/$request"
check "it comes to its end" was 200 Provisioned
sign_in alice@contoso.com; ask "{\"groupIds\":[\"$web_group\"]}"
check "Graph knows the membership" is "$tmp/reply" value "[\"$web_group\"]"

# --- what the policy wants
do_control reset > /dev/null
pim_sign_in alice@contoso.com
activate "$web_group" "$alice" PT1H ''; check "no justification" failed JustificationRule
activate "$web_group" "$alice" PT1H ',"justification":" "'; check "nor one of spaces" failed JustificationRule
activate "$web_group" "$alice" PT9H; check "too long" failed ExpirationRule
activate 9b000000-0000-4000-8000-0000000000aa; check "not eligible" failed EligibilityRule
activate "$key_group"; check "no context" told 400 UnknownError
check "with the claims, percent-encoded" expr "x$(member "$tmp/reply" error.message)" : \
    'x.*RoleAssignmentRequestAcrsValidationFailed.*claims=%7B%22access_token%22%3A%7B%22acrs%22'
settings acrs=named; activate "$key_group"
check "or by name" told 400 RoleAssignmentRequestAcrsValidationFailed
check "with the claims as they are" expr "x$(member "$tmp/reply" error.message)" : \
    'x.*claims={"access_token":{"acrs":{"essential":true,"value":"c1"}}}$'
context='"acrs":{"essential":true,"value":"c1"}'
pim_sign_in alice@contoso.com "{\"access_token\":{$context}}"; activate "$key_group"
check "a context without cp1 is none" told 400 RoleAssignmentRequestAcrsValidationFailed
full="{\"access_token\":{$context,\"xms_cc\":{\"values\":[\"cp1\"]}}}"
pim_sign_in alice@contoso.com "$full"; activate "$key_group"
check "with cp1 it is one, and a ticket is missing" failed TicketingRule
activate "$key_group" "$alice" PT1H ',"justification":"x","ticketInfo":{"ticketNumber":"4711","ticketSystem":"desk"}'
check "with all of it: active" was 201 Provisioned
check "and the ticket is told" is "$tmp/reply" ticketInfo.ticketNumber 4711
do_control pim_group "group=$key_group" context=none ticket=false > /dev/null
pim_sign_in otto@contoso.com; activate "$key_group" 0770e000-0000-4000-8000-000000000008
check "one factor" failed MfaRule
pim_sign_in otto@contoso.com '{"access_token":{"acrs":{"values":["p1"]}}}'
activate "$key_group" 0770e000-0000-4000-8000-000000000008
check "two" was 201 Provisioned

# --- who may ask what
pim_sign_in alice@contoso.com
activate "$web_group" "$bob"; check "nobody asks for another" told 403 Authorization_RequestDenied
call POST "$pim/assignmentScheduleRequests" '{"action":"adminAssign"}'; check "nor as administrator" told 400 BadRequest
activate "$web_group" "$alice" 1h; check "a duration is ISO 8601" told 400 InvalidRoleAssignmentRequestSchedule
call POST "$pim/assignmentScheduleRequests" "$(order selfActivate "$web_group" | sed 's/"20..-/"2019-/')"
check "a start long ago is refused" told 400 StartTimeInPast
look "$pim/assignmentScheduleInstances" "\$filter=groupId eq '$web_group'"
check "a person does not list a group" told 403 Authorization_RequestDenied
pim_sign_in alice@contoso.com "" "openid $(permission PrivilegedAssignmentSchedule.Read)"
activate "$web_group"; check "to activate wants its scope" told 403 PermissionScopeNotGranted
active; check "to look does not" same "$status" 200
look "$pim/eligibilityScheduleInstances/$me"
check "eligibility wants its own" told 403 PermissionScopeNotGranted
policy_of "$web_group"; check "and so do policies" told 403 PermissionScopeNotGranted
pim_sign_in alice@contoso.com "" "openid api://c1a5/Elevate"; active; check "another audience: 401" unauthorized
pim_sign_in bob@contoso.com
call GET "$pim/assignmentScheduleRequests/$request"; check "another's request is not there" told 404 ResourceNotFound
settings pascal=true; activate "$dba_group" "$bob"
check "enumerations can be in another case" is "$tmp/reply" action SelfActivate
check "also the schedule's" is "$tmp/reply" scheduleInfo.expiration.type AfterDuration
