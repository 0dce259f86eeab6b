#include "tests/unit/cmocka_cpp.h"

#include "lib/oidc/base64url.h"
#include "lib/oidc/jwks.h"
#include "lib/oidc/signature.h"
#include "tests/unit/oidc/flow.h"

using namespace jit;
using namespace jit::oidc;

namespace {

const std::string modulus = std::string(341, '_') + "w"; // 2048 bits, all of them ones

std::string key(std::string_view kid, std::string_view more = R"("use":"sig")",
                std::string_view n = modulus, std::string_view e = "AQAB")
{
    return R"({"kty":"RSA","kid":")" + std::string{kid} + R"(","n":")" + std::string{n} +
           R"(","e":")" + std::string{e} + "\"," + std::string{more} + "}";
}

Result<KeySet> read(std::string_view keys)
{
    return read_keys_reply(reply_of(200, R"({"keys":[)" + std::string{keys} + "]}"));
}

void assert_bad(const Result<KeySet> &result)
{
    assert_false(result.has_value());
    assert_true(result.error().code == Code::bad_input);
}

void keys_are_found_by_their_exact_kid(void **)
{
    const auto set = read(key("a") + "," + key("b", R"("use":"sig","issuer":"i","x5t":"b")"));
    assert_true(set.has_value());
    assert_int_equal(set->keys.size(), 2);
    assert_text(set->find("b")->issuer, "i");
    assert_text(set->find("a")->issuer, "");
    assert_text(set->find("a")->e, "AQAB");
    for (const char *kid : {"", "A", "ab", "c"})
        assert_null(set->find(kid));
}

void keys_for_other_purposes_are_left_out(void **)
{
    const std::string others = R"({"kty":"EC","use":"sig","kid":"a","crv":"P-256"},)"
                               R"({"kty":"oct","use":"sig","kid":"a","k":"AA"},{},)" +
                               key("a", R"("use":"enc")") + "," + key("a", R"("x":1)") + "," +
                               key("a", R"("use":"sig","alg":"PS256")") + "," +
                               key("a", R"("use":"sig","alg":7)") + "," +
                               key("a", R"("use":["sig"])");
    assert_bad(read(others)); // nothing is left
    const auto set = read(others + "," + key("a", R"("use":"sig","alg":"RS256")"));
    assert_true(set.has_value());
    assert_int_equal(set->keys.size(), 1);
}

void two_keys_of_one_kid_are_an_error(void **)
{
    assert_bad(read(key("a") + "," + key("a")));
}

void at_most_64_keys_are_read(void **)
{
    std::string keys = key("0");
    for (int i = 1; i < 64; ++i)
        keys += "," + key(std::to_string(i));
    assert_true(read(keys).has_value());
    assert_bad(read(keys + "," + key("64")));
}

void a_set_that_makes_no_sense_is_an_error(void **)
{
    assert_bad(read(""));
    assert_bad(read("7"));
    assert_bad(read(key("")));
    assert_bad(read(key(std::string(257, 'a'))));
    assert_bad(read(R"({"kty":"RSA","use":"sig","n":"AQAB","e":"AQAB"})"));
    assert_bad(read(R"({"kty":"RSA","use":"sig","kid":"a"})"));
    assert_bad(read(R"({"kty":"RSA","use":"sig","kid":"a","n":7,"e":"AQAB"})"));
    for (const char *issuer : {R"("")", "7", "null"})
        assert_bad(read(key("a", R"("use":"sig","issuer":)" + std::string{issuer})));
    for (const char *number : {"", "A", "AQAB=", "AQ==", "AR", "A+/A", "A A", "AQAB\\n"}) {
        assert_bad(read(key("a", R"("use":"sig")", number)));
        assert_bad(read(key("a", R"("use":"sig")", modulus, number)));
    }
    assert_bad(read(key("a", R"("use":"sig")", std::string(1368, 'A'))));
    for (const char *body : {"", "[]", R"({"keys":{}})", R"({"keys":null})", "{}"})
        assert_bad(read_keys_reply(reply_of(200, body)));
}

void a_reply_that_may_get_better_is_unavailable(void **)
{
    for (const long status : {429L, 500L, 503L}) {
        const auto set = read_keys_reply(reply_of(status, ""));
        assert_false(set.has_value());
        assert_true(set.error().code == Code::unavailable);
    }
    assert_bad(read_keys_reply(reply_of(404, R"({"keys":[)" + key("a") + "]}")));
    assert_text(make_keys_request(entra_provider()).url, entra_provider().jwks_uri);
}

void only_sound_numbers_make_a_fit_key(void **)
{
    const auto fit = [](const std::string &n, const char *e) { return is_fit(Key{"a", n, e, {}}); };
    assert_true(fit(modulus, "AQAB"));
    assert_true(fit(modulus, "Aw"));                                // 3
    assert_true(fit(modulus, "AAAD"));                              // 3 with zeros before it
    for (const char *e : {"", "AA", "AQ", "Ag", "AQAA", "AQAAAAE"}) // none 0 1 2 65536 2^32 + 1
        assert_false(fit(modulus, e));
    assert_false(fit(std::string(340, '_') + "_g", "AQAB"));      // not canonical
    assert_false(fit(std::string(340, '_') + "-A", "AQAB"));      // even
    assert_false(fit("f" + modulus.substr(1), "AQAB"));           // 2047 bits
    assert_true(fit("AP" + std::string(340, '_') + "8", "AQAB")); // a zero byte before it
    assert_true(fit(std::string(1365, '_') + "w", "AQAB"));       // 8192 bits
    assert_false(fit(std::string(1368, '_'), "AQAB"));
    assert_false(fit("", "AQAB"));
}

void base64url_has_one_text_for_each_byte_string(void **)
{
    assert_text(decode_base64url("").value_or("?"), "");
    assert_text(decode_base64url("Zg").value_or("?"), "f");
    assert_text(decode_base64url("Zm8").value_or("?"), "fo");
    assert_text(decode_base64url("Zm9v").value_or("?"), "foo");
    assert_text(decode_base64url("-_-_").value_or("?"), "\xfb\xff\xbf");
    for (const char *text : {"", "Zg", "Zm8", "Zm9v", "-_-_"})
        assert_text(encode_base64url(decode_base64url(text).value_or("?")), text);
    for (const char *text :
         {"Z", "Zh", "Zm9", "Zm9vZ", "Zg==", "Zg=", "+/+/", "Zm 9v", "Zm9v\n", "\xc3\xa9\xc3\xa9"})
        assert_false(decode_base64url(text).has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_by_their_exact_kid),
        cmocka_unit_test(keys_for_other_purposes_are_left_out),
        cmocka_unit_test(two_keys_of_one_kid_are_an_error),
        cmocka_unit_test(at_most_64_keys_are_read),
        cmocka_unit_test(a_set_that_makes_no_sense_is_an_error),
        cmocka_unit_test(a_reply_that_may_get_better_is_unavailable),
        cmocka_unit_test(only_sound_numbers_make_a_fit_key),
        cmocka_unit_test(base64url_has_one_text_for_each_byte_string),
    };
    return cmocka_run_group_tests_name("oidc/jwks", tests, nullptr, nullptr);
}
