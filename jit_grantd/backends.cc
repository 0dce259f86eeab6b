#include "jit_grantd/backends.h"

#include <algorithm>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "jit_grantd/limits.h"
#include "lib/sys/folders.h"

namespace jit::grantd {

namespace {

constexpr const char *choice_file = "backend"; // in run
constexpr const char *used_file = "etc-group"; // in state
constexpr std::size_t max_choice_bytes = 256;

constexpr uid_t no_id = 65534;

// What auto found out, and by which nsswitch.conf: as long as that stays, so does the choice.
std::string describe_choice(Backend backend, const std::string &etc)
{
    struct stat about {
    };
    const bool is_there = stat((etc + "/nsswitch.conf").c_str(), &about) == 0;
    std::string text{name_of(backend)};
    if (is_there)
        text += " " + std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino) + ":" +
                std::to_string(about.st_size) + ":" + std::to_string(about.st_ctim.tv_sec) + "." +
                std::to_string(about.st_ctim.tv_nsec);
    return text + "\n";
}

std::string say_choice(Backend backend, bool has_cache)
{
    if (backend == Backend::userdb)
        return "backend auto: userdb, since the name service answers for /run/userdb";
    return std::string{"backend auto: etc-group, since "} +
           (has_cache ? "nscd runs and does not forget when it is told to"
                      : "the name service does not answer for /run/userdb (systemd in the group "
                        "line of /etc/nsswitch.conf)");
}

} // namespace

Result<Backends> Backends::open(const Places &places, const Outside &outside,
                                std::chrono::milliseconds patience)
{
    Userdb userdb = TRY(Userdb::open(places, outside.disk));
    return Backends{places, outside, std::move(userdb),
                    EtcGroup{places, outside.disk,
                             std::min<std::chrono::milliseconds>(patience, account_patience)}};
}

Memberships &Backends::of(Backend backend)
{
    if (backend == Backend::userdb)
        return userdb_;
    return etc_group_;
}

Result<Backend> Backends::probe(const std::string &group, gid_t gid)
{
    const std::vector<Memberships::Name> names{{probe_user, group}};
    TRY(userdb_.make(names));
    const auto seen = outside_->accounts.is_member({probe_user, no_id, no_id}, gid);
    TRY(userdb_.remove_each(names).front());
    return TRY(seen) ? Backend::userdb : Backend::etc_group;
}

Result<Backend> Backends::choose(policy::Config::Backend setting, const std::string &group,
                                 gid_t gid)
{
    if (setting == policy::Config::Backend::userdb)
        return Backend::userdb;
    if (setting == policy::Config::Backend::etc_group)
        return Backend::etc_group;
    const Fd run = TRY(sys::open_directory(places_->run, 0755));
    const auto known = sys::read_small_file(run.get(), choice_file, max_choice_bytes);
    const bool has_cache = outside_->accounts.has_cache() && !outside_->accounts.flush_cache();
    Backend chosen = Backend::etc_group;
    if (!has_cache) {
        for (const Backend each : {Backend::userdb, Backend::etc_group})
            if (known && *known == describe_choice(each, places_->etc))
                return each;
        chosen = TRY(probe(group, gid));
    }
    std::string text = describe_choice(chosen, places_->etc);
    if (has_cache)
        text = "nscd " + text; // known for no longer than it runs
    if (known && *known == text)
        return chosen;
    TRY(outside_->disk.write(run.get(), choice_file, text, 0600));
    const auto word = [](const std::string &line) { return line.substr(0, line.find(' ')); };
    if (!known || word(*known) != word(text))
        outside_->records.log(LOG_NOTICE, say_choice(chosen, has_cache));
    return chosen;
}

void Backends::forget_choice()
{
    if (const auto run = sys::open_directory(places_->run, 0755))
        (void)unlinkat(run->get(), choice_file, 0); // what stays is wrong once more, no worse
}

Result<void> Backends::flush(Backend backend)
{
    if (!outside_->accounts.has_cache())
        return {};
    auto flushed = outside_->accounts.flush_cache();
    // It watches the group file, and sees a change by itself.
    return backend == Backend::etc_group ? Result<void>{} : flushed;
}

Result<void> Backends::make(Backend backend, const std::vector<Memberships::Name> &names)
{
    if (names.empty())
        return {};
    if (backend == Backend::etc_group && !has_used_etc_group()) {
        const Fd state = TRY(sys::open_directory(places_->state, 0700));
        TRY(outside_->disk.write(state.get(), used_file, "memberships outlive a boot\n", 0600));
    }
    TRY(of(backend).make(names));
    return flush(backend);
}

Result<void> Backends::remove(Backend backend, const std::vector<Memberships::Name> &names)
{
    if (names.empty())
        return {};
    for (const Result<void> &each : remove_each(backend, names))
        TRY(each);
    return {};
}

std::vector<Result<void>> Backends::remove_each(Backend backend,
                                                const std::vector<Memberships::Name> &names)
{
    if (names.empty())
        return {};
    std::vector<Result<void>> done = of(backend).remove_each(names);
    const Result<void> flushed = flush(backend);
    for (Result<void> &each : done)
        if (each && !flushed)
            each = flushed;
    return done;
}

bool Backends::has_used_etc_group() const
{
    return access((places_->state + "/" + used_file).c_str(), F_OK) == 0;
}

} // namespace jit::grantd
