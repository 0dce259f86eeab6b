// PIM's objects as Graph shows them.
#pragma once

#include "tests/entra/json.h"
#include "tests/entra/pim.h"

namespace jit::entra {

class PimJson
{
  public:
    explicit PimJson(const PimSettings &settings) : is_pascal_(settings.is_pascal) {}

    Json eligibility(const PimEligibility &row) const;
    Json request(const PimRequest &request) const;
    Json instance(const PimInstance &instance) const;
    // The approval of a request, and its one stage.
    //   reader   whose token asks
    Json approval(const Config &config, const PimGroup &group, const PimRequest &request,
                  std::string_view reader) const;
    Json stage(const Config &config, const PimGroup &group, const PimRequest &request,
               std::string_view reader) const;
    // An element of roleManagementPolicyAssignments.
    //   has_rules   it was expanded
    Json policy_assignment(const Config &config, const PimGroup &group,
                           const std::string &access_id, bool has_rules) const;

  private:
    std::string spell(std::string word) const; // an enumeration's value
    Json rules(const Config &config, const PimGroup &group) const;

    bool is_pascal_;
};

// With a fraction of a second, as Graph writes most.
std::string graph_time(WallTime time);

} // namespace jit::entra
