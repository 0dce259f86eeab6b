// libjose, kept from speaking for itself. Only signature.cc and host_key.cc call it.
#pragma once

// Its headers do not say themselves that they are C.
extern "C" {
#include <jose/jose.h>
#include <jose/openssl.h>
}

#include "lib/base/handle.h"

namespace jit::oidc {

inline void give_back(jose_cfg_t *cfg)
{
    jose_cfg_decref(cfg);
}
using JoseConfig = Handle<jose_cfg_t, &give_back>;

// Without a function of our own libjose prints to stderr. Null: no memory.
inline JoseConfig make_quiet_config()
{
    JoseConfig cfg{jose_cfg()};
    if (cfg)
        jose_cfg_set_err_func(
            cfg.get(), [](void *, const char *, int, std::uint64_t, const char *, va_list) {},
            nullptr);
    return cfg;
}

} // namespace jit::oidc
