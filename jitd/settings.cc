#include "jitd/settings.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include <jansson.h>

#include "jitd/host_key_file.h"
#include "jitd/limits.h"
#include "lib/base/fd.h"
#include "lib/base/handle.h"
#include "lib/base/text.h"
#include "lib/oidc/host_advice.h"
#include "lib/sys/digest.h"
#include "lib/sys/durable.h"
#include "lib/sys/secret_file.h"
#include "lib/sys/trusted_files.h"
#include "lib/sys/zones.h"
#include "policy/limits.h"
#include "policy/parse.h"

namespace jit::daemon {

namespace {

using Json = Handle<json_t, &json_decref>;

constexpr const char *last_good_name = "policy.last-good";

policy::Diagnostic make_fault(const std::string &file, std::string text)
{
    policy::Diagnostic fault;
    fault.file = file;
    fault.text = std::move(text);
    return fault;
}

policy::Diagnostic make_file_fault(const std::string &file, const std::string &faulty,
                                   const Error &error)
{
    if (error.code == Code::denied)
        return make_fault(faulty.empty() ? file : faulty,
                          std::string{error.what} +
                              "; expected owner root and no write permission for others");
    return make_fault(file, error.what);
}

std::string read_host_name()
{
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0)
        return "localhost";
    return to_lower(name.data());
}

oidc::Expectations make_expectations(const policy::Config &config)
{
    oidc::Expectations expected;
    expected.is_entra = config.is_entra;
    expected.tenant = config.tenant;
    expected.issuer = config.issuer;
    expected.authority_host = config.authority_host;
    expected.discovery_url = config.discovery_url;
    expected.verification_hosts = config.verification_hosts;
    expected.client_id = config.client_id;
    expected.scopes = config.scopes;
    expected.graph_hosts = config.graph_hosts;
    return expected;
}

Result<SecretString> read_webhook_key(const std::string &folder, const std::string &name)
{
    const SecretString held = TRY(sys::read_credential(folder, name, limits::key_bytes + 1));
    std::string_view text = held.reveal();
    if (text.ends_with('\n'))
        text.remove_suffix(1);
    if (text.size() < limits::least_key_bytes || text.size() > limits::key_bytes)
        return Error{Code::bad_input, "a key is 16 to 4096 bytes"};
    return SecretString{text};
}

bool load_host_key(const Places &places, const policy::Config &config, Settings &settings)
{
    if (config.credential != policy::Config::Credential::certificate)
        return true;
    auto read = read_host_key(config, places.credentials);
    if (auto *fault = std::get_if<policy::Diagnostic>(&read)) {
        settings.config_faults.push_back(std::move(*fault));
        return false;
    }
    settings.host_key = std::get<0>(std::move(read));
    if (settings.host_key->not_after() <= wall_time()) {
        auto warning = make_fault(config.certificate, oidc::host_certificate_is_over);
        warning.kind = policy::Diagnostic::Kind::warning;
        settings.config_faults.push_back(std::move(warning));
    }
    return true;
}

bool load_keys(const Places &places, const policy::Config &config, Settings &settings)
{
    std::vector<std::shared_ptr<const SecretString>> keys;
    for (const policy::Webhook &webhook : config.webhooks) {
        if (webhook.hmac_key.empty()) {
            keys.emplace_back();
            continue;
        }
        auto key = read_webhook_key(places.credentials, webhook.hmac_key);
        if (key) {
            keys.push_back(std::make_shared<const SecretString>(*std::move(key)));
            continue;
        }
        auto fault = make_fault(places.config, std::string{"hmac_key: "} + key.error().what +
                                                   ", expected LoadCredential=" + webhook.hmac_key +
                                                   ":FILE in a drop-in of jitd.service and a "
                                                   "restart of it; jitd(8), Webhooks");
        fault.line = webhook.hmac_line;
        fault.column = webhook.hmac_column;
        settings.config_faults.push_back(std::move(fault));
    }
    settings.webhook_keys = std::move(keys);
    return settings.webhook_keys.size() == config.webhooks.size();
}

void load_config(const Places &places, Settings &settings)
{
    std::string faulty;
    auto text = sys::read_trusted_file(places.config, limits::config_bytes, &faulty);
    if (!text) {
        settings.config_faults.push_back(make_file_fault(places.config, faulty, text.error()));
        return;
    }
    auto parsed = policy::parse_config({places.config, *std::move(text)});
    settings.config_faults = std::move(parsed.diagnostics);
    if (!parsed.config)
        return;
    if (const std::string &ca_file = parsed.config->ca_file; !ca_file.empty()) {
        auto roots = sys::read_trusted_file(ca_file, limits::ca_bytes, &faulty);
        if (!roots) {
            settings.config_faults.push_back(make_file_fault(ca_file, faulty, roots.error()));
            return;
        }
        settings.ca_pem = *std::move(roots);
    }
    if (!load_keys(places, *parsed.config, settings) ||
        !load_host_key(places, *parsed.config, settings))
        return;
    settings.config = std::move(parsed.config);
    settings.host.name =
        settings.config->host_name.empty() ? read_host_name() : settings.config->host_name;
    settings.host.tags = settings.config->host_tags;
    settings.expected = make_expectations(*settings.config);
}

// The kept set is ours: jitd wrote it from files that root had written.
Result<std::vector<policy::SourceFile>> read_last_good(const std::string &folder)
{
    const Fd file{open((folder + "/" + last_good_name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!file)
        return Error{Code::not_found, "no policy was kept", errno};
    const Json array{json_loadfd(file.get(), JSON_REJECT_DUPLICATES, nullptr)};
    std::vector<policy::SourceFile> files;
    for (std::size_t i = 0; i < json_array_size(array.get()); ++i) {
        const json_t *entry = json_array_get(array.get(), i);
        const char *name = json_string_value(json_object_get(entry, "name"));
        const char *text = json_string_value(json_object_get(entry, "text"));
        if (!name || !text)
            return Error{Code::bad_input, "the kept policy is damaged"};
        files.push_back({name, text});
    }
    if (files.empty())
        return Error{Code::bad_input, "the kept policy is damaged"};
    return files;
}

Result<void> keep_last_good(const std::string &folder, const std::vector<policy::SourceFile> &files)
{
    const Json array{json_array()};
    for (const policy::SourceFile &file : files)
        (void)json_array_append_new(array.get(), json_pack("{s:s,s:s}", "name", file.name.c_str(),
                                                           "text", file.text.c_str()));
    const Handle<char, &free> text{json_dumps(array.get(), JSON_COMPACT)};
    const Fd directory{open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!text || !directory)
        return Error{Code::unavailable, "the policy can't be kept", errno};
    return sys::write_durable(directory.get(), last_good_name, text.get(), 0600);
}

// Puts a set into force, if it has no error.
bool adopt(const std::vector<policy::SourceFile> &files, Settings &settings,
           std::vector<policy::Diagnostic> &faults)
{
    policy::ParseOptions options =
        policy::options_with(settings.config ? &*settings.config : nullptr);
    options.find_zone = sys::find_zone;
    auto parsed = policy::parse_policy(files, options);
    for (policy::Diagnostic &diagnostic : parsed.diagnostics)
        faults.push_back(std::move(diagnostic));
    if (!parsed.policy)
        return false;
    auto digest = sys::sha256_hex(policy::canonical_text(files));
    if (!digest) {
        faults.push_back(make_fault(files.front().name, digest.error().what));
        return false;
    }
    settings.policy = std::move(parsed.policy);
    settings.policy_digest = *std::move(digest);
    return true;
}

void load_policy(const Places &places, Settings &settings)
{
    std::string faulty;
    auto texts = sys::read_trusted_dir(places.policy, ".toml", policy::max_files,
                                       policy::max_policy_file_bytes, &faulty);
    if (texts && texts->empty()) {
        settings.policy_faults.push_back(
            make_fault(places.policy, "no policy file; expected NAME.toml"));
        return;
    }
    if (!texts) {
        settings.policy_faults.push_back(make_file_fault(places.policy, faulty, texts.error()));
        if (texts.error().code == Code::not_found)
            return;
    } else {
        std::vector<policy::SourceFile> files;
        for (sys::NamedText &text : *texts)
            files.push_back({std::move(text.path), std::move(text.text)});
        if (adopt(files, settings, settings.policy_faults)) {
            if (auto kept = keep_last_good(places.last_good, files); !kept) {
                auto warning = make_fault(places.policy, "in force, but it can't be kept for the "
                                                         "day when a file has an error");
                warning.kind = policy::Diagnostic::Kind::warning;
                settings.policy_faults.push_back(std::move(warning));
            }
            return;
        }
    }
    std::vector<policy::Diagnostic> old_faults;
    const auto kept = read_last_good(places.last_good);
    settings.is_last_good = kept && adopt(*kept, settings, old_faults);
}

} // namespace

Settings load_settings(const Places &places)
{
    Settings settings;
    load_config(places, settings);
    load_policy(places, settings);
    return settings;
}

std::string summarize(const std::vector<policy::Diagnostic> &faults)
{
    std::string line;
    std::size_t more = 0;
    for (const policy::Diagnostic &fault : faults) {
        if (line.empty())
            line = policy::format_diagnostic(fault);
        else
            ++more;
    }
    if (more > 0)
        line += " (and " + std::to_string(more) + " more)";
    return line;
}

} // namespace jit::daemon
