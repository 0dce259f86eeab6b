#include "jit_grantd/file_rules.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <syslog.h>

#include "jit_grantd/limits.h"
#include "lib/ipc/json.h"
#include "lib/sys/digest.h"
#include "lib/sys/folders.h"
#include "lib/sys/trusted_files.h"
#include "lib/sys/zones.h"

namespace jit::grantd {

using sys::open_directory;
using sys::read_small_file;

namespace {

constexpr const char *last_good_file = "last-good.json";

Refusal misconfigured(std::string text)
{
    return {Refusal::Kind::misconfigured, std::move(text)};
}

std::string first_error(const std::vector<policy::Diagnostic> &diagnostics)
{
    for (const policy::Diagnostic &each : diagnostics)
        if (each.kind == policy::Diagnostic::Kind::error)
            return policy::format_diagnostic(each);
    return "the files are not accepted";
}

std::string describe(const std::string &path, const std::string &faulty, const Error &error)
{
    return unavailable(faulty.empty() ? path : faulty, error).text;
}

// A zone is read once for a set: a newer one counts from the next start, or the next set.
policy::ParseOptions options_with(const policy::Config &config)
{
    policy::ParseOptions options = policy::options_with(&config);
    options.find_zone = sys::find_zone;
    return options;
}

// The set as one object, {"files": [[name, text], ...]}: replaced as a whole or not at all.
Result<std::string> encode_set(const std::vector<policy::SourceFile> &files)
{
    const ipc::Json list{json_array()};
    for (const policy::SourceFile &file : files) {
        json_t *const pair = json_pack("[s%,s%]", file.name.data(), file.name.size(),
                                       file.text.data(), file.text.size());
        if (pair == nullptr || json_array_append_new(list.get(), pair) != 0)
            return Error{Code::internal, "the policy set can't be kept"};
    }
    const ipc::Json whole{json_pack("{s:O}", "files", list.get())};
    const std::unique_ptr<char, decltype(&std::free)> text{json_dumps(whole.get(), JSON_COMPACT),
                                                           &std::free};
    if (!text)
        return Error{Code::internal, "the policy set can't be kept"};
    return std::string{text.get()} + "\n";
}

Result<std::vector<policy::SourceFile>> decode_set(const std::string &text)
{
    const Error bad{Code::bad_input, "the kept policy is damaged"};
    const ipc::Json whole{
        json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, nullptr)};
    const json_t *const list = json_object_get(whole.get(), "files");
    if (!json_is_array(list))
        return bad;
    std::vector<policy::SourceFile> files;
    for (std::size_t i = 0; i < json_array_size(list); ++i) {
        const json_t *const pair = json_array_get(list, i);
        const json_t *const name = json_array_get(pair, 0);
        const json_t *const body = json_array_get(pair, 1);
        if (!json_is_string(name) || !json_is_string(body) || json_array_size(pair) != 2)
            return bad;
        files.push_back({std::string{json_string_value(name), json_string_length(name)},
                         std::string{json_string_value(body), json_string_length(body)}});
    }
    return files;
}

} // namespace

Result<std::vector<policy::SourceFile>> TrustedSource::policy(std::string &faulty)
{
    std::vector<policy::SourceFile> files;
    for (sys::NamedText &each : TRY(sys::read_trusted_dir(
             places_.policy, ".toml", policy::max_files, policy::max_policy_file_bytes, &faulty)))
        files.push_back({std::move(each.path), std::move(each.text)});
    return files;
}

Result<policy::SourceFile> TrustedSource::config(std::string &faulty)
{
    std::string text = TRY(sys::read_trusted_file(places_.config, max_config_bytes, &faulty));
    return policy::SourceFile{places_.config, std::move(text)};
}

Answer<FileRules::ReadConfig> FileRules::read_config()
{
    std::string faulty;
    auto file = source_.config(faulty);
    if (!file)
        return misconfigured(describe(places_.config, faulty, file.error()));
    auto parsed = policy::parse_config(*file);
    if (!parsed.config)
        return misconfigured(first_error(parsed.diagnostics));
    return ReadConfig{*std::move(parsed.config), std::move(file->text)};
}

void FileRules::parse(Parsed &known, const std::vector<policy::SourceFile> &files,
                      const std::string &digest, const ReadConfig &config)
{
    // A fault is looked for again: it may have been of a zone that is there now.
    if (known.policy && known.digest == digest && known.config == config.text)
        return;
    auto parsed = policy::parse_policy(files, options_with(config.config));
    known = {digest, config.text, nullptr, ""};
    if (parsed.policy)
        known.policy = std::make_shared<const policy::Policy>(*std::move(parsed.policy));
    else
        known.fault = first_error(parsed.diagnostics);
}

// Unlike a mere log, this must succeed: a set that was in force and can't be restored would leave
// the host without policy at the next fault.
std::optional<Refusal> FileRules::keep(const std::vector<policy::SourceFile> &files,
                                       const std::string &digest)
{
    if (digest == kept_)
        return std::nullopt;
    const auto state = open_directory(places_.state, 0700);
    if (!state)
        return unavailable(places_.state, state.error());
    const auto text = encode_set(files);
    if (!text)
        return unavailable("cannot keep the policy", text.error());
    if (text->size() > max_last_good_bytes)
        return misconfigured("cannot keep the policy: its files are too large");
    const auto old = read_small_file(state->get(), last_good_file, max_last_good_bytes);
    if (!old || *old != *text) {
        const auto written = disk_.write(state->get(), last_good_file, *text, 0600);
        if (!written)
            return unavailable("cannot keep the policy", written.error());
    }
    kept_ = digest;
    return std::nullopt;
}

bool FileRules::is_kept(const std::vector<policy::SourceFile> &files) const
{
    const auto state = open_directory(places_.state, 0700);
    const auto text = encode_set(files);
    if (!state || !text)
        return false;
    const auto old = read_small_file(state->get(), last_good_file, max_last_good_bytes);
    return old && *old == *text;
}

Answer<RuleSet> FileRules::read_last_good(const std::string &fault, const ReadConfig &config)
{
    if (said_ != fault)
        records_.log(LOG_WARNING, "the policy has a fault, the last good one stays: " + fault);
    said_ = fault;
    const auto state = open_directory(places_.state, 0700);
    if (!state)
        return unavailable(places_.state, state.error());
    const auto text = read_small_file(state->get(), last_good_file, max_last_good_bytes);
    if (!text)
        return misconfigured(fault);
    const auto files = decode_set(*text);
    if (!files)
        return misconfigured(fault);
    const auto digest = sys::sha256_hex(policy::canonical_text(*files));
    if (!digest)
        return misconfigured(fault);
    parse(last_good_, *files, *digest, config);
    if (!last_good_.policy)
        return misconfigured(fault);
    return RuleSet{last_good_.policy, {}, *digest, true};
}

Answer<RuleSet> FileRules::read_files(const ReadConfig &config)
{
    std::string faulty;
    const auto files = source_.policy(faulty);
    if (!files && files.error().code == Code::not_found && faulty.empty())
        return misconfigured("there is no policy: " + places_.policy + " does not exist");
    if (files && files->empty())
        return misconfigured("there is no policy: " + places_.policy + " has no file *.toml");
    if (!files)
        return read_last_good(describe(places_.policy, faulty, files.error()), config);
    const auto digest = sys::sha256_hex(policy::canonical_text(*files));
    if (!digest)
        return unavailable("cannot hash the policy", digest.error());
    parse(now_, *files, *digest, config);
    if (!now_.policy)
        return read_last_good(now_.fault, config);
    said_.clear();
    if (auto no = keep(*files, *digest))
        return *std::move(no);
    return RuleSet{now_.policy, {}, *digest, false};
}

Answer<RuleSet> FileRules::read()
{
    auto config = read_config();
    if (!config)
        return config.refusal();
    Answer<RuleSet> rules = read_files(*config);
    if (rules)
        rules->config = std::move(config->config);
    return rules;
}

void FileRules::keep_good()
{
    const auto config = read_config();
    std::string faulty;
    const auto files = source_.policy(faulty);
    // Looked at every 30 s: what is kept already need not be parsed.
    if (!config || !files || files->empty() || is_kept(*files))
        return;
    const auto digest = sys::sha256_hex(policy::canonical_text(*files));
    if (digest && policy::parse_policy(*files, options_with(config->config)).policy)
        (void)keep(*files, *digest); // granting tries again, and says what is wrong
}

} // namespace jit::grantd
