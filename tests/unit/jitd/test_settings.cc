// Settings from files that root owns.
#include "tests/unit/cmocka_cpp.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "jitd/settings.h"

using namespace jit;
using namespace jit::daemon;

namespace {

constexpr const char *good_config = R"(
[identity]
tenant    = "6f1c0000-0000-4000-8000-000000000000"
client_id = "c11e0000-0000-4000-8000-000000000000"
[users]
map = { alice = "A11CE000-0000-4000-8000-000000000001" }
[host]
name = "web01"
)";
constexpr const char *good_policy = R"(
[role.web]
groups       = ["jit-web"]
requesters   = ["user:a11ce000-0000-4000-8000-000000000001"]
services     = ["sudo"]
max_duration = "1h"
)";

// Below /run: every folder above is root's alone, which /tmp is not.
struct Files {
    Files()
    {
        char name[] = "/run/jit-settings-test-XXXXXX";
        root = mkdtemp(name);
        std::filesystem::create_directories(root + "/policy.d");
        std::filesystem::create_directories(root + "/state");
        for (const char *folder : {"", "/policy.d", "/state"})
            (void)chmod((root + folder).c_str(), 0755);
        put("jitd.toml", good_config);
        put("policy.d/web.toml", good_policy);
    }
    ~Files() { std::filesystem::remove_all(root); }
    Files(const Files &) = delete;
    Files &operator=(const Files &) = delete;
    void put(const std::string &name, const std::string &text) const
    {
        std::ofstream{root + "/" + name} << text;
        (void)chmod((root + "/" + name).c_str(), 0644);
    }
    Settings load() const
    {
        return load_settings({root + "/jitd.toml", root + "/policy.d", root + "/state", ""});
    }
    std::string root;
};

bool may_not_run()
{
    if (geteuid() == 0)
        return false;
    print_message("skipped: needs to be root, who must own what is read\n");
    return true;
}

void good_files_are_in_force(void **)
{
    if (may_not_run())
        return;
    const Files files;
    const Settings settings = files.load();
    assert_true(settings.config.has_value() && settings.policy.has_value());
    assert_true(settings.config_faults.empty());
    assert_false(policy::has_error(settings.policy_faults));
    assert_false(settings.is_last_good);
    assert_int_equal(settings.policy_digest.size(), 64);
    assert_text(settings.host.name, "web01");
    assert_text(settings.expected.tenant, "6f1c0000-0000-4000-8000-000000000000");
    assert_text(settings.config->person_of("alice"), "a11ce000-0000-4000-8000-000000000001");
}

void an_error_brings_the_last_good_policy_back(void **)
{
    if (may_not_run())
        return;
    const Files files;
    const std::string digest = files.load().policy_digest;
    files.put("policy.d/web.toml", "[role.web\n");
    for (int run = 0; run < 2; ++run) {
        const Settings settings = files.load();
        assert_true(settings.policy.has_value() && settings.is_last_good);
        assert_true(policy::has_error(settings.policy_faults));
        assert_text(settings.policy_digest, digest);
        assert_non_null(settings.policy->find("web"));
    }
    // Of two files one is enough to reject the set.
    files.put("policy.d/web.toml", good_policy);
    files.put("policy.d/zone.toml", "x");
    assert_true(files.load().is_last_good);
    std::filesystem::remove(files.root + "/policy.d/zone.toml");
    assert_false(files.load().is_last_good);
}

void a_role_that_the_configuration_has_nothing_for_is_a_fault(void **)
{
    if (may_not_run())
        return;
    const Files files;
    const std::string digest = files.load().policy_digest;
    files.put("policy.d/web.toml", std::string{good_policy} +
                                       "[role.web.approval]\nmode = \"watch\"\n"
                                       "pim_group = \"9a000000-0000-4000-8000-000000000001\"\n");
    const Settings without = files.load();
    assert_true(without.is_last_good && policy::has_error(without.policy_faults));
    assert_text(without.policy_digest, digest);
    std::string config = good_config;
    config.insert(config.find("[users]"), "credential = \"imds\"\n");
    files.put("jitd.toml", config);
    const Settings with = files.load();
    assert_true(with.policy.has_value() && !with.is_last_good);
    assert_true(with.policy->find("web")->approval.mode == policy::Approval::Mode::watch);
}

void an_error_without_a_last_good_policy_means_none(void **)
{
    if (may_not_run())
        return;
    for (const char *kept : {"", "[]", "{}", "[{\"name\":\"a\"}]",
                             "[{\"name\":\"a\",\"text\":\"x\"}]", "[1]", "\xFF"}) {
        const Files files;
        files.put("policy.d/web.toml", "[role.web\n");
        if (*kept != '\0')
            files.put("state/policy.last-good", kept);
        const Settings settings = files.load();
        assert_false(settings.policy.has_value());
        assert_false(settings.is_last_good);
        assert_true(policy::has_error(settings.policy_faults));
    }
}

void no_policy_file_means_none_whatever_was_kept(void **)
{
    if (may_not_run())
        return;
    const Files files;
    assert_true(files.load().policy.has_value());
    std::filesystem::remove(files.root + "/policy.d/web.toml");
    assert_false(files.load().policy.has_value());
    std::filesystem::remove_all(files.root + "/policy.d");
    const Settings gone = files.load();
    assert_false(gone.policy.has_value());
    assert_true(policy::has_error(gone.policy_faults));
}

void a_policy_that_others_can_write_is_not_read(void **)
{
    if (may_not_run())
        return;
    const Files files;
    (void)chmod((files.root + "/policy.d/web.toml").c_str(), 0664);
    assert_false(files.load().policy.has_value());
    (void)chmod((files.root + "/policy.d/web.toml").c_str(), 0644);
    assert_int_equal(chown((files.root + "/policy.d/web.toml").c_str(), 1, 0), 0);
    assert_false(files.load().policy.has_value());
    assert_int_equal(chown((files.root + "/policy.d/web.toml").c_str(), 0, 0), 0);
    (void)chmod((files.root + "/policy.d").c_str(), 0777);
    const Settings settings = files.load();
    assert_false(settings.policy.has_value());
    assert_true(summarize(settings.policy_faults).find("expected owner root") != std::string::npos);
}

void a_bad_configuration_is_none_and_says_why(void **)
{
    if (may_not_run())
        return;
    const Files files;
    files.put("jitd.toml", "[identity]\ntenant = 1\nclient_id = 2\n");
    const Settings settings = files.load();
    assert_false(settings.config.has_value());
    const std::string line = summarize(settings.config_faults);
    assert_true(line.find("jitd.toml:2:") != std::string::npos);
    assert_true(line.find(" more)") != std::string::npos);
    assert_true(line.find('\n') == std::string::npos);
    std::filesystem::remove(files.root + "/jitd.toml");
    assert_false(files.load().config.has_value());
    assert_text(summarize({}), "");
}

// --- the provider's cache ---------------------------------------------------------------------

void a_key_that_signs_notices_is_a_credential_or_a_fault_that_says_what_to_do(void **)
{
    if (may_not_run())
        return;
    const Files files;
    files.put("jitd.toml", std::string{good_config} +
                               "[[notify.webhooks]]\nurl = \"https://hooks.example.org/SeCrEt\"\n"
                               "format = \"json\"\nhmac_key = \"notify-key\"\n"
                               "[[notify.webhooks]]\nurl = \"https://hooks.example.org/SeCrEt\"\n"
                               "format = \"slack\"\n");
    const auto load = [&](const std::string &credentials) {
        return load_settings({files.root + "/jitd.toml", files.root + "/policy.d",
                              files.root + "/state", credentials});
    };
    const auto is_faulty = [&](const std::string &credentials, const char *words) {
        const Settings settings = load(credentials);
        const std::string said = summarize(settings.config_faults);
        return !settings.config && said.find(words) != std::string::npos &&
               said.find("jitd.toml:12:12: hmac_key: ") != std::string::npos &&
               said.find("LoadCredential=notify-key:FILE") != std::string::npos &&
               said.find("SeCrEt") == std::string::npos;
    };
    assert_true(is_faulty("", "there is no such credential"));
    assert_true(is_faulty(files.root + "/none", "there is no such credential"));
    const std::string folder = files.root + "/state";
    assert_true(is_faulty(folder, "there is no such credential"));
    files.put("state/notify-key", "fifteen bytes..");
    assert_true(is_faulty(folder, "a key is 16 to 4096 bytes"));
    files.put("state/notify-key", "fifteen bytes..\n");
    assert_true(is_faulty(folder, "a key is 16 to 4096 bytes"));
    files.put("state/notify-key", std::string(4098, 'x'));
    assert_true(is_faulty(folder, "too large"));
    files.put("state/notify-key", std::string(4097, 'x'));
    assert_true(is_faulty(folder, "a key is 16 to 4096 bytes"));
    for (const char *key : {"sixteen bytes...", "sixteen bytes...\n"}) {
        files.put("state/notify-key", key);
        const Settings settings = load(folder);
        assert_text(summarize(settings.config_faults), "");
        assert_int_equal(settings.webhook_keys.size(), 2);
        assert_text(settings.webhook_keys[0]->reveal(), "sixteen bytes...");
        assert_true(settings.webhook_keys[1] == nullptr);
    }
    std::filesystem::rename(folder + "/notify-key", folder + "/other");
    std::filesystem::create_symlink("other", folder + "/notify-key");
    assert_true(is_faulty(folder, "there is no such credential"));
}

void authorities_that_others_can_write_are_a_fault_of_the_configuration(void **)
{
    if (may_not_run())
        return;
    const Files files;
    const std::string identity = "[identity]\n";
    std::string config = good_config;
    config.insert(config.find(identity) + identity.size(),
                  "ca_file = \"" + files.root + "/ca.pem\"\n");
    files.put("jitd.toml", config);
    assert_false(files.load().config.has_value());
    files.put("ca.pem", "roots");
    assert_text(files.load().ca_pem, "roots");
    (void)chmod((files.root + "/ca.pem").c_str(), 0666);
    const Settings settings = files.load();
    assert_false(settings.config.has_value());
    assert_int_equal(settings.config_faults.size(), 1);
    assert_text(settings.config_faults[0].file, files.root + "/ca.pem");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(good_files_are_in_force),
        cmocka_unit_test(an_error_brings_the_last_good_policy_back),
        cmocka_unit_test(a_role_that_the_configuration_has_nothing_for_is_a_fault),
        cmocka_unit_test(an_error_without_a_last_good_policy_means_none),
        cmocka_unit_test(no_policy_file_means_none_whatever_was_kept),
        cmocka_unit_test(a_policy_that_others_can_write_is_not_read),
        cmocka_unit_test(a_bad_configuration_is_none_and_says_why),
        cmocka_unit_test(a_key_that_signs_notices_is_a_credential_or_a_fault_that_says_what_to_do),
        cmocka_unit_test(authorities_that_others_can_write_are_a_fault_of_the_configuration),
    };
    return cmocka_run_group_tests_name("jitd/settings", tests, nullptr, nullptr);
}
