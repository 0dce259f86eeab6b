// Some thousand made-up requests that wait for others, while time goes by and the policy changes:
// what is granted in the end is no longer than it may be, not too late, and by those of now.
#include "tests/unit/cmocka_cpp.h"

#include <random>
#include <set>

#include "jitd/session.h"
#include "tests/unit/policy/decide_judge.h"

using namespace jit;
using namespace jit::daemon;
using policy::Approval;
using policy::test::Numbers;
using policy::test::Situation;
using std::chrono::seconds;

namespace {

constexpr unsigned requests = 4000;
constexpr const char *requester = policy::test::some_ids[0];
constexpr const char *people[] = {policy::test::some_ids[2], "ca501000-0000-4000-8000-000000000003",
                                  "da7e0000-0000-4000-8000-000000000004", requester};

// Whom nothing that is his own keeps from it.
void make_good(Situation &situation)
{
    policy::Person &person = situation.person;
    person = {};
    person.user = "alice";
    person.oid = requester;
    person.is_vouched = person.signed_in = true;
    person.groups.emplace();
    person.contexts = {"c1", "c2"};
    person.auth_age = seconds{0};
    situation.use = {};
    situation.may_add_reason = false;
}

Situation make_asked(const Numbers &below)
{
    Situation situation = policy::test::make_situation(below);
    make_good(situation);
    situation.role = "web";
    policy::Role &role = situation.web();
    role.requesters = {{policy::Requester::Kind::user, requester}};
    Approval &approval = role.approval;
    approval.mode = below(3) == 0 ? Approval::Mode::watch : Approval::Mode::approver;
    approval.approvers.clear();
    for (const char *one : people)
        if (below(2) == 0)
            approval.approvers.push_back({policy::Approver::Kind::user, one});
    approval.approvers.push_back(
        below(2) == 0 ? policy::test::make_approver(below)
                      : policy::Approver{policy::Approver::Kind::user, people[below(3)]});
    approval.quorum = static_cast<unsigned>(1 + below(2));
    approval.pim_group = policy::test::some_groups[0];
    policy::test::make_waiting(approval, below);
    return situation;
}

// One request from its beginning to its end.
class Run
{
  public:
    Run(Situation situation, Numbers below)
        : below_(std::move(below)), world_(std::move(situation)), first_(world_.decide())
    {
        config_.users.emplace("alice", requester);
    }
    bool is_refused() const { return first_.is_refused(); }
    bool is_granted() const { return granted_; }
    bool is_watch() const { return mode_ == Approval::Mode::watch; }

    // Null: all is well. Else what is not.
    const char *go()
    {
        duration_ = first_.duration;
        Session session{make_kept()};
        (void)session.resume(boot_);
        const char *fault = nullptr;
        for (int events = 0; events < 16 && !session.is_closed() && !granted_ && !fault; ++events) {
            const seconds passed{below_(2) == 0 ? below_(60) : below_(900)};
            world_.now += passed;
            boot_ += passed;
            fault = follow(session, happen(session));
        }
        return fault;
    }

  private:
    KeptRequest make_kept()
    {
        const Approval &approval = world_.web().approval;
        mode_ = approval.mode;
        KeptRequest kept;
        RequestFacts &facts = kept.facts;
        facts.id = "0123456789abcdef";
        facts.role = "web";
        facts.user = "alice";
        facts.oid = requester;
        facts.groups = {"jit-web"};
        facts.duration = duration_;
        facts.asked = world_.asked;
        facts.reason = world_.reason;
        facts.origin.tty = world_.tty;
        facts.from.fill().rhost = world_.rhost;
        facts.mode = approval.mode;
        facts.entra.fill().group = approval.pim_group;
        facts.began = {world_.now, boot_};
        facts.deadline = boot_ + approval.timeout;
        facts.deadline_wall = world_.now + approval.timeout;
        if (!is_watch()) {
            kept.claims.emplace();
            kept.claims->contexts = world_.person.contexts;
            kept.claims->groups.emplace();
            kept.claims->authenticated_at = world_.now;
            kept.signed_in_oid = requester;
        } else if (approval.bind == Approval::Bind::token) {
            kept.awaited.watch_token = "BCDFGHJKM";
        }
        is_bound_ = !kept.awaited.watch_token.empty();
        return kept;
    }

    Rules rules()
    {
        return {world_.policy, world_.host, seconds{120}, local_groups_, seen_,
                nullptr,       false,       world_.now,   boot_,         &config_};
    }

    void change_policy()
    {
        if (world_.policy.roles.empty())
            return;
        policy::Role &role = world_.web();
        Approval &approval = role.approval;
        switch (below_(6)) {
        case 0:
            policy::test::add_condition(
                world_, static_cast<unsigned>(below_(policy::test::condition_count)), below_);
            break;
        case 1: // wider than ever
            approval.quorum = 1;
            approval.bind = Approval::Bind::none;
            role.conditions.hours.clear();
            role.max_duration = role.default_duration = std::chrono::hours{24};
            break;
        case 2:
            approval.approvers = {{policy::Approver::Kind::user, people[below_(4)]}};
            approval.bind = Approval::Bind::token;
            break;
        case 3:
            approval.approvers.push_back(policy::test::make_approver(below_));
            ++approval.quorum;
            break;
        case 4:
            role.conditions.hours.push_back(policy::test::make_window(below_));
            break;
        default:
            if (below_(4) == 0)
                approval.mode = Approval::Mode::self;
            else if (below_(4) == 0)
                world_.policy.roles.clear();
            break;
        }
    }

    Actions happen(Session &session)
    {
        switch (below_(8)) {
        case 0:
            change_policy();
            return below_(2) == 0 ? session.on_new_policy(rules()) : Actions{};
        case 1:
            return session.on_time(boot_);
        case 2:
            return below_(8) == 0 ? session.on_denial({people[0], "x", {}, world_.now}, "no")
                                  : Actions{};
        default:
            break;
        }
        if (is_watch()) {
            until_ = world_.now + seconds{below_(7200)};
            return session.on_activation("s1", *until_);
        }
        GivenApproval by{people[below_(4)], "x", {}, world_.now};
        if (below_(3) == 0)
            by.groups = {policy::test::some_groups[below_(2)]};
        said_.push_back(by);
        return session.on_approval(by, rules());
    }

    const char *follow(Session &session, const Actions &actions)
    {
        if (!actions.empty() && std::holds_alternative<AskRules>(actions.back())) {
            if (below_(3) == 0) // at the last moment
                change_policy();
            return follow(session, session.on_rules(rules()));
        }
        for (const Action &action : actions) {
            if (std::holds_alternative<RecordGrant>(action))
                return "recorded before it was granted";
            granted_ = granted_ || std::holds_alternative<AskGrant>(action);
        }
        return granted_ ? find_fault(session) : nullptr;
    }

    // Told once more, by what was said and by the policy of now.
    const char *find_fault(const Session &session)
    {
        if (world_.policy.roles.empty())
            return "a role that is gone";
        const policy::Role &role = world_.web();
        const seconds duration = session.facts().duration;
        if (role.approval.mode != mode_)
            return "granted by another mode";
        if (boot_ >= session.facts().deadline)
            return "granted past its end";
        policy::Decision decision = world_.decide();
        if (decision.is_refused() || duration > decision.duration)
            return "more than the policy of now gives";
        if (duration > duration_ || duration < seconds{1})
            return "longer than what was approved";
        decision.duration = duration;
        if (const char *fault = policy::judge::find_hours_fault(world_, decision))
            return fault;
        return is_watch() ? find_activation_fault(role, duration) : find_quorum_fault(role);
    }
    const char *find_activation_fault(const policy::Role &role, seconds duration) const
    {
        if (!until_ || world_.now + duration > *until_)
            return "longer than the activation";
        return role.approval.bind == Approval::Bind::token && !is_bound_
                   ? "not bound, and it has to be"
                   : nullptr;
    }
    const char *find_quorum_fault(const policy::Role &role) const
    {
        std::set<std::string> counted;
        for (const GivenApproval &one : said_)
            for (const policy::Approver &entry : role.approval.approvers)
                if (one.oid != requester &&
                    (entry.value == one.oid || std::find(one.groups.begin(), one.groups.end(),
                                                         entry.value) != one.groups.end()))
                    counted.insert(one.oid);
        return counted.size() < role.approval.quorum ? "by too few" : nullptr;
    }

    Numbers below_;
    Situation world_;
    policy::Decision first_;
    policy::Config config_;
    std::vector<std::string> local_groups_;
    oidc::SeenTokens seen_;
    BootTime boot_{seconds{100'000}};
    Approval::Mode mode_ = Approval::Mode::self;
    seconds duration_{};
    bool is_bound_ = false;
    std::optional<WallTime> until_;
    std::vector<GivenApproval> said_;
    bool granted_ = false;
};

void nothing_is_granted_too_late_too_long_or_by_too_few(void **)
{
    unsigned asked = 0, approved = 0, activated = 0;
    for (unsigned seed = 1; seed <= requests; ++seed) {
        const Numbers below = [random = std::mt19937_64{seed}](std::uint64_t end) mutable {
            return random() % end;
        };
        Situation situation = make_asked(below);
        Run run{std::move(situation), below};
        if (run.is_refused())
            continue;
        ++asked;
        if (const char *fault = run.go()) {
            print_error("request %u: %s\n", seed, fault);
            assert_null(fault);
        }
        (run.is_watch() ? activated : approved) += run.is_granted() ? 1 : 0;
    }
    if (approved < asked / 8 || activated < asked / 16)
        print_error("%u of %u approved, %u activated\n", approved, asked, activated);
    assert_true(asked > requests / 4 && approved > asked / 8 && activated > asked / 16);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_granted_too_late_too_long_or_by_too_few),
    };
    return cmocka_run_group_tests_name("jitd/session_properties", tests, nullptr, nullptr);
}
