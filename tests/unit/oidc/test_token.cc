// Judges tests/vectors/tokens.json, read from the top of the tree.
#include "tests/unit/cmocka_cpp.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/oidc/json.h"
#include "lib/oidc/signature.h"
#include "lib/oidc/token.h"
#include "tests/unit/oidc/second_judge.h"
#include "tests/unit/oidc/vectors.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

// One of the two providers of the vectors.
struct Profile {
    Expectations expected;
    KeySet keys;
};

std::unique_ptr<Vectors> vectors;
Profile entra;

Profile profile_of(std::string_view name, std::string_view keys_instead = {})
{
    return {vectors->expectations(name), read_keys(vectors->keys(name, keys_instead))};
}

int read_vectors(void **)
{
    vectors = std::make_unique<Vectors>();
    assert_true(vectors->is_there());
    entra = profile_of("entra");
    assert_true(!entra.keys.keys.empty() && !profile_of("plain").keys.keys.empty());
    return 0;
}

int free_vectors(void **)
{
    vectors.reset();
    return 0;
}

Judged judge(std::string_view token, const Profile &profile)
{
    return verify_id_token(token, profile.keys, profile.expected, vectors->now, vectors->began,
                           vectors->skew);
}

std::string verdict_of(const Judged &judged)
{
    const auto *fault = std::get_if<TokenFault>(&judged);
    return fault == nullptr ? "ok" : std::string{name_of(*fault)};
}

std::vector<std::string> list_of(const json_t *object, const char *name)
{
    std::vector<std::string> made;
    const json_t *list = json_object_get(object, name);
    for (std::size_t i = 0; i < json_array_size(list); ++i)
        made.emplace_back(json_string_value(json_array_get(list, i)));
    return made;
}

// What was read of a good token that the vector says otherwise; empty: nothing.
std::string difference(const Claims &claims, const json_t *one)
{
    const auto has = [&](const char *name) { return json_object_get(one, name) != nullptr; };
    const WallTime signed_in{seconds{json_integer_value(json_object_get(one, "authenticated_at"))}};
    struct Row {
        const char *what;
        bool is_same;
    };
    const Row rows[] = {
        {"oid", claims.oid == Vectors::text(one, "oid")},
        {"overage", claims.group_overage == json_is_true(json_object_get(one, "overage"))},
        {"groups",
         claims.groups.has_value() == has("groups") &&
             claims.groups.value_or(std::vector<std::string>{}) == list_of(one, "groups")},
        {"roles", claims.app_roles == list_of(one, "roles")},
        {"contexts", claims.contexts == list_of(one, "contexts")},
        {"authenticated_at", claims.authenticated_at.has_value() == has("authenticated_at") &&
                                 claims.authenticated_at.value_or(WallTime{}) == signed_in},
        {"guest", claims.is_guest == json_is_true(json_object_get(one, "guest"))},
        {"upn", !has("upn") || claims.upn == Vectors::text(one, "upn")},
        {"uti", !claims.uti.empty() && (!has("uti") || claims.uti == Vectors::text(one, "uti"))},
    };
    std::string named;
    for (const Row &row : rows)
        if (!row.is_same)
            named += std::string{" "} + row.what;
    return named;
}

void each_vector_is_judged_as_it_says(void **)
{
    int wrong = 0;
    int good = 0;
    int bad = 0;
    vectors->each([&](const json_t *one) {
        const std::string name = Vectors::text(one, "name");
        assert_false(Vectors::text(one, "tries").empty());
        const Judged judged =
            judge(Vectors::token_of(one),
                  profile_of(Vectors::text(one, "profile"), Vectors::text(one, "keys")));
        const std::string expected = Vectors::text(one, "expect");
        if (verdict_of(judged) != expected) {
            print_error("%s: %s, expected %s. %s\n", name.c_str(), verdict_of(judged).c_str(),
                        expected.c_str(), Vectors::text(one, "tries").c_str());
            ++wrong;
        }
        const auto *claims = std::get_if<Claims>(&judged);
        if (claims != nullptr && !difference(*claims, one).empty()) {
            print_error("%s: read otherwise:%s\n", name.c_str(), difference(*claims, one).c_str());
            ++wrong;
        }
        ++(claims != nullptr ? good : bad);
    });
    assert_int_equal(wrong, 0);
    assert_true(good >= 60 && bad >= 400);
}

// Good or bad of the whole token, by somebody who reads it for himself.
void both_judges_agree_on_each_vector(void **)
{
    int differ = 0;
    vectors->each([&](const json_t *one) {
        const std::string profile = Vectors::text(one, "profile");
        const std::string instead = Vectors::text(one, "keys");
        const std::string token = Vectors::token_of(one);
        const Terms terms{vectors->expectations(profile), vectors->keys(profile, instead),
                          vectors->now.time_since_epoch().count(),
                          vectors->began.time_since_epoch().count(), vectors->skew.count()};
        const bool first = verdict_of(judge(token, profile_of(profile, instead))) == "ok";
        if (would_accept(token, terms) != first) {
            print_error("the judges differ over %s\n", Vectors::text(one, "name").c_str());
            ++differ;
        }
    });
    assert_int_equal(differ, 0);
}

// What we say of a signature must be what OpenSSL says, of every vector that has three parts, RS256
// and a key, whatever else is wrong with it.
void both_judges_agree_on_each_signature(void **)
{
    int good = 0;
    int bad = 0;
    vectors->each([&](const json_t *one) {
        const KeySet keys = read_keys(vectors->keys(Vectors::text(one, "profile")));
        const std::string token = Vectors::token_of(one);
        const std::size_t first = token.find('.');
        const std::size_t last = token.rfind('.');
        const Json header = parse_object(evp_decode(token.substr(0, first)).value_or(""));
        const Key *key = keys.find(Vectors::text(header.get(), "kid"));
        const auto signature = evp_decode(token.substr(last + 1));
        if (first == token.npos || token.find('.', first + 1) != last || key == nullptr ||
            Vectors::text(header.get(), "alg") != "RS256" || !is_fit(*key) || !signature ||
            token.find('\0') != token.npos)
            return;
        const std::string_view view{token};
        const bool is_good =
            verify_rs256({view.substr(0, first), view.substr(first + 1, last - first - 1),
                          view.substr(last + 1)},
                         *key);
        const EvpKey evp = make_evp_key(key->n, key->e);
        if (evp_verifies(token.substr(0, last), *signature, evp.get()) != is_good) {
            print_error("the judges differ over %s\n", Vectors::text(one, "name").c_str());
            assert_true(false);
        }
        ++(is_good ? good : bad);
    });
    assert_true(good > 300 && bad > 30);
}

void no_single_changed_character_is_accepted(void **)
{
    const std::string token = vectors->token_named("entra");
    assert_text(verdict_of(judge(token, entra)), "ok");
    for (std::size_t i = 0; i < token.size(); ++i) {
        for (const char c : {'A', '-', '.', '\0', '\xff'}) {
            if (token[i] == c)
                continue;
            std::string changed = token;
            changed[i] = c;
            assert_string_not_equal(verdict_of(judge(changed, entra)).c_str(), "ok");
        }
        assert_string_not_equal(verdict_of(judge(token.substr(0, i), entra)).c_str(), "ok");
    }
}

void tokens_past_64_kib_are_refused_unread(void **)
{
    assert_text(verdict_of(judge(std::string(64 * 1024 + 1, 'a'), entra)), "malformed");
    assert_text(verdict_of(judge(std::string(64 * 1024, '.'), entra)), "malformed");
}

void a_skew_past_300_s_or_below_0_is_not_believed(void **)
{
    const auto verdict = [](seconds later, seconds skew) {
        return verdict_of(verify_id_token(vectors->token_named("entra"), entra.keys, entra.expected,
                                          vectors->now + later, vectors->began, skew));
    };
    // The token ends 3570 s after now.
    assert_text(verdict(seconds{3570 + 299}, seconds{86'400}), "ok");
    assert_text(verdict(seconds{3570 + 300}, seconds{86'400}), "expired");
    assert_text(verdict(seconds{3569}, seconds{-100}), "ok");
    assert_text(verdict(seconds{3570}, seconds{-100}), "expired");
}

void clocks_off_by_more_than_the_skew_are_noticed(void **)
{
    const auto verdict = [](seconds off) {
        return verdict_of(verify_id_token(vectors->token_named("entra"), entra.keys, entra.expected,
                                          vectors->now + off, vectors->began + off, vectors->skew));
    };
    assert_text(verdict(seconds{120}), "ok");
    assert_text(verdict(seconds{-120}), "ok");
    assert_text(verdict(seconds{360}), "stale");
    assert_text(verdict(seconds{-450}), "ok"); // iat and nbf are 330 s back
    assert_text(verdict(seconds{-451}), "not-yet-valid");
    assert_text(verdict(seconds{5400}), "expired");
    assert_text(verdict(seconds{-5400}), "not-yet-valid");
}

void empty_expectations_accept_nothing(void **)
{
    const std::string token = vectors->token_named("entra");
    Profile profile{entra.expected, entra.keys};
    profile.expected.client_id.clear();
    assert_text(verdict_of(judge(token, profile)), "wrong-audience");
    profile = Profile{entra.expected, entra.keys};
    profile.expected.tenant.clear();
    assert_string_not_equal(verdict_of(judge(token, profile)).c_str(), "ok");
    profile = Profile{entra.expected, {}};
    assert_text(verdict_of(judge(token, profile)), "unknown-key");
}

void times_and_token_id_are_handed_on(void **)
{
    const Judged judged = judge(vectors->token_named("entra"), entra);
    const Claims &claims = std::get<Claims>(judged);
    assert_text(claims.uti, "uti-1");
    assert_true(claims.issued_at == vectors->now - seconds{330});
    assert_true(claims.expires_at == vectors->now + seconds{3570});
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_vector_is_judged_as_it_says),
        cmocka_unit_test(both_judges_agree_on_each_vector),
        cmocka_unit_test(both_judges_agree_on_each_signature),
        cmocka_unit_test(no_single_changed_character_is_accepted),
        cmocka_unit_test(tokens_past_64_kib_are_refused_unread),
        cmocka_unit_test(a_skew_past_300_s_or_below_0_is_not_believed),
        cmocka_unit_test(clocks_off_by_more_than_the_skew_are_noticed),
        cmocka_unit_test(empty_expectations_accept_nothing),
        cmocka_unit_test(times_and_token_id_are_handed_on),
    };
    return cmocka_run_group_tests_name("oidc/token", tests, read_vectors, free_vectors);
}
