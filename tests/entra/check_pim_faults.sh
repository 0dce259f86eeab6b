# Part of test-emulator: PIM's answers gone wrong.
spoiled() { do_control fault "endpoint=pim_$1" "kind=$2" "count=${3:-1}" > /dev/null; }

do_control reset > /dev/null
settings floor=0
pim_sign_in alice@contoso.com
spoiled activate outcome:PendingApproval:Denied; activate "$web_group"; request=$(member "$tmp/reply" id)
check "a request can be denied without anybody" was 201 PendingApproval
call GET "$pim/assignmentScheduleRequests/$request"; check "after a look" was 200 PendingApproval
call GET "$pim/assignmentScheduleRequests/$request"; check "for good" was 200 Denied
spoiled activate outcome:PendingProvisioning:Failed; activate "$web_group"; request=$(member "$tmp/reply" id)
call GET "$pim/assignmentScheduleRequests/$request"; call GET "$pim/assignmentScheduleRequests/$request"
check "or fail while it is provisioned" was 200 Failed
spoiled activate outcome:Perhaps; activate "$web_group"; request=$(member "$tmp/reply" id)
check "a status that nobody knows" was 201 Perhaps
call GET "$pim/assignmentScheduleRequests/$request"; check "can stay" was 200 Perhaps
call POST "$pim/assignmentScheduleRequests/$request/cancel"
check "until it is taken back" same "$status" 204
spoiled activate refuse:400:RoleAssignmentExists; activate "$web_group"
check "any code can be said" told 400 RoleAssignmentExists
spoiled activate rules:JustificationRule,MfaRule; activate "$web_group"
check "and any rules" told 400 RoleAssignmentRequestPolicyValidationFailed
check "all of them" expr "x$(member "$tmp/reply" error.message)" : 'x.*: \["JustificationRule","MfaRule"\]$'
spoiled activate acrs:c7; activate "$web_group"; check "and any context" told 400 UnknownError
spoiled activate acrs:c7:named; activate "$web_group"
check "in both ways" told 400 RoleAssignmentRequestAcrsValidationFailed
spoiled activate after:504:3; activate "$web_group"
check "an activation can be done and not told" same "$status" 504
check "with Retry-After" has "$tmp/head" "Retry-After: 3"
active; check "it is there" is "$tmp/reply" value.0.groupId "$web_group"
spoiled instances other_group; active
check "an answer can name another group" is "$tmp/reply" value.0.groupId 9b000000-0000-4000-8000-0000000000ff
spoiled instances "other_person:$bob"; active
check "or another person" is "$tmp/reply" value.0.principalId "$bob"
deactivate "$web_group"
spoiled activate other_group; activate "$web_group"
check "also where one thing is answered" is "$tmp/reply" groupId 9b000000-0000-4000-8000-0000000000ff
spoiled policy status:429:7; policy_of "$web_group"; check "PIM: 429" same "$status" 429
check "PIM: Retry-After" has "$tmp/head" "Retry-After: 7"
do_control fault endpoint=pim kind=status:503 > /dev/null; active; check "PIM: whichever is asked next" same "$status" 503
spoiled eligibility truncated; look "$pim/eligibilityScheduleInstances/$me"; check "PIM: half a body" same "$result" 18
spoiled requests not_json; look "$pim/assignmentScheduleRequests/$me"
check "PIM: broken JSON" fails python3 -m json.tool "$tmp/reply"
spoiled request close; call GET "$pim/assignmentScheduleRequests/$request"; check "PIM: a closed connection" fails same "$result" 0
do_control fault endpoint=pim_instances kind=status:500 user=bob@contoso.com > /dev/null
active; check "a fault for one person leaves the others alone" same "$status" 200
pim_sign_in bob@contoso.com; active; check "and waits for its own" same "$status" 500
check "an outcome suits only activations" fails spoiled instances outcome:Failed
check "PIM has no forgeries" fails spoiled activate alg_none
check "and Graph no rules" fails fault graph rules:MfaRule
check "nor is a fault of Graph for a person" fails do_control fault endpoint=graph kind=html user=bob@contoso.com

# --- pages
rows() { python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["value"]))' "$tmp/reply"; }
next() { call GET "$(member "$tmp/reply" '@odata.nextLink')"; }
pim_sign_in alice@contoso.com; eligible="$pim/eligibilityScheduleInstances/$me"
spoiled eligibility paged; look "$eligible"; check "PIM: the first of three pages" same "$(rows)" 1
next; check "PIM: the second" same "$(rows)" 1
next; check "PIM: the third" is "$tmp/reply" value.0.groupId "$key_group"
check "PIM: which is the last" is "$tmp/reply" '@odata.nextLink' ""
settings page_size=2; look "$eligible"; check "pages can have a size" same "$(rows)" 2
next; check "and the last one less" same "$(rows)" 1
settings page_size=0
spoiled instances foreign_next; active
check "a foreign next page leads elsewhere" expr "x$(member "$tmp/reply" '@odata.nextLink')" : "x$authority/"
next; check "where an activation is told that nobody made" has "$tmp/reply" '"id":"forged"'
state; check "and that is seen" is "$tmp/state" requests.foreign_next 1
check "requests of PIM are counted" is "$tmp/state" requests.pim_policy 1
