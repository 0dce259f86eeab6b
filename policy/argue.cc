#include "policy/argue.h"

#include <algorithm>

#include "lib/base/text.h"
#include "policy/same_id.h"
#include "policy/unmet.h"

namespace jit::policy {

namespace {

using Verdict = Finding::Verdict;
using std::chrono::seconds;

std::string list(const std::vector<std::string> &texts)
{
    std::string out;
    for (const std::string &text : texts)
        out += (out.empty() ? "" : ", ") + safe_text(text, 64);
    return out.empty() ? "none" : out;
}

std::string name_of_kind(Requester::Kind kind)
{
    switch (kind) {
    case Requester::Kind::user:
        return "user:";
    case Requester::Kind::group:
        return "group:";
    case Requester::Kind::app_role:
        return "approle:";
    case Requester::Kind::local_group:
        return "local-group:";
    }
    return "";
}

// Without the requester, who does not approve what he asks for himself.
std::string count_approvers(const Approval &approval, std::string_view requester_oid)
{
    const auto groups =
        std::count_if(approval.approvers.begin(), approval.approvers.end(),
                      [](const Approver &entry) { return entry.kind == Approver::Kind::group; });
    const auto count = [](auto number, std::string_view one, std::string_view many) {
        return std::to_string(number) + ' ' + std::string{number == 1 ? one : many};
    };
    const auto people = std::count_if(
        approval.approvers.begin(), approval.approvers.end(), [&](const Approver &entry) {
            return entry.kind == Approver::Kind::user && !is_same_id(entry.value, requester_oid);
        });
    if (groups == 0)
        return count(people, "approver", "approvers");
    const std::string of_groups = "those in " + count(groups, "group", "groups");
    return people == 0 ? of_groups : count(people, "approver", "approvers") + " and " + of_groups;
}

class Argument
{
  public:
    Argument(const Role &role, const Ask &ask, const Person &person, const Host &host,
             const Use &use, WallTime now)
        : role_(role), ask_(ask), person_(seen_by(role, person, unknown_)), host_(host), use_(use),
          now_(now)
    {
    }

    std::vector<Finding> make()
    {
        add_hosts();
        add_place();
        add_person();
        add_requesters();
        add_sign_in();
        add_reason();
        add_time();
        add_approval();
        return std::move(out_);
    }

  private:
    void add(std::string_view rule, Verdict verdict, std::string text)
    {
        out_.push_back({rule, verdict, std::move(text)});
    }
    void unset(std::string_view rule) { add(rule, Verdict::unset, {}); }
    void judge(std::string_view rule, Refusal found, std::string text)
    {
        add(rule, found == Refusal::none ? Verdict::met : Verdict::unmet, std::move(text));
    }

    void add_hosts()
    {
        if (role_.hosts.empty())
            return unset("hosts");
        judge("hosts", find_other_host(role_, host_),
              "this host is " + safe_text(host_.name, 253) + ", its tags are " + list(host_.tags));
    }

    // Terminal first, as decide() looks at them.
    void add_place()
    {
        const Conditions &conditions = role_.conditions;
        if (conditions.tty)
            add("conditions.tty", ask_.whence.tty.empty() ? Verdict::unmet : Verdict::met,
                ask_.whence.tty.empty() ? "there is no terminal" : "there is a terminal");
        else
            unset("conditions.tty");
        if (conditions.from.empty())
            return unset("conditions.from");
        Role elsewhere = role_;
        elsewhere.conditions.tty = false;
        judge("conditions.from", find_out_of_place(elsewhere, ask_.whence),
              ask_.whence.rhost.empty() ? "no address is known"
                                        : "from " + safe_text(ask_.whence.rhost, 64));
    }

    void add_person()
    {
        const std::string who = safe_text(person_.user, 64);
        const Refusal no = find_no_person(role_, person_);
        const std::string oid = safe_text(person_.oid, 128);
        const bool is_anybody = role_.shared && !person_.signed_in;
        if (no != Refusal::none)
            add("person", Verdict::unmet, who + " is nobody's user: no entry in [users] map");
        else if (person_.oid.empty())
            add("person", Verdict::later,
                role_.shared ? "who signs in is the requester"
                             : "the sign-in has to be that of " + who);
        else
            add("person", Verdict::met, (role_.shared ? "who signs in" : who) + " is " + oid);
        if (!role_.allow_root_equivalent)
            return unset("allow_root_equivalent");
        if (is_anybody)
            return add("allow_root_equivalent", Verdict::later,
                       "whether root has said who he is, that depends on who signs in");
        judge("allow_root_equivalent", find_not_vouched(role_, person_),
              (person_.is_vouched ? "root has said who " : "root has not said who ") +
                  (role_.shared ? oid : who) + " is");
    }

    void add_requesters()
    {
        const Standing standing = standing_of(role_, person_);
        if (standing == Standing::stranger)
            return add("requesters", Verdict::unmet,
                       groups_in_doubt(role_, person_).empty()
                           ? "none of the " + std::to_string(role_.requesters.size()) +
                                 " entries is met"
                           : "the sign-in says nothing of the groups that are listed");
        if (standing == Standing::needs_sign_in)
            return add("requesters", Verdict::later,
                       "no entry is met without a sign-in, which may show a group or a role");
        Role one = role_;
        for (const Requester &entry : role_.requesters) {
            one.requesters = {entry};
            if (standing_of(one, person_) == Standing::requester)
                return add("requesters", Verdict::met,
                           name_of_kind(entry.kind) + safe_text(entry.value, 128));
        }
    }

    void add_sign_in()
    {
        const Conditions &conditions = role_.conditions;
        const bool is_later = !person_.signed_in;
        const auto judge_later = [&](std::string_view rule, Refusal found, std::string text) {
            if (is_later)
                add(rule, Verdict::later, "the sign-in will tell");
            else
                judge(rule, found, std::move(text));
        };
        // Where a role asks for no sign-in, which alone tells, one that there was counts.
        if (conditions.guests || (is_later && !role_.approval.has_sign_in()))
            unset("conditions.guests");
        else
            judge_later("conditions.guests", find_guest(role_, person_),
                        person_.is_guest ? "a guest of the tenant" : "no guest");
        if (conditions.auth_context.empty())
            unset("conditions.auth_context");
        else
            judge_later("conditions.auth_context", find_no_context(role_, person_),
                        "wanted " + safe_text(conditions.auth_context, 8) + ", the sign-in has " +
                            list(person_.contexts));
        if (!conditions.auth_age)
            return unset("conditions.auth_age");
        judge_later("conditions.auth_age", find_stale_sign_in(role_, person_),
                    "at most " + format_duration(*conditions.auth_age) + ", the sign-in " +
                        (person_.auth_age
                             ? "is " + format_duration(std::max(*person_.auth_age, seconds{0})) +
                                   " old, all slack taken off"
                             : "does not say"));
    }

    void add_reason()
    {
        const Justification &wanted = role_.justification;
        if (!wanted.required && !wanted.pattern)
            return unset("justification");
        const Refusal no = find_bad_reason(role_, ask_);
        if (ask_.reason.empty() && ask_.may_add_reason && wanted.required)
            return add("justification", Verdict::later, "a reason will be asked for");
        judge("justification", no,
              ask_.reason.empty()   ? (wanted.required ? "there is no reason" : "none is given")
              : no == Refusal::none ? "the reason will do"
                                    : "the reason is of another form than " +
                                          safe_text(wanted.pattern->text(), max_pattern_bytes));
    }

    void add_time()
    {
        const Limits &limits = role_.limits;
        const Zone &zone = *role_.conditions.zone;
        const auto wanted = std::max(ask_.duration.value_or(role_.default_duration), seconds{1});
        add("max_duration", wanted > role_.max_duration ? Verdict::unmet : Verdict::met,
            format_duration(wanted) + " of " + format_duration(role_.max_duration));
        const auto open = open_for(role_, now_, std::min(wanted, role_.max_duration));
        if (role_.conditions.hours.empty())
            unset("conditions.hours");
        else
            add("conditions.hours", open < seconds{1} ? Verdict::unmet : Verdict::met,
                "it is " + format_there(zone, now_) +
                    (open < seconds{1} ? "" : ", open for " + format_duration(open)));
        if (!limits.cooldown)
            unset("limits.cooldown");
        else if (const auto cool = cool_at(limits, use_, now_))
            add("limits.cooldown", Verdict::unmet, "until " + format_there(zone, *cool));
        else
            add("limits.cooldown", Verdict::met, "none runs");
        if (!limits.per_day) {
            unset("limits.per_day");
        } else {
            const auto left =
                left_of_budget(limits, zone, use_, now_, std::min(wanted, role_.max_duration));
            add("limits.per_day", left < seconds{1} ? Verdict::unmet : Verdict::met, say_budget());
        }
        if (!limits.max_active)
            unset("limits.max_active");
        else
            add("limits.max_active", has_place(limits, use_) ? Verdict::met : Verdict::unmet,
                std::to_string(use_.others_active) + " of " + std::to_string(*limits.max_active) +
                    " have it");
    }

    // "2h of 4h left today"
    std::string say_budget() const
    {
        const seconds left = left_today(role_.limits, *role_.conditions.zone, use_, now_);
        return (left < seconds{1} ? "nothing" : format_duration(left)) + " of " +
               format_duration(*role_.limits.per_day) + " left today";
    }

    // What comes then, whatever all that says: no policy can tell how it ends.
    void add_approval()
    {
        if (std::string text = approval_of(role_, person_.oid); !text.empty())
            add("approval", Verdict::later, std::move(text));
        else
            unset("approval");
    }

    const Role &role_;
    const Ask &ask_;
    Person unknown_;
    const Person &person_;
    const Host &host_;
    const Use &use_;
    WallTime now_;
    std::vector<Finding> out_;
};

} // namespace

std::string approval_of(const Role &role, std::string_view requester_oid)
{
    const Approval &approval = role.approval;
    switch (approval.mode) {
    case Approval::Mode::self:
    case Approval::Mode::none:
        return {};
    case Approval::Mode::approver:
        return "then " +
               (approval.quorum == 1 ? "a second person"
                                     : std::to_string(approval.quorum) + " other people") +
               " of " + count_approvers(approval, requester_oid) +
               (approval.quorum == 1 ? " approves" : " approve");
    case Approval::Mode::pim:
        return "then PIM activation of group " + safe_text(approval.pim_group, 64);
    case Approval::Mode::watch:
        return "then PIM activation of group " + safe_text(approval.pim_group, 64) +
               ", made in Entra by the person, and seen by this host";
    }
    return {};
}

std::string_view name_of(Finding::Verdict verdict)
{
    switch (verdict) {
    case Verdict::met:
        return "met";
    case Verdict::unmet:
        return "unmet";
    case Verdict::later:
        return "later";
    case Verdict::unset:
        return "unset";
    }
    return "";
}

std::vector<Finding> argue(const Role &role, const Ask &ask, const Person &person, const Host &host,
                           const Use &use, WallTime now)
{
    return Argument{role, ask, person, host, use, now}.make();
}

} // namespace jit::policy
