// A daemon with requests that others approve, for whoever says something of them. Include
// tests/unit/cmocka_cpp.h first.
#pragma once

#include <map>
#include <memory>

#include "jitd/kept_request.h"
#include "lib/ipc/approving.h"
#include "policy/parse.h"
#include "tests/unit/jitd/service.h"

namespace jit::daemon::test {

// Users that every Debian host has, and whose persons they are here.
inline constexpr uid_t requester = 65534, approver = 1, stranger = 2, unknown = 3, again = 5;
inline constexpr const char *requester_oid = "a11ce000-0000-4000-8000-000000000001";
inline constexpr const char *approver_oid = "b0b00000-0000-4000-8000-000000000002";
inline constexpr const char *stranger_oid = "0dd00000-0000-4000-8000-000000000003";
inline constexpr const char *other_oid = "da7e0000-0000-4000-8000-000000000004";
inline constexpr const char *group_oid = "9a000000-0000-4000-8000-000000000001";
inline constexpr const char *some_id = "0123456789abcdef";

inline std::string policy_of(const std::string &approvers, int quorum = 1)
{
    return "[role.web]\ngroups = [\"jit-web\"]\nrequesters = [\"user:" +
           std::string{requester_oid} +
           "\"]\nmax_duration = \"1h\"\nallow_system_accounts = true\ndescription = \"the web\"\n" +
           "[role.web.approval]\nmode = \"approver\"\napprovers = [" + approvers +
           "]\nquorum = " + std::to_string(quorum) + "\n";
}
inline std::string users(std::initializer_list<const char *> oids)
{
    std::string list;
    for (const char *oid : oids)
        list += std::string{list.empty() ? "" : ", "} + "\"user:" + oid + "\"";
    return list;
}

inline KeptRequest make_kept(const std::string &id, const std::string &tty = "pts/9")
{
    KeptRequest kept;
    RequestFacts &facts = kept.facts;
    facts.id = id;
    facts.role = "web";
    facts.user = "nobody";
    facts.uid = requester;
    facts.oid = requester_oid;
    facts.groups = {"jit-web"};
    facts.duration = 3600s;
    facts.origin = {"", tty, 77, ""};
    facts.command = "/usr/bin/id";
    facts.host = "web01";
    facts.mode = policy::Approval::Mode::approver;
    facts.began = read_clocks();
    facts.deadline = facts.began.boot + 900s;
    facts.deadline_wall = facts.began.wall + 900s;
    kept.claims.emplace();
    kept.signed_in_oid = requester_oid;
    kept.boot_id = "boot";
    kept.provider = "https://login.example client";
    return kept;
}

inline StoredRequest make_row(const KeptRequest &kept)
{
    StoredRequest row;
    row.id = kept.facts.id;
    row.role = kept.facts.role;
    row.user = kept.facts.user;
    row.uid = kept.facts.uid;
    row.oid = kept.facts.oid;
    row.groups = kept.facts.groups;
    row.state = ipc::State::pending_approval;
    row.host = kept.facts.host;
    row.tty = kept.facts.origin.tty;
    row.began = kept.facts.began.wall;
    row.deadline = kept.facts.deadline_wall;
    row.kept = encode_kept(kept);
    return row;
}

// Answers each request as somebody who is not the provider would: nobody waits for more of it.
class Impostor final : public net::HttpClient
{
  public:
    explicit Impostor(sd_event *loop) : later_(*sys::Later::make(loop, [this] { answer(); })) {}

    Transfer send(oidc::HttpRequest, Done done) override
    {
        open_.emplace(++last_, std::move(done));
        later_->schedule();
        return last_;
    }
    void cancel(Transfer transfer) override { open_.erase(transfer); }

  private:
    void answer()
    {
        while (!open_.empty()) {
            const Done done = std::move(open_.begin()->second);
            open_.erase(open_.begin());
            oidc::HttpReply reply;
            reply.outcome = oidc::HttpReply::Outcome::not_trusted;
            done(std::move(reply));
        }
    }

    std::unique_ptr<sys::Later> later_;
    std::map<Transfer, Done> open_;
    Transfer last_ = 0;
};

// A service whose provider nobody is, or one at another place: it takes up what an earlier one has
// left.
struct Host : Service {
    explicit Host(const std::string &text = policy_of(users({approver_oid, other_oid})),
                  const std::vector<KeptRequest> &kept = {make_kept(some_id)},
                  const std::vector<StoredRequest> &live = {}, const std::string &discovery = "")
    {
        settings.expected.discovery_url = discovery;
        for (const StoredRequest &one : live) {
            assert_true(store->put(one).has_value());
            grants->add(make_grant(one));
        }
        for (const KeptRequest &one : kept)
            assert_true(store->put(make_row(one)).has_value());
        begin(text);
        if (!kept.empty()) // else whoever puts some there takes them up, which is done once
            requests->resume();
    }
    // After an earlier one.
    Host(const Folder *left, const std::string &text) : Service(left)
    {
        begin(text);
        requests->resume();
    }

    void begin(const std::string &text)
    {
        settings.config->users = {{"nobody", requester_oid},
                                  {"daemon", approver_oid},
                                  {"bin", stranger_oid},
                                  {"games", requester_oid}}; // the requester, once more
        settings.config->is_entra = true;
        settings.config->approver_client_id = "approvers";
        settings.host.name = "web01";
        settings.expected.issuer = "https://login.example";
        settings.expected.client_id = "client";
        take_policy(text);
        if (settings.expected.discovery_url.empty())
            http = std::make_unique<Impostor>(loop.get());
        else
            http = *net::HttpClient::make(loop.get(), {});
        requests->on_over([this](const std::string &id) { approvals->end_for(id); });
        requests->set_provider(http.get());
    }
    // As a daemon that is killed: nothing is cancelled by it.
    ~Host()
    {
        server.reset();
        api.reset();
        approvals.reset();
        requests.reset();
    }
    Host(const Host &) = delete;
    Host &operator=(const Host &) = delete;

    void take_policy(const std::string &text)
    {
        const std::vector<policy::SourceFile> files{{"a.toml", text}};
        policy::ParsedPolicy parsed = policy::parse_policy(files);
        assert_true(parsed.policy.has_value());
        settings.policy = *std::move(parsed.policy);
    }
    bool is_waiting(const std::string &id = some_id) const
    {
        return requests->find_approving(id) != nullptr;
    }
    void yes(const char *oid, std::vector<std::string> groups = {})
    {
        assert_true(
            requests->approve(some_id, {oid, "x", std::move(groups), wall_time()}).has_value());
    }
    std::vector<AuditRecord> records() const
    {
        std::vector<AuditRecord> out;
        const auto rows = *store->read_audit(0, 100);
        for (const auto &row : rows)
            out.push_back(*decode_record(row.text));
        return out;
    }

    std::unique_ptr<net::HttpClient> http;
};

inline std::string fault_name(const ipc::Reply &reply)
{
    const std::size_t dot = reply.error.rfind('.');
    return dot == std::string::npos ? reply.error : reply.error.substr(dot + 1);
}

inline std::string approve_as(Host &host, uid_t uid, const std::string &id = some_id)
{
    const auto replies = host.ask_all(ipc::method::approve,
                                      ipc::encode_approve_call({id, std::string{"pts/7"}}), uid);
    if (!replies.back().error.empty())
        return fault_name(replies.back());
    const auto reply = ipc::decode_request_reply(replies.back().parameters.get());
    assert_true(reply.has_value());
    return std::string{name_of(reply->state)} + " " +
           std::string{reply->cause ? name_of(*reply->cause) : ""};
}
inline std::string deny_as(Host &host, uid_t uid)
{
    const auto replies = host.ask_all(
        ipc::method::deny, ipc::encode_deny_call({some_id, "no", std::string{"pts/7"}}), uid);
    return replies.back().error.empty() ? "asked" : fault_name(replies.back());
}

} // namespace jit::daemon::test
