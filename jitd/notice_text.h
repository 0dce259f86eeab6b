// Notices as messages: a card for Teams, blocks for Slack, an object for programs. What a requester
// has written stays text there: no link, no mention, no layout comes of it.
#pragma once

#include <string>

#include "jitd/notice.h"
#include "policy/config.h"

namespace jit::daemon {

// The body that is posted, JSON of at most limits::notice_bytes.
//   code  only for a webhook that is told codes; null: none
std::string write_notice(policy::Webhook::Format format, const Notice &notice,
                         const NoticeCode *code);

} // namespace jit::daemon
