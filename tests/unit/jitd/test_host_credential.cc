// The host's own token: from which files, by which requests, and for whom.
#include "tests/unit/cmocka_cpp.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "jitd/host_credential.h"
#include "jitd/host_key_file.h"
#include "lib/sys/secret_file.h"
#include "tests/unit/jitd/graph_wire.h"
#include "tests/unit/jitd/session_script.h"
#include "tests/unit/oidc/made_key.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using policy::Config;
using std::chrono::seconds;

namespace {

oidc::EvpKey key;
oidc::MadeCertificate certificate;

struct Host {
    explicit Host(Config::Credential way) : way_(way) { make(); }
    void make()
    {
        std::shared_ptr<const oidc::HostKey> pair;
        if (way_ == Config::Credential::certificate)
            pair = *oidc::HostKey::read(oidc::pem_of(certificate.get()),
                                        SecretString{oidc::pkcs8_of(key.get())});
        credential = *HostCredential::make({loop.get(), wire, cache, way_, world.expected.client_id,
                                            pair, folder.path + "/tokens"});
    }
    void ask()
    {
        credential->ask([this](const SecretString *token, const std::string &graph_host,
                               const oidc::TokenFailed &failed) {
            said.push_back(token != nullptr ? std::string{token->reveal()} + " " + graph_host
                                            : "no: " + failed.advice);
        });
    }
    void answer(const std::string &body, long status = 200)
    {
        wire.answer_all([&](const oidc::HttpRequest &request) {
            asked = request.url;
            form = request.form.reveal();
            basic = request.basic.reveal();
            const bool is_document = asked.find("openid-configuration") != std::string::npos;
            return is_document ? reply_of(document_of(world.expected.issuer))
                               : reply_of(body, status);
        });
    }

    struct Entra : World {
        Entra() { expected.graph_hosts = {"graph.microsoft.com"}; }
    };
    Entra world;
    sys::test::Folder folder;
    sys::Loop loop = *sys::make_loop();
    GraphWire wire;
    BootTime wakes_at{};
    ProviderCache cache{wire, world.expected, "", [this](BootTime at) { wakes_at = at; }, ""};
    std::unique_ptr<HostCredential> credential;
    std::vector<std::string> said;
    std::string asked, form, basic;

  private:
    Config::Credential way_;
};

constexpr const char *good = R"({"access_token":"at.1","expires_in":"3599","token_type":"Bearer"})";

void a_certificate_gets_one_token_for_all_who_ask(void **)
{
    Host host{Config::Credential::certificate};
    host.ask();
    host.ask();
    host.answer(good);
    assert_text(host.asked, "https://login.microsoftonline.com/token");
    assert_true(host.form.find("client_assertion=") != std::string::npos);
    assert_true(host.form.find("graph.microsoft.com%2F.default") != std::string::npos);
    assert_int_equal(host.said.size(), 2);
    assert_text(host.said[0], "at.1 graph.microsoft.com");
    assert_text(host.said[1], "at.1 graph.microsoft.com");
    assert_int_equal(host.wire.count("/token"), 1);
    host.ask();
    assert_int_equal(host.said.size(), 3); // from memory
    host.credential->drop();
    host.ask();
    host.answer(R"({"access_token":"at.2","expires_in":3599,"token_type":"Bearer"})");
    assert_text(host.said.back(), "at.2 graph.microsoft.com");
}

void a_refusal_says_what_to_do_and_is_not_repeated_at_once(void **)
{
    Host host{Config::Credential::certificate};
    host.ask();
    host.answer(R"({"error":"invalid_client","error_codes":[700027]})", 401);
    assert_int_equal(host.said.size(), 1);
    assert_true(host.said[0].find("does not know this host's certificate") != std::string::npos);
    host.ask();
    assert_text(host.said.back(), host.said.front());
    assert_int_equal(host.wire.count("/token"), 1);
}

void a_provider_that_is_away_fails_it(void **)
{
    Host host{Config::Credential::imds};
    host.ask();
    for (int tried = 0; tried < 3; ++tried) {
        assert_int_equal(host.said.size(), 0);
        host.wire.answer_all([](const oidc::HttpRequest &) { return oidc::HttpReply{}; });
        host.cache.on_time(host.wakes_at);
    }
    assert_int_equal(host.said.size(), 1);
    assert_true(host.said[0].find("can't be reached") != std::string::npos);
}

void imds_is_asked_at_its_own_address(void **)
{
    Host host{Config::Credential::imds};
    host.ask();
    host.answer(good);
    assert_true(host.asked.starts_with("http://169.254.169.254/metadata/identity/oauth2/token?"));
    assert_text(host.said.back(), "at.1 graph.microsoft.com");
}

void arc_is_shown_the_key_that_it_names(void **)
{
    Host host{Config::Credential::arc};
    host.folder.make("tokens");
    host.folder.put("tokens/1.key", "a2V5\n");
    host.ask();
    host.wire.answer_all([&](const oidc::HttpRequest &request) {
        if (request.url.find("openid-configuration") != std::string::npos)
            return reply_of(document_of(host.world.expected.issuer));
        assert_true(request.url.starts_with("http://localhost:40342/"));
        if (!request.basic.empty()) {
            assert_text(request.basic.reveal(), "a2V5");
            return reply_of(good);
        }
        oidc::HttpReply challenge = reply_of("", 401);
        challenge.www_authenticate = "Basic realm=" + host.folder.path + "/tokens/1.key";
        return challenge;
    });
    assert_text(host.said.back(), "at.1 graph.microsoft.com");
    // A file elsewhere is never shown to anybody.
    host.make();
    host.ask();
    host.wire.answer_all([&](const oidc::HttpRequest &request) {
        assert_true(request.basic.empty());
        oidc::HttpReply challenge = reply_of("", 401);
        challenge.www_authenticate = "Basic realm=/etc/passwd";
        return challenge;
    });
    assert_true(host.said.back().find("can't be read") != std::string::npos);
}

void nobody_is_called_after_it_has_gone(void **)
{
    Host host{Config::Credential::imds};
    host.ask();
    host.credential.reset(); // while the provider's document is awaited
    host.answer(good);
    assert_int_equal(host.said.size(), 0);
    host.make();
    host.ask();
    assert_int_equal(host.wire.open.size(), 1);
    host.credential.reset(); // while the token is
    assert_int_equal(host.wire.open.size(), 0);
}

// --- the files -----------------------------------------------------------------------------------

// Below /run: every folder above is root's alone, which /tmp is not.
struct Files {
    Files()
    {
        char name[] = "/run/jit-key-test-XXXXXX";
        root = mkdtemp(name);
        (void)chmod(root.c_str(), 0755);
        put("host.pem", oidc::pem_of(certificate.get()), 0644);
        put("host.key", oidc::pkcs8_of(key.get()), 0600);
        config.credential = Config::Credential::certificate;
        config.certificate = root + "/host.pem";
        config.key = root + "/host.key";
    }
    ~Files() { std::filesystem::remove_all(root); }
    Files(const Files &) = delete;
    Files &operator=(const Files &) = delete;
    void put(const std::string &name, const std::string &text, mode_t mode) const
    {
        std::ofstream{root + "/" + name} << text;
        (void)chmod((root + "/" + name).c_str(), mode);
    }
    // Empty: it was read.
    std::string fault(const std::string &credentials = {}) const
    {
        const auto read = read_host_key(config, credentials);
        const auto *fault = std::get_if<policy::Diagnostic>(&read);
        return fault == nullptr ? "" : fault->file + ": " + fault->text;
    }
    bool is_faulty(std::string_view part, const std::string &credentials = {}) const
    {
        const std::string found = fault(credentials);
        if (found.find(part) == std::string::npos || found.find('\n') != std::string::npos)
            print_message("%s\n", found.c_str());
        return found.find(part) != std::string::npos && found.find('\n') == std::string::npos;
    }

    std::string root;
    Config config;
};

bool may_not_run()
{
    if (geteuid() != 0)
        print_message("skipped: needs to be root, whose files are read\n");
    return geteuid() != 0;
}

void a_key_that_others_may_read_is_a_fault(void **)
{
    if (may_not_run())
        return;
    const Files files;
    assert_text(files.fault(), "");
    const std::string path = files.config.key;
    for (const mode_t mode : {0604U, 0602U, 0601U, 0620U, 0660U}) {
        (void)chmod(path.c_str(), mode);
        assert_true(files.is_faulty("chmod 0600 " + path));
    }
    (void)chmod(path.c_str(), 0640); // of a group that is our own
    assert_text(files.fault(), "");
    assert_int_equal(chown(path.c_str(), 0, 65534), 0);
    assert_true(files.is_faulty("others than root and jit"));
    (void)chmod(path.c_str(), 0600);
    assert_text(files.fault(), "");
    assert_int_equal(chown(path.c_str(), 65534, 0), 0);
    assert_true(files.is_faulty("neither root nor jit"));
}

void what_is_no_key_is_a_fault(void **)
{
    if (may_not_run())
        return;
    const Files files;
    const std::string path = files.config.key;
    files.put("host.key", "", 0600);
    assert_true(files.is_faulty("empty"));
    files.put("host.key", "no key", 0600);
    assert_true(files.is_faulty("no PEM file"));
    files.put("host.key", std::string(70'000, 'x'), 0600);
    assert_true(files.is_faulty("too large"));
    std::filesystem::remove(path);
    assert_true(files.is_faulty("no such file"));
    std::filesystem::create_symlink("host.pem", path);
    assert_true(files.is_faulty("a link"));
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    assert_true(files.is_faulty("no regular file"));
    std::filesystem::remove(path);
    const oidc::EvpKey other = oidc::make_rsa_key();
    files.put("host.key", oidc::pkcs8_of(other.get()), 0600);
    assert_true(files.is_faulty("not of its key"));
    files.put("host.key", oidc::pkcs8_of(key.get()), 0600);
    files.put("host.pem", oidc::pem_of(certificate.get()), 0666);
    assert_true(files.is_faulty("certificate: "));
    std::filesystem::remove(files.config.certificate);
    assert_true(files.is_faulty("certificate: no such file"));
}

void a_key_by_name_is_systemd_s_credential(void **)
{
    if (may_not_run())
        return;
    Files files;
    files.config.key = "host.key";
    assert_true(files.is_faulty("LoadCredential=host.key:FILE"));
    assert_text(files.fault(files.root), "");
    assert_true(files.is_faulty("LoadCredential=host.key:FILE", files.root + "/none"));
}

int make_pair(void **)
{
    key = oidc::make_rsa_key();
    certificate = oidc::make_certificate(key.get());
    return key && certificate ? 0 : -1;
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_gets_one_token_for_all_who_ask),
        cmocka_unit_test(a_refusal_says_what_to_do_and_is_not_repeated_at_once),
        cmocka_unit_test(a_provider_that_is_away_fails_it),
        cmocka_unit_test(imds_is_asked_at_its_own_address),
        cmocka_unit_test(arc_is_shown_the_key_that_it_names),
        cmocka_unit_test(nobody_is_called_after_it_has_gone),
        cmocka_unit_test(a_key_that_others_may_read_is_a_fault),
        cmocka_unit_test(what_is_no_key_is_a_fault),
        cmocka_unit_test(a_key_by_name_is_systemd_s_credential),
    };
    return cmocka_run_group_tests_name("jitd/host_credential", tests, make_pair, nullptr);
}
