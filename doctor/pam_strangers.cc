#include "doctor/pam_strangers.h"

#include <algorithm>
#include <array>

namespace jit::doctor {

namespace {

using Kind = Action::Kind;

// They look at the name, the host or the time, or only do something; none asks who is there.
// pam_rootok.so goes by the program's real uid, which is root's in login for everybody.
bool asks_for_proof(std::string_view module)
{
    static constexpr std::array<std::string_view, 30> none{
        "pam_access.so", "pam_cap.so",       "pam_debug.so",     "pam_echo.so",
        "pam_env.so",    "pam_faildelay.so", "pam_faillock.so",  "pam_group.so",
        "pam_issue.so",  "pam_keyinit.so",   "pam_lastlog.so",   "pam_lastlog2.so",
        "pam_limits.so", "pam_listfile.so",  "pam_localuser.so", "pam_loginuid.so",
        "pam_mail.so",   "pam_motd.so",      "pam_nologin.so",   "pam_permit.so",
        "pam_rootok.so", "pam_securetty.so", "pam_shells.so",    "pam_succeed_if.so",
        "pam_tally.so",  "pam_tally2.so",    "pam_umask.so",     "pam_usertype.so",
        "pam_warn.so",   "pam_wheel.so"};
    return std::find(none.begin(), none.end(), module) == none.end();
}

// In which states strangers come to a place.
struct Reach {
    bool open = false;    // nothing has refused them
    bool refused = false; // something has; what follows is asked all the same

    void add(const Reach &other)
    {
        open |= other.open;
        refused |= other.refused;
    }
};

class Walk
{
  public:
    explicit Walk(std::vector<const PamLine *> &met) : met_(met) {}

    // From its first line, which they have come to unrefused: how they leave it.
    Reach through(const std::vector<StackItem> &items)
    {
        std::vector<Reach> at(items.size() + 1);
        at.front().open = true;
        Reach left; // by a line that ends it
        for (std::size_t i = 0; i < items.size(); ++i) {
            const PamLine &line = items[i].line;
            if (line.control == "substack") {
                at[i + 1].refused |= at[i].refused;
                if (at[i].open)
                    at[i + 1].add(through(items[i].substack));
            } else if (base_of(line.module) == "pam_jit.so") {
                if (at[i].open)
                    met_.push_back(&line);
                at[i + 1].add(at[i]);
            } else {
                ask(line, i, at, left);
            }
        }
        left.add(at.back());
        return left;
    }

  private:
    static void ask(const PamLine &line, std::size_t i, std::vector<Reach> &at, Reach &left)
    {
        // What is no control has libpam refuse, whatever the module says.
        const Control control = parse_control(line.control).value_or(Control{{}, {Kind::bad, 0}});
        step(control.of("auth_err"), false, i, at, left);
        if (!asks_for_proof(base_of(line.module)))
            step(control.of("success"), true, i, at, left);
    }

    static void step(const Action &action, bool is_success, std::size_t i, std::vector<Reach> &at,
                     Reach &left)
    {
        const Reach from = at[i];
        const Reach no{false, from.open || from.refused};
        Reach &next = at[i + 1];
        switch (action.kind) {
        case Kind::ignore:
        case Kind::ok:
            return next.add(from);
        case Kind::bad:
            return next.add(no);
        case Kind::die:
            return left.add(no);
        case Kind::reset:
            // To how they came into it: unrefused.
            return next.add({from.open || from.refused, false});
        case Kind::done:
            // Only a yes that nothing has refused ends it.
            if (!is_success)
                return next.add(from);
            left.open |= from.open;
            next.refused |= from.refused;
            return;
        case Kind::jump:
            // One that leads out of the stack is a refusal to libpam.
            if (action.jump >= at.size() - 1 - i)
                return left.add(no);
            return at[i + 1 + action.jump].add(from);
        }
    }

    std::vector<const PamLine *> &met_;
};

} // namespace

std::vector<const PamLine *> lines_for_strangers(const std::vector<StackItem> &items)
{
    std::vector<const PamLine *> met;
    (void)Walk{met}.through(items);
    return met;
}

} // namespace jit::doctor
