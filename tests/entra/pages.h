// The page where a person enters the code, picks an account, and approves or declines.
//
// Four steps of plain forms, so that a browser, a text browser and curl can all do it:
//   GET  /device                              asks for the code (?otc=CODE fills it in)
//   POST /device  code=CODE                   shows the accounts to sign in with, without a
//   password POST /device  code=CODE user=OID          shows the application and what it warns of
//   POST /device  code=CODE user=OID decision=approve|decline     says how it ended
// Who declines needs no account.
#pragma once

#include <string>

#include "tests/entra/encode.h"
#include "tests/entra/reply.h"
#include "tests/entra/world.h"

namespace jit::entra {

//   path     as asked for, which the forms post to again
//   prefill  a code for the first form, or empty
Reply show_code_form(const std::string &path, const std::string &prefill);
Reply answer_page_form(World &world, const std::string &path, const Form &form, Now now);

} // namespace jit::entra
