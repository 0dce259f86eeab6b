#include "tests/unit/cmocka_cpp.h"

#include <string>

#include <openssl/ec.h>

#include "lib/oidc/host_key.h"
#include "lib/oidc/json.h"
#include "tests/unit/oidc/made_key.h"

using namespace jit;
using namespace jit::oidc;

namespace {

EvpKey key;
MadeCertificate certificate;

Result<std::shared_ptr<const HostKey>> read_pair(const std::string &certificate_pem,
                                                 const std::string &key_pem)
{
    return HostKey::read(certificate_pem, SecretString{key_pem});
}

void expect_refused(const std::string &certificate_pem, const std::string &key_pem,
                    const char *word)
{
    const auto read = read_pair(certificate_pem, key_pem);
    assert_false(read.has_value());
    assert_int_equal(static_cast<int>(read.error().code), static_cast<int>(Code::bad_input));
    assert_non_null(std::strstr(read.error().what, word));
}

void what_it_signs_another_library_verifies_by_ps256(void **)
{
    for (const std::string &form : {pkcs8_of(key.get()), pkcs1_of(key.get())}) {
        const auto read = read_pair(pem_of(certificate.get()), form);
        assert_true(read.has_value());
        const auto made = (*read)->sign(R"({"iss":"a","n":1})");
        assert_true(made.has_value());
        const std::string token{made->reveal()};
        const std::size_t first = token.find('.');
        const std::size_t second = token.find('.', first + 1);
        assert_true(token.find('.', second + 1) == std::string::npos);
        assert_text(evp_decode(token.substr(first + 1, second - first - 1)).value_or("?"),
                    R"({"iss":"a","n":1})");
        const std::string signature = evp_decode(token.substr(second + 1)).value_or("");
        assert_true(evp_verifies_ps256(token.substr(0, second), signature, key.get()));
        assert_false(evp_verifies_ps256(token.substr(0, second) + "x", signature, key.get()));
        // Not by the older padding.
        assert_false(evp_verifies(token.substr(0, second), signature, key.get()));
    }
}

void its_header_names_the_certificate_by_sha_256(void **)
{
    const auto read = read_pair(pem_of(certificate.get()), pkcs8_of(key.get()));
    const auto made = (*read)->sign("{}");
    const std::string token{made->reveal()};
    const Json header = parse_object(evp_decode(token.substr(0, token.find('.'))).value_or(""));
    assert_int_equal(json_object_size(header.get()), 3);
    assert_text(text_member(header.get(), "alg").value_or(""), "PS256");
    assert_text(text_member(header.get(), "typ").value_or(""), "JWT");
    unsigned char digest[32];
    X509_digest(certificate.get(), EVP_sha256(), &digest[0], nullptr);
    const std::string thumbprint{text_member(header.get(), "x5t#S256").value_or("")};
    assert_text(evp_decode(thumbprint).value_or(""),
                std::string(reinterpret_cast<const char *>(&digest[0]), sizeof digest));
}

void the_end_of_the_certificate_is_known(void **)
{
    const auto read = read_pair(pem_of(certificate.get()), pkcs8_of(key.get()));
    const auto left = (*read)->not_after() - wall_time();
    assert_true(left > std::chrono::seconds{3000} && left <= std::chrono::seconds{3600});
}

void words_before_and_a_chain_behind_do_no_harm(void **)
{
    const EvpKey other = make_rsa_key();
    const std::string chain = "subject=CN=web01\n" + pem_of(certificate.get()) +
                              pem_of(make_certificate(other.get()).get());
    assert_true(read_pair(chain, "# the host's\n" + pkcs8_of(key.get())).has_value());
    // The first counts.
    expect_refused(pem_of(make_certificate(other.get()).get()) + pem_of(certificate.get()),
                   pkcs8_of(key.get()), "not of its key");
}

void another_kind_of_key_is_refused(void **)
{
    const std::string cert = pem_of(certificate.get());
    const EvpKey small = make_rsa_key(1024);
    expect_refused(pem_of(make_certificate(small.get()).get()), pkcs8_of(small.get()), "2048");
    const EvpKey curve{EVP_EC_gen("P-256")};
    expect_refused(pem_of(make_certificate(curve.get()).get()), pkcs8_of(curve.get()),
                   "no RSA key");
    expect_refused(cert, pkcs1_of(curve.get()), "no PEM file");
    // Nobody is asked for its password.
    expect_refused(cert, pkcs8_of(key.get(), "secret"), "no PEM file");
    expect_refused(cert,
                   "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                   "DEK-Info: AES-256-CBC,0123456789ABCDEF0123456789ABCDEF\n\nAAAA\n"
                   "-----END RSA PRIVATE KEY-----\n",
                   "encrypted");
}

void texts_that_are_none_are_refused(void **)
{
    const std::string cert = pem_of(certificate.get());
    const std::string good = pkcs8_of(key.get());
    expect_refused(cert, "", "no PEM file");
    expect_refused(cert, cert, "no PEM file");
    expect_refused(cert, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                   "can not be read");
    expect_refused(cert, good.substr(0, good.size() / 2), "can not be read");
    expect_refused("", good, "no PEM file with a certificate");
    expect_refused(good, good, "no PEM file with a certificate");
    expect_refused(cert.substr(0, cert.size() / 2), good, "no PEM file with a certificate");
    expect_refused(cert + std::string(70'000, '\n'), good, "too large");
    expect_refused(cert, good + std::string(70'000, '\n'), "too large");
}

int start(void **)
{
    key = make_rsa_key();
    certificate = make_certificate(key.get());
    return 0;
}

int stop(void **)
{
    certificate.reset();
    key.reset();
    return 0;
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_it_signs_another_library_verifies_by_ps256),
        cmocka_unit_test(its_header_names_the_certificate_by_sha_256),
        cmocka_unit_test(the_end_of_the_certificate_is_known),
        cmocka_unit_test(words_before_and_a_chain_behind_do_no_harm),
        cmocka_unit_test(another_kind_of_key_is_refused),
        cmocka_unit_test(texts_that_are_none_are_refused),
    };
    return cmocka_run_group_tests_name("oidc/host_key", tests, start, stop);
}
