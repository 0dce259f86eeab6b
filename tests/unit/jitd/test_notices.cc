// Notices from an audit's record to an HTTP request: what the ledger keeps, what is sent, what a
// restart, a reload and a full ledger do to it.
#include "tests/unit/cmocka_cpp.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <jansson.h>
#include <sqlite3.h>

#include "jitd/audit.h"
#include "jitd/limits.h"
#include "jitd/notices.h"
#include "lib/base/handle.h"
#include "lib/sys/digest.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::daemon;
using namespace std::chrono_literals;
using Format = policy::Webhook::Format;
using sys::test::Folder;

namespace {

constexpr std::string_view token = "SeCrEt-ToKeN";

// What clients were asked to send, and still wait for.
struct Wire {
    struct Sent {
        std::string url, body, signature;
        net::HttpClient::Done done;
    };
    std::vector<Sent> sent;

    void answer(std::size_t number, long status)
    {
        const net::HttpClient::Done done = std::exchange(sent.at(number).done, nullptr);
        oidc::HttpReply reply;
        reply.outcome =
            status == 0 ? oidc::HttpReply::Outcome::timed_out : oidc::HttpReply::Outcome::received;
        reply.status = status;
        assert_true(done != nullptr);
        done(std::move(reply));
    }
    // Those that nobody has answered, by a part of their address.
    std::vector<std::size_t> open(std::string_view part) const
    {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < sent.size(); ++i)
            if (sent[i].done && sent[i].url.find(part) != std::string::npos)
                found.push_back(i);
        return found;
    }
};

class Client final : public net::HttpClient
{
  public:
    explicit Client(Wire &wire) : wire_(wire) {}
    // As the real one: what it has not finished it forgets.
    ~Client() override
    {
        for (Wire::Sent &sent : wire_.sent)
            sent.done = nullptr;
    }
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    Transfer send(oidc::HttpRequest request, Done done) override
    {
        assert_true(request.method == oidc::HttpRequest::Method::post && request.form.empty());
        wire_.sent.push_back({request.url, request.json,
                              request.headers.empty() ? "" : request.headers.front().substr(17),
                              std::move(done)});
        return wire_.sent.size();
    }
    void cancel(Transfer) override {}

  private:
    Wire &wire_;
};

policy::Webhook make_webhook(const std::string &name, Format format,
                             std::vector<std::string> events)
{
    policy::Webhook webhook;
    webhook.host = name + ".example.org";
    webhook.url = "https://" + webhook.host + "/" + std::string{token};
    webhook.format = format;
    webhook.events = std::move(events);
    return webhook;
}

const std::vector<std::string> all_events{policy::notice_events.begin(),
                                          policy::notice_events.end()};

Settings make_settings(std::vector<policy::Webhook> webhooks)
{
    Settings settings;
    settings.config.emplace();
    settings.host.name = "web01";
    settings.webhook_keys.resize(webhooks.size());
    settings.config->webhooks = std::move(webhooks);
    return settings;
}

// One process of the daemon.
struct Process {
    explicit Process(const Folder &folder_, std::int64_t pages = 4000)
        : folder(folder_), loop(*sys::make_loop())
    {
        store = *Store::open(path(), pages);
        notices = *Notices::make(
            loop.get(), *store,
            [this](const net::HttpOptions &) -> Result<std::unique_ptr<net::HttpClient>> {
                ++clients;
                return std::unique_ptr<net::HttpClient>{std::make_unique<Client>(wire)};
            });
        audit = std::make_unique<Audit>(*store, notices.get());
    }
    std::string path() const { return folder.path + "/jit.db"; }
    void run(std::chrono::milliseconds length)
    {
        const BootTime until = boot_time() + length;
        while (boot_time() < until)
            (void)sd_event_run(loop.get(), 5000);
    }
    bool write(Event event, const std::string &request, const std::string &reason = "why")
    {
        AuditRecord record;
        record.event = event;
        record.request = request;
        record.role = "web";
        record.user = "alice";
        record.reason = reason;
        record.message = "alice asks";
        return audit->write(record);
    }
    int count(const std::string &sql) const
    {
        sqlite3 *opened = nullptr;
        assert_int_equal(sqlite3_open(path().c_str(), &opened), SQLITE_OK);
        const Handle<sqlite3, &sqlite3_close> db{opened};
        int number = -1;
        (void)sqlite3_exec(
            db.get(), ("SELECT count(*) FROM " + sql).c_str(),
            [](void *into, int, char **columns, char **) {
                *static_cast<int *>(into) = std::atoi(columns[0]);
                return 0;
            },
            &number, nullptr);
        return number;
    }

    const Folder &folder;
    sys::Loop loop;
    Wire wire;
    int clients = 0;
    std::unique_ptr<Store> store;
    std::unique_ptr<Notices> notices;
    std::unique_ptr<Audit> audit;
};

std::string member_of(const std::string &body, const char *name)
{
    const Handle<json_t, &json_decref> object{json_loadb(body.data(), body.size(), 0, nullptr)};
    const char *const value = json_string_value(json_object_get(object.get(), name));
    return value ? value : "";
}

std::string id_of(int number)
{
    std::string text = std::to_string(number);
    return std::string(16 - text.size(), '0') + text;
}

void each_webhook_is_told_what_it_asked_for_in_order_and_in_its_format(void **)
{
    const Folder folder;
    Process process{folder};
    process.notices->use(make_settings({make_webhook("a", Format::json, {"requested", "granted"}),
                                        make_webhook("b", Format::slack, {"requested"}),
                                        make_webhook("c", Format::teams, {"revoked"})}));
    assert_true(process.write(Event::requested, id_of(1)));
    assert_true(process.write(Event::code_issued, id_of(1)));
    assert_true(process.write(Event::granted, id_of(1)));
    assert_int_equal(process.count("audit"), 3);
    assert_int_equal(process.count("notice"), 3);
    assert_true(process.wire.sent.empty()); // who writes the record does not wait
    process.run(150ms);
    assert_int_equal(process.wire.sent.size(), 2);
    assert_int_equal(process.wire.open("https://a.").size(), 1);
    assert_text(member_of(process.wire.sent[0].body, "event"), "requested");
    assert_true(process.wire.sent[1].body.find("\"blocks\"") != std::string::npos);
    process.wire.answer(0, 200);
    assert_int_equal(process.wire.sent.size(), 3);
    assert_text(member_of(process.wire.sent[2].body, "event"), "granted");
    assert_text(member_of(process.wire.sent[2].body, "host"), "web01");
    process.wire.answer(1, 200);
    process.wire.answer(2, 202);
    process.run(1200ms);
    assert_int_equal(process.count("notice"), 0);
    assert_int_equal(process.count("sqlite_sequence WHERE name = 'notice' AND seq = 3"), 1);
}

void one_that_hangs_holds_up_nobody_else(void **)
{
    const Folder folder;
    Process process{folder};
    process.notices->use(make_settings({make_webhook("a", Format::json, all_events),
                                        make_webhook("b", Format::json, all_events)}));
    for (int i = 0; i < 20; ++i)
        assert_true(process.write(Event::requested, id_of(i)));
    process.run(150ms);
    int seen = 0;
    for (std::vector<std::size_t> open; !(open = process.wire.open("https://b.")).empty(); ++seen) {
        assert_int_equal(open.size(), 1);
        assert_text(member_of(process.wire.sent[open[0]].body, "request"), id_of(seen));
        process.wire.answer(open[0], 200);
    }
    assert_int_equal(seen, 20);
    assert_int_equal(process.wire.open("https://a.").size(), 1);
    process.run(1200ms);
    assert_int_equal(process.count("notice"), 20);
}

void what_was_not_sent_is_sent_after_a_restart_in_its_order(void **)
{
    const Folder folder;
    const auto webhooks = [] {
        return make_settings({make_webhook("a", Format::json, all_events)});
    };
    {
        Process process{folder};
        process.notices->use(webhooks());
        for (int i = 0; i < 4; ++i)
            assert_true(process.write(Event::requested, id_of(i)));
        process.run(150ms);
        process.wire.answer(0, 200);
        process.wire.answer(1, 503);
        process.notices->stop(); // an orderly end; without it the first is sent twice
    }
    Process process{folder};
    process.notices->use(webhooks());
    process.run(150ms);
    for (std::size_t i = 0; i < 3; ++i) {
        assert_text(member_of(process.wire.sent.at(i).body, "request"),
                    id_of(static_cast<int>(i) + 1));
        process.wire.answer(i, 200);
    }
    assert_int_equal(process.wire.sent.size(), 3);
}

void a_reload_drops_what_waits_for_webhooks_that_are_gone_and_keeps_the_rest(void **)
{
    const Folder folder;
    Process process{folder};
    const policy::Webhook a = make_webhook("a", Format::json, all_events);
    const policy::Webhook b = make_webhook("b", Format::json, all_events);
    process.notices->use(make_settings({a, b}));
    assert_true(process.write(Event::requested, id_of(1)));
    process.run(150ms);
    process.notices->use(make_settings({a, b})); // nothing new: what is on its way goes on
    assert_int_equal(process.clients, 1);
    assert_int_equal(process.wire.open("https://").size(), 2);
    process.notices->use(Settings{}); // a file with an error silences nobody
    assert_int_equal(process.count("notice"), 2);
    assert_true(process.write(Event::granted, id_of(1)));
    assert_int_equal(process.count("notice"), 4);
    process.notices->use(make_settings({b}));
    assert_int_equal(process.count("notice"), 2);
    assert_int_equal(process.clients, 2);
    process.run(150ms);
    const auto open = process.wire.open("https://b.");
    assert_int_equal(open.size(),
                     1); // once more, since the answer to the first went with the client
    assert_text(member_of(process.wire.sent[open[0]].body, "event"), "requested");
    assert_true(process.wire.open("https://a.").empty());
    process.notices->use(make_settings({}));
    assert_int_equal(process.count("notice"), 0);
    assert_true(process.write(Event::revoked, id_of(1)));
    assert_int_equal(process.count("notice"), 0);
}

void json_is_signed_with_the_time_and_nothing_else_is(void **)
{
    const Folder folder;
    Process process{folder};
    Settings settings = make_settings(
        {make_webhook("a", Format::json, all_events), make_webhook("b", Format::json, all_events)});
    settings.webhook_keys[0] = std::make_shared<const SecretString>("0123456789abcdef");
    process.notices->use(settings);
    assert_true(process.write(Event::requested, id_of(1)));
    process.run(150ms);
    const Wire::Sent &sent = process.wire.sent.at(process.wire.open("https://a.").at(0));
    assert_text(process.wire.sent.at(process.wire.open("https://b.").at(0)).signature, "");
    const std::size_t comma = sent.signature.find(",v1=");
    assert_true(sent.signature.starts_with("t=") && comma != std::string::npos);
    const std::string at = sent.signature.substr(2, comma - 2);
    const auto seconds = wall_time().time_since_epoch().count() - std::stoll(at);
    assert_true(seconds >= 0 && seconds < 10);
    assert_text(sent.signature.substr(comma + 4),
                *sys::hmac_sha256_hex("0123456789abcdef", at + "." + sent.body));
    // Another key is another webhook to be told: what waits is signed with it.
    settings.webhook_keys[0] = std::make_shared<const SecretString>("another-key-of-ours");
    process.notices->use(settings);
    assert_int_equal(process.clients, 2);
}

void a_code_is_in_memory_and_in_the_message_and_never_in_the_ledger(void **)
{
    const Folder folder;
    Process process{folder};
    policy::Webhook with = make_webhook("a", Format::json, all_events);
    with.codes = true;
    process.notices->use(make_settings({with, make_webhook("b", Format::json, all_events)}));
    const auto keep = [&](const std::string &request) {
        NoticeCode code;
        code.uri = "https://login.microsoft.com/device";
        code.user_code = SecretString{"WXYZ-" + request.substr(12)};
        process.notices->keep_code(request, std::move(code));
    };
    for (const int i : {1, 2}) {
        keep(id_of(i));
        assert_true(process.write(Event::requested, id_of(i)));
    }
    process.run(150ms);
    for (const char *part : {"https://a.", "https://b."}) {
        const Wire::Sent &sent = process.wire.sent.at(process.wire.open(part).at(0));
        assert_true((sent.body.find("WXYZ-0001") != std::string::npos) == (part[8] == 'a'));
    }
    process.notices->forget_code(id_of(2)); // its request is over by now
    process.wire.answer(process.wire.open("https://a.").at(0), 200);
    const Wire::Sent &second = process.wire.sent.at(process.wire.open("https://a.").at(0));
    assert_text(member_of(second.body, "request"), id_of(2));
    assert_true(second.body.find("WXYZ") == std::string::npos);
    for (const auto &file : std::filesystem::directory_iterator{folder.path}) {
        std::stringstream bytes;
        bytes << std::ifstream{file.path()}.rdbuf();
        assert_true(bytes.str().find("WXYZ") == std::string::npos);
        assert_true(bytes.str().find(token) == std::string::npos); // nor an address
        assert_true(bytes.str().find(".example.org") == std::string::npos);
    }
}

void the_oldest_go_when_too_many_wait_for_one_webhook_and_no_other_loses_any(void **)
{
    const Folder folder;
    auto store = *Store::open(folder.path + "/jit.db", 10'000);
    const auto put = [&](const char *webhook) {
        const StoredNotice one[] = {{0, webhook, WallTime{1s}, "text"}};
        assert_true(store->append_audit("requested", "{}", nullptr, one).has_value());
    };
    put("other");
    for (std::size_t i = 0; i < limits::notices_of_one_webhook; ++i)
        put("hanging");
    assert_int_equal(store->take_dropped_notices(), 0);
    put("hanging");
    put("hanging");
    assert_int_equal(store->take_dropped_notices(), 2);
    assert_int_equal(store->take_dropped_notices(), 0);
    assert_int_equal((*store->next_notice("other", 0))->seq, 1);
    assert_int_equal((*store->next_notice("hanging", 0))->seq, 4);
    assert_false(store->next_notice("other", 1)->has_value());
}

void a_ledger_without_room_for_notices_still_takes_the_record(void **)
{
    const Folder folder;
    Process process{folder, 48};
    // So many that they need some pages; a record alone needs at most one.
    std::vector<policy::Webhook> many;
    for (int i = 0; i < 16; ++i)
        many.push_back(make_webhook("h" + std::to_string(i), Format::json, all_events));
    process.notices->use(make_settings(many));
    int alone = 0;
    for (int i = 0; i < 1000; ++i) {
        const int before = process.count("notice");
        if (!process.write(Event::requested, id_of(i), std::string(400, 'x')))
            break;
        const int after = process.count("notice");
        assert_true(after == before || after == before + 16); // all or none
        alone += after == before ? 1 : 0;
    }
    assert_true(alone > 0);
}

void without_webhooks_nothing_is_made_of_a_record(void **)
{
    const Folder folder;
    Process process{folder};
    process.notices->use(make_settings({}));
    assert_int_equal(process.clients, 0);
    for (int i = 0; i < 100; ++i)
        assert_true(process.notices->of_record(AuditRecord{}, WallTime{}, nullptr).empty());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_webhook_is_told_what_it_asked_for_in_order_and_in_its_format),
        cmocka_unit_test(one_that_hangs_holds_up_nobody_else),
        cmocka_unit_test(what_was_not_sent_is_sent_after_a_restart_in_its_order),
        cmocka_unit_test(a_reload_drops_what_waits_for_webhooks_that_are_gone_and_keeps_the_rest),
        cmocka_unit_test(json_is_signed_with_the_time_and_nothing_else_is),
        cmocka_unit_test(a_code_is_in_memory_and_in_the_message_and_never_in_the_ledger),
        cmocka_unit_test(the_oldest_go_when_too_many_wait_for_one_webhook_and_no_other_loses_any),
        cmocka_unit_test(a_ledger_without_room_for_notices_still_takes_the_record),
        cmocka_unit_test(without_webhooks_nothing_is_made_of_a_record),
    };
    return cmocka_run_group_tests_name("jitd/notices", tests, nullptr, nullptr);
}
