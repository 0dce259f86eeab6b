#include "tests/entra/host_credentials.h"

#include <algorithm>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "tests/entra/encode.h"

namespace jit::entra {

namespace {

using Memory = Handle<BIO, &BIO_free_all>;

std::string thumbprint_of(const X509 *certificate, const EVP_MD *digest)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(certificate, digest, bytes, &size) != 1)
        return "";
    return encode_base64url({reinterpret_cast<const char *>(bytes), size});
}

} // namespace

bool HostCredentials::add(const std::string &client_id, const std::string &pem, bool keeps_old)
{
    const Memory memory{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    auto made = std::make_shared<HostCertificate>();
    made->client_id = client_id;
    made->certificate.reset(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
    if (!made->certificate)
        return false;
    made->sha1 = thumbprint_of(made->certificate.get(), EVP_sha1());
    made->sha256 = thumbprint_of(made->certificate.get(), EVP_sha256());
    const std::lock_guard lock{mutex_};
    if (!keeps_old)
        std::erase_if(certificates_,
                      [&](const SharedCertificate &one) { return one->client_id == client_id; });
    certificates_.push_back(std::move(made));
    return true;
}

SharedCertificate HostCredentials::find(std::string_view client_id,
                                        std::string_view thumbprint) const
{
    const std::lock_guard lock{mutex_};
    for (const SharedCertificate &one : certificates_)
        if (one->client_id == client_id && !thumbprint.empty() &&
            (one->sha1 == thumbprint || one->sha256 == thumbprint))
            return one;
    return nullptr;
}

bool HostCredentials::has_any(std::string_view client_id) const
{
    const std::lock_guard lock{mutex_};
    return std::any_of(certificates_.begin(), certificates_.end(),
                       [&](const SharedCertificate &one) { return one->client_id == client_id; });
}

bool HostCredentials::use_once(const std::string &assertion_id)
{
    const std::lock_guard lock{mutex_};
    return used_.insert(assertion_id).second;
}

void HostCredentials::forget_uses()
{
    const std::lock_guard lock{mutex_};
    used_.clear();
}

void HostCredentials::set_permissions(std::vector<std::string> permissions)
{
    const std::lock_guard lock{mutex_};
    permissions_ = std::move(permissions);
}

std::vector<std::string> HostCredentials::permissions() const
{
    const std::lock_guard lock{mutex_};
    return permissions_;
}

} // namespace jit::entra
