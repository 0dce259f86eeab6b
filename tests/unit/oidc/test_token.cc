// Judges tests/vectors/tokens.json, read from the top of the tree.
#include "tests/unit/cmocka_cpp.h"

#include <cstdio>
#include <string>

#include "lib/oidc/json.h"
#include "lib/oidc/signature.h"
#include "lib/oidc/token.h"
#include "tests/unit/oidc/evp_judge.h"
#include "tests/unit/oidc/flow.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

// One of the two providers of the vectors.
struct Profile {
    Expectations expected;
    KeySet keys;
};

struct Vectors {
    Json file;
    WallTime now;
    WallTime began;
    seconds skew;
    Profile entra;
    Profile plain;
};
Vectors vectors;

std::string text_of(const json_t *object, const char *name)
{
    return std::string{text_member(object, name).value_or("")};
}

Profile read_profile(const json_t *file, const char *name)
{
    const json_t *member = json_object_get(file, name);
    Profile made;
    made.expected = entra_expectations();
    made.expected.issuer = text_of(member, "issuer");
    made.expected.client_id = text_of(file, "client");
    char *keys = json_dumps(json_object_get(member, "keys"), 0);
    auto read = read_keys_reply(reply_of(200, keys));
    free(keys);
    assert_true(read.has_value());
    made.keys = *std::move(read);
    return made;
}

int read_vectors(void **)
{
    // Not through parse_object(): the file itself is trusted and deeper than a provider may be.
    vectors.file.reset(json_load_file("tests/vectors/tokens.json", 0, nullptr));
    const json_t *file = vectors.file.get();
    assert_non_null(file);
    vectors.now = WallTime{seconds{json_integer_value(json_object_get(file, "now"))}};
    vectors.began = WallTime{seconds{json_integer_value(json_object_get(file, "began"))}};
    vectors.skew = seconds{json_integer_value(json_object_get(file, "skew"))};
    vectors.entra = read_profile(file, "entra");
    vectors.plain = read_profile(file, "plain");
    vectors.plain.expected.is_entra = false;
    vectors.plain.expected.tenant.clear();
    return 0;
}

int free_vectors(void **)
{
    vectors.file.reset();
    return 0;
}

Judged judge(std::string_view token, const Profile &profile)
{
    return verify_id_token(token, profile.keys, profile.expected, vectors.now, vectors.began,
                           vectors.skew);
}

std::string verdict_of(const Judged &judged)
{
    const auto *fault = std::get_if<TokenFault>(&judged);
    return fault == nullptr ? "ok" : std::string{name_of(*fault)};
}

std::string token_named(std::string_view name)
{
    std::size_t i = 0;
    const json_t *one = nullptr;
    json_array_foreach(json_object_get(vectors.file.get(), "cases"), i, one)
    {
        if (text_member(one, "name") == name)
            return text_of(one, "token");
    }
    return {};
}

std::vector<std::string> list_of(const json_t *object, const char *name)
{
    std::vector<std::string> made;
    const json_t *list = json_object_get(object, name);
    for (std::size_t i = 0; i < json_array_size(list); ++i)
        made.emplace_back(json_string_value(json_array_get(list, i)));
    return made;
}

void each_vector_is_judged_as_it_says(void **)
{
    std::size_t i = 0;
    const json_t *one = nullptr;
    int wrong = 0;
    int good = 0;
    json_array_foreach(json_object_get(vectors.file.get(), "cases"), i, one)
    {
        const bool is_entra = text_member(one, "profile") == "entra";
        const std::string token = text_of(one, "token");
        const Judged judged = judge(token, is_entra ? vectors.entra : vectors.plain);
        const std::string expected = text_of(one, "expect");
        const std::string verdict = verdict_of(judged);
        if (verdict != expected) {
            print_error("%s: %s, expected %s. %s\n", text_of(one, "name").c_str(), verdict.c_str(),
                        expected.c_str(), text_of(one, "tries").c_str());
            ++wrong;
        }
        if (const auto *claims = std::get_if<Claims>(&judged)) {
            ++good;
            assert_text(claims->oid, text_of(one, "oid"));
            assert_true(claims->group_overage == json_is_true(json_object_get(one, "overage")));
            assert_true(claims->groups.has_value() == (json_object_get(one, "groups") != nullptr));
            assert_true(claims->groups.value_or(std::vector<std::string>{}) ==
                        list_of(one, "groups"));
            assert_true(claims->app_roles == list_of(one, "roles"));
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(good >= 5 && i - static_cast<std::size_t>(good) >= 30);
}

// What we say of a signature must be what OpenSSL says: for every vector that came that far.
void both_judges_agree_on_each_signature(void **)
{
    std::size_t i = 0;
    const json_t *one = nullptr;
    int good = 0;
    int bad = 0;
    json_array_foreach(json_object_get(vectors.file.get(), "cases"), i, one)
    {
        const Profile &profile =
            text_member(one, "profile") == "entra" ? vectors.entra : vectors.plain;
        const std::string token = text_of(one, "token");
        const std::size_t first = token.find('.');
        const std::size_t last = token.rfind('.');
        if (first == token.npos || token.find('.', first + 1) != last)
            continue;
        const SignedParts parts{std::string_view{token}.substr(0, first),
                                std::string_view{token}.substr(first + 1, last - first - 1),
                                std::string_view{token}.substr(last + 1)};
        const Judged judged = judge(token, profile);
        const auto *fault = std::get_if<TokenFault>(&judged);
        const bool past_signature = fault == nullptr || *fault == TokenFault::wrong_issuer ||
                                    *fault == TokenFault::wrong_audience ||
                                    *fault == TokenFault::expired ||
                                    *fault == TokenFault::not_yet_valid ||
                                    *fault == TokenFault::stale || *fault == TokenFault::no_subject;
        if (!past_signature && *fault != TokenFault::bad_signature)
            continue;
        const Json header = parse_object(evp_decode(token.substr(0, first)));
        const Key *key = profile.keys.find(text_of(header.get(), "kid"));
        assert_non_null(key);
        assert_true(verify_rs256(parts, *key) == past_signature);
        if (evp_verifies(token, *key) != past_signature) {
            print_error("the judges differ over %s\n", text_of(one, "name").c_str());
            assert_true(false);
        }
        ++(past_signature ? good : bad);
    }
    assert_true(good > 30 && bad > 8);
}

void no_single_changed_character_is_accepted(void **)
{
    const std::string token = token_named("entra");
    assert_text(verdict_of(judge(token, vectors.entra)), "ok");
    for (std::size_t i = 0; i < token.size(); ++i) {
        for (const char c : {'A', '-', '.', '\0', '\xff'}) {
            if (token[i] == c)
                continue;
            std::string changed = token;
            changed[i] = c;
            assert_string_not_equal(verdict_of(judge(changed, vectors.entra)).c_str(), "ok");
        }
        assert_string_not_equal(verdict_of(judge(token.substr(0, i), vectors.entra)).c_str(), "ok");
    }
}

void tokens_past_64_kib_are_refused_unread(void **)
{
    assert_text(verdict_of(judge(std::string(64 * 1024 + 1, 'a'), vectors.entra)), "malformed");
    assert_text(verdict_of(judge(std::string(64 * 1024, '.'), vectors.entra)), "malformed");
}

void a_skew_past_300_s_or_below_0_is_not_believed(void **)
{
    const auto verdict = [](seconds later, seconds skew) {
        return verdict_of(verify_id_token(token_named("entra"), vectors.entra.keys,
                                          vectors.entra.expected, vectors.now + later,
                                          vectors.began, skew));
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
        return verdict_of(verify_id_token(token_named("entra"), vectors.entra.keys,
                                          vectors.entra.expected, vectors.now + off,
                                          vectors.began + off, vectors.skew));
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
    const std::string token = token_named("entra");
    Profile profile{vectors.entra.expected, vectors.entra.keys};
    profile.expected.client_id.clear();
    assert_text(verdict_of(judge(token, profile)), "wrong-audience");
    profile = Profile{vectors.entra.expected, vectors.entra.keys};
    profile.expected.tenant.clear();
    assert_string_not_equal(verdict_of(judge(token, profile)).c_str(), "ok");
    profile = Profile{vectors.entra.expected, {}};
    assert_text(verdict_of(judge(token, profile)), "unknown-key");
}

void times_and_token_id_are_handed_on(void **)
{
    const Judged judged = judge(token_named("entra"), vectors.entra);
    const Claims &claims = std::get<Claims>(judged);
    assert_text(claims.uti, "uti-1");
    assert_true(claims.issued_at == vectors.now - seconds{330});
    assert_true(claims.expires_at == vectors.now + seconds{3570});
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_vector_is_judged_as_it_says),
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
