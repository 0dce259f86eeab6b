#include "tests/unit/cmocka_cpp.h"

#include "jitd/people.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::daemon;

namespace {

constexpr const char *alice_oid = "a11ce000-0000-4000-8000-000000000001";
constexpr const char *bob_oid = "b0b00000-0000-4000-8000-000000000002";

policy::Config make_config(bool is_by_name)
{
    policy::Config config;
    config.users.emplace("alice", alice_oid);
    if (is_by_name) {
        config.match = policy::Config::Match::upn;
        config.domain = "contoso.com";
    }
    return config;
}

struct Stage {
    sys::test::Folder folder;
    std::unique_ptr<Store> store = *Store::open(folder.path + "/jit.db", 1000);
    Pins pins{*store};

    policy::Person read(const std::string &user, const policy::Config &config)
    {
        return read_person(user, config, pins,
                           [](const std::string &) -> Result<std::vector<std::string>> {
                               return Error{Code::unavailable, "no file"};
                           });
    }
};

void root_vouches_by_the_map_for_each_user_in_it(void **)
{
    Stage stage;
    for (const bool is_by_name : {false, true}) {
        const policy::Person alice = stage.read("alice", make_config(is_by_name));
        assert_text(alice.oid, alice_oid);
        assert_true(alice.is_vouched);
        assert_false(alice.found_by_sign_in || alice.signed_in);
        assert_true(alice.local_groups.empty());
    }
    const policy::Person bob = stage.read("bob", make_config(false));
    assert_text(bob.oid, "");
    assert_false(bob.is_vouched || bob.found_by_sign_in);
}

void root_vouches_for_a_pin_by_confirming_it(void **)
{
    Stage stage;
    const policy::Config config = make_config(true);
    const policy::Person unknown = stage.read("bob", config);
    assert_true(unknown.found_by_sign_in);
    assert_false(unknown.is_vouched);

    assert_true(stage.pins.put({"bob", bob_oid, "bob@contoso.com", {}, false}).has_value());
    const policy::Person pinned = stage.read("bob", config);
    assert_text(pinned.oid, bob_oid);
    assert_false(pinned.is_vouched || pinned.found_by_sign_in);
    assert_true(stage.pins.confirm("bob").has_value());
    assert_true(stage.read("bob", config).is_vouched);
    // A pin says nothing where people are not found by name, or of who is in the map.
    assert_false(stage.read("bob", make_config(false)).is_vouched);
    assert_true(stage.pins.put({"alice", bob_oid, "alice@contoso.com", {}, false}).has_value());
    assert_text(stage.read("alice", config).oid, alice_oid);
    assert_true(stage.read("alice", config).is_vouched);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(root_vouches_by_the_map_for_each_user_in_it),
        cmocka_unit_test(root_vouches_for_a_pin_by_confirming_it),
    };
    return cmocka_run_group_tests_name("jitd/people", tests, nullptr, nullptr);
}
