#include "jitd/host_key_file.h"

#include "jitd/limits.h"
#include "lib/sys/secret_file.h"
#include "lib/sys/trusted_files.h"

namespace jit::daemon {

namespace {

policy::Diagnostic make_fault(const std::string &file, std::string text)
{
    policy::Diagnostic fault;
    fault.file = file;
    fault.text = std::move(text);
    return fault;
}

policy::Diagnostic certificate_fault(const std::string &path, const std::string &faulty,
                                     const Error &error)
{
    if (error.code == Code::denied)
        return make_fault(faulty.empty() ? path : faulty,
                          std::string{"certificate: "} + error.what +
                              "; expected owner root and no write permission for others");
    return make_fault(path, std::string{"certificate: "} + error.what +
                                "; expected the host's certificate, a PEM file");
}

policy::Diagnostic key_fault(const std::string &key, bool is_path, const Error &error)
{
    if (!is_path)
        return make_fault("/etc/jit/jitd.toml",
                          "key: " + key + ": " + error.what + ", expected LoadCredential=" + key +
                              ":FILE in a drop-in of jitd.service and a restart of it; "
                              "jitd.toml(5), key");
    const std::string text = std::string{"key: "} + error.what;
    if (error.code == Code::denied)
        return make_fault(key, text + "; the key is for nobody but jit: chown jit:jit " + key +
                                   " && chmod 0600 " + key);
    return make_fault(key, text + "; expected the host's private key, a PEM file");
}

} // namespace

std::variant<std::shared_ptr<const oidc::HostKey>, policy::Diagnostic>
read_host_key(const policy::Config &config, const std::string &credentials)
{
    std::string faulty;
    const auto certificate =
        sys::read_trusted_file(config.certificate, limits::host_key_bytes, &faulty);
    if (!certificate)
        return certificate_fault(config.certificate, faulty, certificate.error());
    const bool is_path = config.key.find('/') != std::string::npos;
    const auto key = is_path
                         ? sys::read_secret_file(config.key, limits::host_key_bytes)
                         : sys::read_credential(credentials, config.key, limits::host_key_bytes);
    if (!key)
        return key_fault(config.key, is_path, key.error());
    auto made = oidc::HostKey::read(*certificate, *key);
    if (!made)
        return make_fault(config.certificate, std::string{"certificate, key: "} +
                                                  made.error().what +
                                                  "; jitd.toml(5), certificate, has the commands");
    return *std::move(made);
}

} // namespace jit::daemon
