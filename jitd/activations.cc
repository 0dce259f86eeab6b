#include "jitd/activations.h"

#include <syslog.h>

#include <algorithm>
#include <vector>

#include "jitd/limits.h"
#include "jitd/records.h"
#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/sys/journal.h"

namespace jit::daemon {

namespace {

using namespace std::chrono_literals;

constexpr auto between_looks = 60s;
// What is taken away is taken away soon, or later.
constexpr auto until_first_look = 15s;
// What Entra does not list once may be on its way through its copies.
constexpr auto until_second_look = 15s;
constexpr unsigned enough_misses = 2;
constexpr auto look_patience = 45s;
// PIM's floor is five minutes.
constexpr auto end_patience = 600s;

oidc::PimWho copy_of(const oidc::PimWho &who, BootTime deadline)
{
    return {who.graph_host, SecretString{who.token.reveal()}, who.group, who.oid, who.request_id,
            deadline};
}

std::string_view group_of(const std::string &activation)
{
    return std::string_view{activation}.substr(0, activation.find(' '));
}

bool stand_on_the_same(const Grant &a, const Grant &b)
{
    return a.oid == b.oid && group_of(a.activation) == group_of(b.activation);
}

void say(const Activations::Whose &whose, std::string_view what)
{
    sys::write_journal(LOG_WARNING, "request " + whose.id + " of " + whose.user + " for role " +
                                        whose.role + ": " + std::string{what});
}

} // namespace

Result<std::unique_ptr<Activations>> Activations::make(Parts parts)
{
    sd_event *const loop = parts.loop;
    std::unique_ptr<Activations> made{new Activations(std::move(parts))};
    Activations *const self = made.get();
    made->timer_ = TRY(sys::Timer::make(loop, [self] { self->wake(); }));
    return made;
}

void Activations::set_http(net::HttpClient *http)
{
    for (const auto &[number, task] : tasks_) {
        if (task.transfer != 0 && http_)
            http_->cancel(task.transfer);
        if (!std::holds_alternative<oidc::PimLook>(*task.machine))
            say(task.whose, "the activation in Entra may stay, since the provider was changed");
    }
    tasks_.clear();
    late_.clear();
    for (const auto &[id, watched] : std::exchange(watched_, {}))
        if (const Grant *const grant = parts_.grants.table().find(id))
            note_unwatched(*grant, "config", "the provider was changed");
    http_ = http;
    arm();
}

template <typename Use> void Activations::use(Number number, Use use)
{
    const auto found = tasks_.find(number);
    if (found == tasks_.end())
        return;
    // Where a machine ends, its task goes.
    std::visit([&](auto &machine) { follow(number, use(machine)); }, *found->second.machine);
}

template <typename Step> void Activations::follow(Number number, Step step)
{
    Task &task = tasks_.at(number);
    if (auto *asked = std::get_if<oidc::SendRequest>(&step))
        return send(number, std::move(asked->request));
    task.at = BootTime::max();
    if (const auto *wait = std::get_if<oidc::WaitUntil>(&step)) {
        task.at = wait->at;
        return arm();
    }
    if constexpr (std::is_same_v<Step, oidc::PimStep>)
        if (const auto *waits = std::get_if<oidc::PimWaits>(&step)) {
            task.at = waits->at;
            return arm();
        }
    if (task.transfer != 0 && http_)
        http_->cancel(task.transfer);
    // The caller is in the machine still: it goes when the call is over, with this node.
    const auto over = tasks_.extract(number);
    late_.erase(over.mapped().whose.id);
    conclude(over.mapped().whose, step);
    arm();
}

void Activations::send(Number number, oidc::HttpRequest request)
{
    Task &task = tasks_.at(number);
    task.at = BootTime::max();
    if (!http_)
        return;
    // One that is out still has been replaced by this.
    if (task.transfer != 0)
        http_->cancel(task.transfer);
    task.transfer = http_->send(std::move(request), [this, number](oidc::HttpReply reply) {
        if (const auto found = tasks_.find(number); found != tasks_.end())
            found->second.transfer = 0;
        use(number, [&](auto &machine) { return machine.on_reply(reply, parts_.clocks()); });
    });
}

Activations::Number Activations::begin(Whose whose, Machine machine)
{
    Task &task = tasks_[++last_];
    task.whose = std::move(whose);
    task.machine = std::make_unique<Machine>(std::move(machine));
    return last_;
}

void Activations::take_back(Whose whose, std::unique_ptr<oidc::PimActivation> asked,
                            net::HttpClient::Transfer out)
{
    if (!http_ || tasks_.size() >= limits::activations_at_once + limits::live_grants) {
        if (http_ && out != 0)
            http_->cancel(out);
        return say(whose, "the request in Entra may stay: cancel it there");
    }
    const std::string id = whose.id;
    const Number number = begin(std::move(whose), std::move(*asked));
    tasks_.at(number).transfer = out;
    late_[id] = number;
    use(number, [&](auto &machine) {
        if constexpr (std::is_same_v<decltype(machine), oidc::PimActivation &>)
            return machine.cancel(parts_.clocks());
        else
            return machine.on_time(parts_.clocks());
    });
}

bool Activations::on_late_reply(const std::string &request, const oidc::HttpReply &reply)
{
    const auto late = late_.find(request);
    if (late == late_.end())
        return false;
    const Number number = late->second;
    late_.erase(late);
    if (const auto found = tasks_.find(number); found != tasks_.end())
        found->second.transfer = 0;
    use(number, [&](auto &machine) { return machine.on_reply(reply, parts_.clocks()); });
    return true;
}

void Activations::conclude(const Whose &whose, const oidc::PimStep &step)
{
    if (const auto *gone = std::get_if<oidc::PimGone>(&step); gone && !gone->stays)
        return;
    say(whose, "the activation, or the request for it, stays in Entra: it could not be taken back, "
               "or was not made by this");
}

void Activations::give_back(Whose whose, oidc::PimWho who)
{
    for (const Grant *grant : parts_.grants.table().all())
        if (grant->oid == who.oid && group_of(grant->activation) == who.group)
            return; // which goes on
    end_in_entra(std::move(whose), std::move(who));
}

void Activations::end_in_entra(Whose whose, oidc::PimWho who)
{
    if (!http_ || tasks_.size() >= limits::activations_at_once + limits::live_grants)
        return say(whose, "the activation in Entra stays until its end");
    const Now now = parts_.clocks();
    who.deadline = now.boot + end_patience;
    const Number number = begin(std::move(whose), oidc::PimDeactivation{std::move(who)});
    use(number, [&](auto &machine) {
        if constexpr (std::is_same_v<decltype(machine), oidc::PimDeactivation &>)
            return machine.start(now);
        else
            return machine.on_time(now);
    });
}

void Activations::conclude(const Whose &whose, const oidc::PimDropStep &step)
{
    if (const auto *refused = std::get_if<oidc::PimRefused>(&step))
        say(whose, "the activation in Entra stays: " + refused->advice);
}

void Activations::watch(const std::string &grant, oidc::PimWho who, bool was_there)
{
    // Made anew, so that an answer about the one before is not taken for it.
    watched_.erase(grant);
    const BootTime now = parts_.clocks().boot;
    if (!http_) { // the provider that the token is of has gone meanwhile
        if (const Grant *const there = parts_.grants.table().find(grant))
            note_unwatched(*there, "config", "the configuration was changed");
        return;
    }
    watched_.emplace(grant, Watched{std::move(who), now + until_first_look, now,
                                    now + limits::person_token, was_there});
    arm();
}

void Activations::look(const std::string &grant, Watched &watched, const Now &now)
{
    watched.is_looking = true;
    watched.look_at = now.boot + between_looks;
    const Number number =
        begin({grant, "", ""}, oidc::PimLook{copy_of(watched.who, now.boot + look_patience)});
    use(number, [&](auto &machine) {
        if constexpr (std::is_same_v<decltype(machine), oidc::PimLook &>)
            return machine.start(now);
        else
            return machine.on_time(now);
    });
}

void Activations::conclude(const Whose &whose, const oidc::PimLookStep &step)
{
    const auto found = watched_.find(whose.id);
    const Grant *const grant = parts_.grants.table().find(whose.id);
    if (found == watched_.end() || !found->second.is_looking)
        return;
    Watched &watched = found->second;
    watched.is_looking = false;
    watched.look_at = parts_.clocks().boot + between_looks;
    if (grant == nullptr) {
        watched_.erase(found);
    } else if (std::holds_alternative<oidc::PimEnded>(step)) {
        watched.look_at = parts_.clocks().boot + until_second_look;
        if (++watched.missed < enough_misses)
            return;
        watched_.erase(found);
        ending_.insert(whose.id);
        parts_.grants.end(whose.id,
                          {Event::revoked, "revoked", "Entra, where its activation is over", "pim"},
                          [](const HelperFault *) {}); // asked again until it is done
    } else if (const auto *refused = std::get_if<oidc::PimRefused>(&step)) {
        const BootTime now = parts_.clocks().boot;
        if (refused->failure == oidc::Failure::expired || now >= watched.wiped_at) {
            const bool is_told = watched.is_told;
            watched_.erase(found);
            if (!is_told)
                note_unwatched(*grant, "token", "the sign-in's token has run out");
        } else if (now - watched.seen_at >= limits::until_unwatched &&
                   !std::exchange(watched.is_told, true)) {
            note_unwatched(*grant, "provider", "Microsoft Graph does not tell");
        }
    } else {
        watched.missed = 0;
        watched.is_told = false;
        watched.seen_at = parts_.clocks().boot;
    }
}

void Activations::note_unwatched(const Grant &grant, const char *rule, const char *why)
{
    if (sees_ && sees_(grant))
        return;
    AuditRecord record = record_of(grant, Event::unwatched);
    record.rule = rule;
    record.message = "role " + grant.role + " of " + grant.user +
                     " goes on unwatched: an end of its activation in Entra is not seen, since " +
                     why + "; it ends at " + format_time(grant.until);
    (void)parts_.audit.write(record);
}

void Activations::tell_unwatched(const policy::Policy &policy)
{
    for (const Grant *grant : parts_.grants.table().all()) {
        const policy::Role *const role = policy.find(grant->role);
        if (!grant->activation.empty() && !watched_.contains(grant->id) && role != nullptr &&
            role->approval.mode != policy::Approval::Mode::watch)
            note_unwatched(*grant, "restart", "jitd was started anew");
    }
}

std::string Activations::end(const Grant &grant)
{
    if (grant.activation.empty())
        return {};
    ending_.insert(grant.id);
    const GrantTable &table = parts_.grants.table();
    std::erase_if(ending_, [&](const std::string &id) { return table.find(id) == nullptr; });
    for (const Grant *other : table.all())
        if (other->id != grant.id && !ending_.contains(other->id) &&
            stand_on_the_same(*other, grant)) {
            // With a token that is good, if only this one has it.
            if (const auto own = watched_.find(grant.id);
                own != watched_.end() && !watched_.contains(other->id))
                watch(other->id, std::move(own->second.who), own->second.was_there);
            watched_.erase(grant.id);
            return std::string{words::activation_shared};
        }
    // Any token of the person's will do.
    const auto found = std::find_if(watched_.begin(), watched_.end(), [&](const auto &one) {
        return one.second.who.oid == grant.oid &&
               one.second.who.group == group_of(grant.activation);
    });
    if (found == watched_.end() || !http_)
        return std::string{words::activation_stays};
    const bool was_there = found->second.was_there;
    end_in_entra({grant.id, grant.role, grant.user}, std::move(found->second.who));
    watched_.erase(found);
    watched_.erase(grant.id);
    return was_there ? std::string{words::activation_ended_too} : std::string{};
}

void Activations::stop()
{
    for (const auto &[number, task] : tasks_)
        if (!std::holds_alternative<oidc::PimLook>(*task.machine))
            say(task.whose, "the activation in Entra may stay, since jitd is being stopped");
}

void Activations::wake()
{
    const Now now = parts_.clocks();
    std::vector<std::string> due;
    for (auto one = watched_.begin(); one != watched_.end();) {
        const Grant *const grant = parts_.grants.table().find(one->first);
        if (grant == nullptr) {
            one = watched_.erase(one);
            continue;
        }
        if (http_ && !one->second.is_looking && one->second.look_at <= now.boot)
            due.push_back(one->first);
        ++one;
    }
    for (const std::string &id : due)
        if (const auto found = watched_.find(id); found != watched_.end())
            look(id, found->second, now);
    std::vector<Number> numbers;
    for (const auto &[number, task] : tasks_)
        if (task.at <= now.boot)
            numbers.push_back(number);
    for (const Number number : numbers)
        use(number, [&](auto &machine) { return machine.on_time(now); });
    arm();
}

void Activations::arm()
{
    BootTime next = BootTime::max();
    for (const auto &[number, task] : tasks_)
        next = std::min(next, task.at);
    for (const auto &[id, watched] : watched_)
        if (http_ && !watched.is_looking)
            next = std::min(next, watched.look_at);
    if (next == BootTime::max())
        timer_->stop();
    else
        timer_->set(next);
}

} // namespace jit::daemon
