// The policy that holds now: the files of /etc/jit, or the last set of them that was without fault.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jit_grantd/outside.h"
#include "jit_grantd/places.h"
#include "policy/parse.h"
#include "policy/source.h"

namespace jit::grantd {

class FileRules : public Rules
{
  public:
    // How the files are read; a test reads a folder that root does not own.
    struct Source {
        virtual ~Source() = default;
        //   errors  as sys::read_trusted_dir() and sys::read_trusted_file()
        //   faulty  set to the path at fault, when one is known
        virtual Result<std::vector<policy::SourceFile>> policy(std::string &faulty) = 0;
        virtual Result<policy::SourceFile> config(std::string &faulty) = 0;
    };

    // Borrows all but the places.
    FileRules(Places places, Source &source, Disk &disk, Records &records)
        : places_(std::move(places)), source_(source), disk_(disk), records_(records)
    {
    }

    // Reads every file anew, and parses what is not as it was. A policy without fault is kept as
    // the last good one; with a fault that one is taken instead. A missing or empty folder has no
    // substitute, nor has jitd.toml.
    //   refusal  misconfigured, with the first fault; unavailable
    Answer<RuleSet> read() override;
    void keep_good() override;

  private:
    // A set that was parsed: with some thousand roles that takes longer than all else of a grant.
    struct Parsed {
        std::string digest;                           // of the set's canonical text
        std::string config;                           // the text of jitd.toml
        std::shared_ptr<const policy::Policy> policy; // null: it has a fault
        std::string fault;                            // the first one
    };
    struct ReadConfig {
        policy::Config config;
        std::string text;
    };

    Answer<ReadConfig> read_config();
    // Unless it is known by the same texts.
    static void parse(Parsed &known, const std::vector<policy::SourceFile> &files,
                      const std::string &digest, const ReadConfig &config);
    std::optional<Refusal> keep(const std::vector<policy::SourceFile> &files,
                                const std::string &digest);
    bool is_kept(const std::vector<policy::SourceFile> &files) const;
    Answer<RuleSet> read_files(const ReadConfig &config);
    Answer<RuleSet> read_last_good(const std::string &fault, const ReadConfig &config);

    Places places_;
    Source &source_;
    Disk &disk_;
    Records &records_;
    std::string kept_; // digest of the set that is known to be kept
    std::string said_; // the fault that was logged last
    Parsed now_;
    Parsed last_good_;
};

// Files that only root could have written (lib/sys/trusted_files.h).
class TrustedSource : public FileRules::Source
{
  public:
    explicit TrustedSource(Places places) : places_(std::move(places)) {}
    Result<std::vector<policy::SourceFile>> policy(std::string &faulty) override;
    Result<policy::SourceFile> config(std::string &faulty) override;

  private:
    Places places_;
};

} // namespace jit::grantd
