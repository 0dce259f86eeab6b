# Part of test-emulator: activations that wait for an approver, and people at the portal.
approvals=$pim/assignmentApprovals
as_person() { pim_sign_in "$1"; }
begin() { as_person alice@contoso.com; activate "$dba_group"; request=$(member "$tmp/reply" id); alices=$bearer; }
look_at() { bearer=$alices; call GET "$pim/assignmentScheduleRequests/$request"; }
decide() { # decide SEGMENT RESULT
    call GET "$approvals/$request"
    call PATCH "$approvals/$request/$1/$(member "$tmp/reply" stages.0.id)" \
        "{\"reviewResult\":\"$2\",\"justification\":\"seen\"}"
}
on_behalf() { do_control "$1" user=alice@contoso.com "group=${group:-$web_group}" ${2:+"$2"} ${3:+"$3"} ${4:+"$4"} > "$tmp/told"; }

do_control reset > /dev/null
settings floor=0
begin; check "an activation waits for an approver" was 201 PendingApproval
check "by an approval" is "$tmp/reply" approvalId "$request"
call PATCH "$approvals/$request/stages/x" '{"reviewResult":"Approve"}'
check "of which this is no stage" told 404 ResourceNotFound
decide stages Approve; check "who asks does not decide" told 403 Authorization_RequestDenied
as_person paula@contoso.com; paulas=$bearer
look "$pim/assignmentScheduleRequests/filterByCurrentUser(on='approver')" "\$filter=status eq 'PendingApproval'"
check "an approver finds it" is "$tmp/reply" value.0.id "$request"
call GET "$approvals/$request"
check "in one stage" is "$tmp/reply" stages.0.reviewResult NotReviewed
check "which is his" is "$tmp/reply" stages.0.assignedToMe true
decide stages Approve; check "he approves" same "$status" 204
decide steps Deny; check "once" told 409 RequestAlreadyDecided
call GET "$approvals/$request"
check "who it was is told" is "$tmp/reply" stages.0.reviewedBy.userPrincipalName paula@contoso.com
check "and what he wrote" is "$tmp/reply" stages.0.justification seen
look_at; check "the request is provisioned" was 200 Provisioned
active; check "and somebody active" is "$tmp/reply" value.0.groupId "$dba_group"
deactivate "$dba_group"
begin; bearer=$paulas; decide steps Deny; check "the other spelling serves as well" same "$status" 204
look_at; check "denied" was 200 Denied
begin; call POST "$pim/assignmentScheduleRequests/$request/cancel"; check "a request is taken back" same "$status" 204
look_at; check "and is canceled" was 200 Canceled
bearer=$paulas; decide stages Approve; check "approved it cannot be then" told 409 RequestAlreadyDecided

# --- by the control endpoint
do_control pim_approve as=hank@contoso.com wait=10 > "$tmp/waited" & waiter=$!
sleep 0.3; begin; wait $waiter
check "approve waits for a request" is "$tmp/waited" id "$request"
look_at; check "which is provisioned then" was 200 Provisioned
deactivate "$dba_group"; begin
check "who is no approver is refused" fails do_control pim_approve as=bob@contoso.com
check "deny" do_control pim_deny as=paula@contoso.com justification=no
look_at; check "is heard" was 200 Denied
begin; do_control pim_status status=Failed > /dev/null; look_at
check "a request can be made to fail" was 200 Failed
begin; do_control pim_status "request=$request" status=Provisioned > /dev/null; look_at
check "or to go on" was 200 Provisioned
active; check "with all that belongs to it" is "$tmp/reply" value.0.groupId "$dba_group"

# --- a person at the portal, and administrators
on_behalf pim_activate "justification=jit K7Q2" duration=PT30M
active; check "who activates elsewhere is active here" is "$tmp/reply" value.1.groupId "$web_group"
on_behalf pim_activate; check "once" is "$tmp/told" error RoleAssignmentExists
on_behalf pim_extend seconds=1; sleep 1.1; active
check "an end can be moved" is "$tmp/reply" value.1 ""
on_behalf pim_activate; check "the portal asks for a justification" is "$tmp/told" error RoleAssignmentRequestPolicyValidationFailed
on_behalf pim_activate justification=x ago=7200 duration=10800
active; check "an activation can have begun long ago" expr \
    "x$(member "$tmp/reply" value.1.startDateTime)" : "x$(date -u -d '2 hours ago' +%Y-%m-%dT%H)"
look "$pim/assignmentScheduleRequests/$me" "\$filter=groupId eq '$web_group'"
check "and have been asked for then" expr \
    "x$(member "$tmp/reply" value.-1.createdDateTime)" : "x$(date -u -d '2 hours ago' +%Y-%m-%dT%H)"
on_behalf pim_revoke; active; check "an administrator takes it away" is "$tmp/reply" value.1 ""
on_behalf pim_revoke; check "once" is "$tmp/told" ok false
on_behalf pim_eligible remove=true; on_behalf pim_activate justification=x
check "and the eligibility" has "$tmp/told" EligibilityRule
on_behalf pim_activate force=true; check "what is forced needs none" is "$tmp/told" status Provisioned
on_behalf pim_deactivate; check "the person ends it" is "$tmp/told" status Revoked
on_behalf pim_assign; active; check "an assignment is no activation" is "$tmp/reply" value.1.assignmentType assigned
check "and has no end" is "$tmp/reply" value.1.endDateTime null
group=9b000000-0000-4000-8000-0000000000bb
do_control pim_group "group=$group" name="New ones" longest=60 approvers=paula@contoso.com approval=true > /dev/null
do_control pim_eligible user=alice@contoso.com "group=New ones" > /dev/null
activate "$group" "$alice" PT1M; check "a group can be made" was 201 PendingApproval
do_control pim_group "group=$group" remove=true > /dev/null
activate "$group" "$alice" PT1M; check "and removed" failed EligibilityRule
unset group
check "a setting that is none is refused" fails do_control pim_settings floor=soon
do_control pim_state > "$tmp/told"
check "all of it can be seen" is "$tmp/told" groups.0.policy.rules.1.maximumDuration PT8H
