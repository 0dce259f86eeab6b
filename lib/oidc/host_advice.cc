#include "lib/oidc/host_advice.h"

#include "lib/oidc/entra_advice.h"

namespace jit::oidc {

const char *host_is_alone(HostCredential way)
{
    switch (way) {
    case HostCredential::certificate:
        return "Entra can't be reached for this host's own token. It is tried again.";
    case HostCredential::imds:
        return "Azure's metadata service can't be reached. If this is no virtual machine in Azure, "
               "the administrator has to change credential in jitd.toml; else it is tried again.";
    case HostCredential::arc:
        return "Azure Arc's agent can't be reached. The administrator has to look whether himds "
               "runs; it is tried again.";
    }
    return "";
}

const char *host_is_refused(HostCredential way)
{
    switch (way) {
    case HostCredential::certificate:
        return "Entra refuses this host's certificate. The administrator has to compare client_id "
               "and certificate with the application in Entra.";
    case HostCredential::imds:
        return "Azure gives this host no token. The administrator has to turn on the virtual "
               "machine's system-assigned managed identity.";
    case HostCredential::arc:
        return "Azure Arc's agent gives this host no token. The administrator has to look at "
               "azcmagent show.";
    }
    return "";
}

const char *host_answer_makes_no_sense(HostCredential way)
{
    switch (way) {
    case HostCredential::certificate:
        return "Entra's answer about this host's own token makes no sense. Ask the administrator.";
    case HostCredential::imds:
        return "The answer of Azure's metadata service makes no sense. Ask the administrator.";
    case HostCredential::arc:
        return "The answer of Azure Arc's agent makes no sense. Ask the administrator.";
    }
    return "";
}

const char *host_advice_for(int provider_code)
{
    switch (provider_code) {
    case 700027:
        return "Entra does not know this host's certificate, or has it as expired. The "
               "administrator has to add it to the application in Entra.";
    case 7000222:
        return "This host's credential has expired in Entra. The administrator has to renew the "
               "certificate and add it to the application.";
    case 7000215:
    case 7000216:
    case 7000218:
        return "Entra does not take a certificate from this application. The administrator has to "
               "add this host's certificate to it.";
    case 700024:
        return "Entra refuses what this host has signed for its time. The administrator has to set "
               "this host's clock.";
    case 700021:
    case 700023:
        return "Entra expects another application or tenant. The administrator has to check "
               "client_id, tenant and cloud in jitd.toml.";
    case 53003:
    case 530032:
    case 53011:
        return "A Conditional Access policy for workload identities blocks this host. The "
               "administrator finds which in Entra's service principal sign-in log.";
    default:
        return advice_for(provider_code);
    }
}

} // namespace jit::oidc
