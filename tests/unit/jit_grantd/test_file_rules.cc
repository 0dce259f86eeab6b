#include "tests/unit/cmocka_cpp.h"

#include "jit_grantd/file_rules.h"
#include "lib/sys/digest.h"
#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;

namespace {

constexpr const char *good_config = "[identity]\n"
                                    "tenant = \"6f1c0000-0000-4000-8000-000000000000\"\n"
                                    "client_id = \"6f1c0000-0000-4000-8000-000000000001\"\n"
                                    "[users]\n"
                                    "map = { alice = \"aaaaaaaa-0000-4000-8000-000000000001\" }\n";

std::string role(const std::string &name)
{
    return "[role." + name +
           "]\n"
           "description = \"d\"\n"
           "groups = [\"jit-dba\"]\n"
           "requesters = [\"user:aaaaaaaa-0000-4000-8000-000000000001\"]\n"
           "max_duration = \"1h\"\n";
}

struct FakeSource : FileRules::Source {
    Result<std::vector<policy::SourceFile>> policy(std::string &faulty) override
    {
        if (!error)
            return files;
        faulty = at_fault;
        return *error;
    }
    Result<policy::SourceFile> config(std::string &) override
    {
        if (config_error)
            return *config_error;
        return policy::SourceFile{"/etc/jit/jitd.toml", text};
    }
    std::vector<policy::SourceFile> files{{"/etc/jit/policy.d/10.toml", role("dba")}};
    std::optional<Error> error;
    std::string at_fault;
    std::string text = good_config;
    std::optional<Error> config_error;
};

struct Setup {
    World world;
    FakeSource source;
    // A new one each time, as each process has it.
    FileRules rules() { return {world.places, source, world.disk, world.records}; }
    void expect_misconfigured()
    {
        const auto answer = rules().read();
        assert_false(answer.has_value());
        assert_int_equal(static_cast<int>(answer.refusal().kind),
                         static_cast<int>(Refusal::Kind::misconfigured));
        assert_false(answer.refusal().text.empty());
    }
};

void a_good_policy_is_read_with_the_digest_of_its_text(void **)
{
    Setup setup;
    const auto answer = setup.rules().read();
    assert_true(answer.has_value());
    assert_non_null(answer->policy->find("dba"));
    assert_text(answer->config.person_of("alice"), alice_oid);
    assert_false(answer->is_last_good);
    assert_text(answer->digest, *sys::sha256_hex(policy::canonical_text(setup.source.files)));
}

void a_fault_leaves_the_last_good_set_with_its_digest(void **)
{
    Setup setup;
    const std::string digest = setup.rules().read()->digest;
    setup.source.files[0].text = "[role.dba";
    const auto answer = setup.rules().read();
    assert_true(answer.has_value());
    assert_true(answer->is_last_good);
    assert_text(answer->digest, digest);
    assert_non_null(answer->policy->find("dba"));
    assert_text(answer->config.person_of("alice"), alice_oid);
    assert_int_equal(setup.world.records.lines.size(), 1);
}

void a_good_set_is_kept_though_nobody_used_it(void **)
{
    Setup setup;
    setup.rules().keep_good();
    setup.source.files[0].text = "[role";
    setup.rules().keep_good();
    const auto answer = setup.rules().read();
    assert_true(answer.has_value() && answer->is_last_good);
}

void files_that_others_may_write_leave_the_last_good_set(void **)
{
    Setup setup;
    assert_true(setup.rules().read().has_value());
    setup.source.error = Error{Code::denied, "others than its owner may write it"};
    setup.source.at_fault = "/etc/jit/policy.d";
    assert_true(setup.rules().read()->is_last_good);
}

void the_last_good_set_is_the_latest_one(void **)
{
    Setup setup;
    assert_true(setup.rules().read().has_value());
    setup.source.files = {{"/etc/jit/policy.d/10.toml", role("other")}};
    assert_true(setup.rules().read().has_value());
    setup.source.files[0].text = "x";
    const auto answer = setup.rules().read();
    assert_true(answer.has_value() && answer->is_last_good);
    assert_null(answer->policy->find("dba"));
    assert_non_null(answer->policy->find("other"));
}

void a_fault_without_a_last_good_set_is_misconfigured(void **)
{
    Setup setup;
    setup.source.files[0].text = "[role.dba";
    setup.expect_misconfigured();
}

void a_damaged_last_good_set_is_no_policy(void **)
{
    Setup setup;
    assert_true(setup.rules().read().has_value());
    setup.source.files[0].text = "x";
    const std::string kept = setup.world.places.state + "/last-good.json";
    for (const char *text : {"", "{", "{}", "{\"files\":[]}", "{\"files\":[[\"a\"]]}", "[1]"}) {
        setup.world.put(kept, text);
        setup.expect_misconfigured();
    }
}

void no_folder_and_an_empty_one_have_no_substitute(void **)
{
    Setup setup;
    assert_true(setup.rules().read().has_value());
    setup.source.error = Error{Code::not_found, "no such file"};
    setup.expect_misconfigured();
    setup.source.error.reset();
    setup.source.files.clear();
    setup.expect_misconfigured();
}

void a_configuration_that_is_missing_or_wrong_has_no_substitute(void **)
{
    Setup setup;
    assert_true(setup.rules().read().has_value());
    setup.source.text = "[identity]\nnonsense = 1\n";
    setup.expect_misconfigured();
    setup.source.config_error = Error{Code::not_found, "no such file"};
    setup.expect_misconfigured();
}

void a_policy_that_cannot_be_kept_is_not_used(void **)
{
    Setup setup;
    setup.world.script.fail_at = 0;
    const auto answer = setup.rules().read();
    assert_false(answer.has_value());
    assert_int_equal(static_cast<int>(answer.refusal().kind),
                     static_cast<int>(Refusal::Kind::unavailable));
}

void a_set_that_is_kept_already_is_not_written_again(void **)
{
    Setup setup;
    FileRules rules = setup.rules();
    assert_true(rules.read().has_value());
    assert_true(rules.read().has_value());
    assert_true(setup.rules().read().has_value());
    assert_int_equal(setup.world.script.steps.size(), 1);
}

void what_was_parsed_is_parsed_again_when_a_text_has_changed(void **)
{
    Setup setup;
    FileRules rules = setup.rules();
    const auto first = rules.read()->policy;
    assert_ptr_equal(rules.read()->policy.get(), first.get());
    setup.source.files[0].text = role("web");
    assert_non_null(rules.read()->policy->find("web"));
    // With a fault both texts are known: the one that has it, and the one that stays.
    setup.source.files[0].text = "[role.dba";
    const auto last_good = rules.read();
    assert_true(last_good->is_last_good && last_good->policy->find("web") != nullptr);
    assert_ptr_equal(rules.read()->policy.get(), last_good->policy.get());
    setup.source.files[0].text = role("dba");
    const auto again = rules.read();
    assert_true(!again->is_last_good && again->policy->find("dba") != nullptr);
    // The same text, where jitd.toml has changed.
    setup.source.text += "# more\n";
    assert_ptr_not_equal(rules.read()->policy.get(), again->policy.get());
}

// As jitd does: what one of them takes for good the other must, since the digests are compared.
void a_role_that_the_configuration_has_nothing_for_is_a_fault(void **)
{
    Setup setup;
    const std::string digest = setup.rules().read()->digest;
    setup.source.files[0].text += "[role.dba.approval]\nmode = \"approver\"\n"
                                  "approvers = [\"group:9a000000-0000-4000-8000-000000000001\"]\n";
    setup.rules().keep_good();
    const auto without = setup.rules().read();
    assert_true(without.has_value() && without->is_last_good);
    assert_text(without->digest, digest);
    const std::string users = "[users]";
    setup.source.text.insert(setup.source.text.find(users),
                             "approver_client_id = \"6f1c0000-0000-4000-8000-000000000002\"\n");
    setup.rules().keep_good();
    const auto with = setup.rules().read();
    assert_true(with.has_value() && !with->is_last_good);
    // Where it is gone again the set that was kept is none any more, either.
    setup.source.text = good_config;
    setup.expect_misconfigured();
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_good_policy_is_read_with_the_digest_of_its_text),
        cmocka_unit_test(a_fault_leaves_the_last_good_set_with_its_digest),
        cmocka_unit_test(a_good_set_is_kept_though_nobody_used_it),
        cmocka_unit_test(files_that_others_may_write_leave_the_last_good_set),
        cmocka_unit_test(the_last_good_set_is_the_latest_one),
        cmocka_unit_test(a_fault_without_a_last_good_set_is_misconfigured),
        cmocka_unit_test(a_damaged_last_good_set_is_no_policy),
        cmocka_unit_test(no_folder_and_an_empty_one_have_no_substitute),
        cmocka_unit_test(a_configuration_that_is_missing_or_wrong_has_no_substitute),
        cmocka_unit_test(a_policy_that_cannot_be_kept_is_not_used),
        cmocka_unit_test(a_set_that_is_kept_already_is_not_written_again),
        cmocka_unit_test(what_was_parsed_is_parsed_again_when_a_text_has_changed),
        cmocka_unit_test(a_role_that_the_configuration_has_nothing_for_is_a_fault),
    };
    return cmocka_run_group_tests_name("jit_grantd/file_rules", tests, nullptr, nullptr);
}
