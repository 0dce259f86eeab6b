// Faults that a test orders: the next `count` replies of an endpoint go wrong in a named way.
//
//   instead of an answer     status:CODE[:RETRY-AFTER]  error:NAME[:AADSTS]  error200:NAME[:AADSTS]
//                            html  not_json  redirect  slow_down (token)
//   a spoilt answer          wrong_types  set:MEMBER:JSON  unset:MEMBER
//   on the wire              hang:SECONDS  close  truncated  bigbody (100 MiB)  endless (chunked,
//                            compressed for whom accepts that)
//   a forged ID token        wrong_aud  wrong_iss  wrong_tid  alg_none  hs256  bad_signature
//   (token; used up only     unknown_kid  foreign_key  jwk_header  crit_header  expired  old_iat
//   by a reply that has      shift:SECONDS  auth_time:SECONDS_AGO  v1  no_oid  other_oid:GUID
//   one)                     claim:NAME:JSON  noclaim:NAME
//   PIM (pim_*)              refuse:STATUS:CODE  rules:RULE[,RULE...]  acrs:CONTEXT[:named|unknown]
//                            outcome:STATUS[:STATUS] (pim_activate): what becomes of the request,
//                            and then, once it was looked at  after:STATUS[:RETRY-AFTER]: it is
//                            done, and this is answered  other_group[:GUID]  other_person[:GUID]
//   Arc                      realm:PATH: the challenge names this file  big_key: 1 MiB of it
//   pages (graph, PIM; used  paged: three, of which the last has the most
//   up by a reply that       foreign_next[:HOST]: all of it on the first, and a next one at another
//   lists)                   host, by default the authority, which must never be asked: it says
//                            yes to every group, and that everybody is active, and counts as
//                            "foreign_next"
//
// A fault of the token endpoint may be for one user code alone: then many flows go wrong side by
// side; one of PIM's for one person alone. What is ordered for `pim` is for any of pim_*, whichever
// is asked next. An `error` is an authority's: Graph has none of these. A page after the first is a
// reply like any other: paged, then status:503 spoils the second.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jit::entra {

struct Fault {
    std::string endpoint; // one of endpoint_names()
    std::string kind;
    long left = 1;    // replies still to spoil; negative: all
    std::string code; // token: the flow it is for, by user code; empty: any
    std::string user; // PIM: the person, by object id; empty: anybody
};

// What requests are counted by; faults can be ordered for them, and for `pim`.
const std::vector<std::string> &endpoint_names();

// A kind's parts: "set:interval:5" is {"set", "interval", "5"}; the third keeps its colons.
struct Kind {
    std::string name;
    std::string first;
    std::string second;
};
Kind split_kind(std::string_view kind);

// What uses a fault up.
enum class UsedBy {
    reply,
    id_token,
    first_page,
};

class Faults
{
  public:
    // False if there is no such endpoint or kind, or the kind does not suit the endpoint.
    bool add(Fault fault);
    // The oldest fault ordered for this endpoint, used up by one.
    //   code  the user code that the request is about, if it is about one
    //   user  and the person's object id
    std::optional<Kind> take(std::string_view endpoint, std::string_view code,
                             std::string_view user = {});
    std::optional<Kind> take_forgery(std::string_view code);
    std::optional<Kind> take_paging(std::string_view endpoint);

    std::vector<Fault> all() const;
    void clear(); // and wakes whom hang() holds

    // Waits so long, or until clear().
    void hang(std::chrono::seconds time);

  private:
    std::optional<Kind> take_where(std::string_view endpoint, std::string_view code,
                                   std::string_view user, UsedBy by);

    mutable std::mutex mutex_;
    std::condition_variable cleared_;
    unsigned long clearings_ = 0;
    std::vector<Fault> faults_;
};

} // namespace jit::entra
