// Everything that somebody else can make grow, and how far.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace jit::daemon::limits {

using namespace std::chrono_literals;

// Connections, all together. A waiting sudo holds one, of some 3 kB with its request, so this
// bounds memory; LimitNOFILE= in jitd.service has room for them.
inline constexpr std::size_t connections = 10'880;
// Of these, kept for uid 0: a sudo's check must find a place whatever other users do.
inline constexpr std::size_t connections_for_root = 10'752;
inline constexpr std::size_t connections_of_one_user = 16;
// Work that each user but root may have of us at once, in processor time, and what comes back of it
// in a second: a call takes some 50 us, and who asks without end gets a fifth of one processor.
inline constexpr std::chrono::microseconds work_at_once = 20ms;
inline constexpr std::chrono::microseconds work_a_second = 200ms;
// No program of ours sends what is no message, or too slowly, or with descriptors: who does is let
// do it a hundred times a second.
inline constexpr std::chrono::microseconds work_of_a_fault = 2ms;
// Answers that a user but root has not read, on all his connections: with 128 KiB a connection of
// calls sent ahead this bounds what he makes us hold to 3 MiB and one answer.
inline constexpr std::size_t unread_bytes_of_one_user = std::size_t{1024} * 1024;
// A connection that sends no whole frame for so long is closed.
inline constexpr std::chrono::milliseconds patience = 2s;

// Requests that wait for a sign-in. Fewer than the connections kept for root, so that checks have
// places that waiting requests cannot take.
inline constexpr std::size_t pending_requests = 10'240;
inline constexpr std::size_t pending_of_one_requester = 4;
// And those that wait for others, apart from them: who has left so many asks for no more of the
// kind, and for what needs nobody else as before.
inline constexpr std::size_t asked_of_one_requester = 4;
// People who may have approved one request: as many as a quorum may be of.
inline constexpr std::size_t approvals_of_one_request = 32;
// So much longer than the grant that it is to extend a request may wait: the grant's end closes it,
// and is known within a second.
inline constexpr std::chrono::seconds after_extended = 5s;
// How soon an end is written again that the ledger did not take.
inline constexpr std::chrono::seconds write_again = 5s;
// Approvers who sign in at the same time, and codes that notices have carried.
inline constexpr std::size_t approvals_at_once = 256;
inline constexpr std::size_t notice_codes_at_once = 128;
inline constexpr std::size_t approvals_of_one_user = 4;
// Codes that notices carry for one request, each used up by somebody; and how soon another one is
// tried for where the provider gave none.
inline constexpr unsigned approvals_by_notice = 100;
inline constexpr std::chrono::seconds code_again = 5s;
inline constexpr std::chrono::seconds code_again_most = 300s;
// Groups whose demands on a token for PIM are kept in mind, some 200 bytes each; activations that
// are taken back, or ended, in Entra at the same time for people who have gone.
inline constexpr std::size_t demanding_groups = 64;
inline constexpr std::size_t activations_at_once = 256;
// Connections that follow one request (sudos of one origin).
inline constexpr std::size_t watchers_of_one_request = 8;
// Requests that one requester may begin in a window, over all his connections: a flood of codes is
// an attack on the person.
inline constexpr std::size_t requests_in_window = 30;
inline constexpr std::chrono::seconds request_window = 300s;
// Of logins over ssh from one address that have proven who they are: a bastion's users all come
// from one, and none of them alone gets near it; nor does one address near the places that there
// are.
inline constexpr std::size_t pending_of_one_address = 512;
// Requesters, and their addresses, that are kept in mind, some 200 bytes each.
inline constexpr std::size_t requesters = 16'384;

// With [pam] unproven_start, where anybody on the network may knock: by address or terminal. Ten
// codes within the life of one are more than somebody needs who is there. Requests of all of them
// are a twentieth of the places, some four records a second in the ledger, and no flood that the
// provider would turn this host away for.
inline constexpr std::size_t pending_of_one_unproven = 4;
inline constexpr std::size_t unproven_in_window = 10;
inline constexpr std::chrono::seconds unproven_window = 900s;
inline constexpr std::size_t unproven_origins = 128;

// Live grants of this host, past which no request begins. The helper has the same cap of its own,
// for those who began before.
inline constexpr std::size_t live_grants = 1024;

// Sessions under grants that are kept in mind, each by a descriptor: for the record of an end.
inline constexpr std::size_t open_sessions = 256;
inline constexpr std::size_t open_sessions_of_one_grant = 16;

// Connections of logins over ssh that are kept in mind, some 300 bytes each; for how long a refusal
// is repeated to one; how long a grant that was made for a login waits for its session. sshd's own
// patience with a login is two minutes.
inline constexpr std::size_t ssh_logins = 4096;
inline constexpr std::size_t connections_of_one_login = 16; // that ask for the same
inline constexpr std::chrono::seconds ssh_refusal = 600s;
inline constexpr std::chrono::seconds until_session = 120s;

// Refusals, and uses of a grant, of one user that are written to the ledger in a minute; more are
// counted only, so that a loop of sudos cannot fill the disk.
inline constexpr unsigned refusals_a_minute = 20;
inline constexpr unsigned uses_a_minute = 60;

// Of the policy's files: policy/limits.h.
inline constexpr std::size_t config_bytes = std::size_t{64} * 1024;
inline constexpr std::size_t ca_bytes = std::size_t{1024} * 1024;
// The host's own certificate, with those above it, and its key.
inline constexpr std::size_t host_key_bytes = std::size_t{64} * 1024;

// Groups of Privileged Identity Management that are read in one interval: two questions to Graph in
// ten seconds each, and what it answers up to a megabyte. A policy names few; of more each is read
// less often, and of still more the last are not.
inline constexpr std::size_t watched_in_turn = 64;
inline constexpr std::size_t watched_groups = 1024;
// So long nothing is known of a group before the records of the grants that stand on it say so.
inline constexpr std::chrono::seconds until_unwatched = 300s;
// How long a request that an activation in Entra has met waits for its login at most: nobody looks
// meanwhile whether it still stands.
inline constexpr std::chrono::seconds held_activation = 300s;
// The longest that a token of a sign-in is kept for looking on; Entra's live 60 to 90 minutes.
inline constexpr std::chrono::seconds person_token = 5400s;
// How soon files are read again because jit-grantd has read others: whoever asks can cause it.
inline constexpr std::chrono::seconds stale_reload = 10s;

// The ledger: pages of 4 KiB. Past it nothing more is granted; doc/THREATS.md says why.
inline constexpr std::int64_t ledger_pages = 262'144;
// The log before it: so long it gets until it is taken into the tables when jitd has time, and so
// long until the next write does that, whoever waits for it.
inline constexpr int log_pages = 1000;
inline constexpr int log_pages_most = 4000;
// Audit records of one transaction, all of which the journal may lack after a kill.
inline constexpr std::size_t records_at_once = 8;
// Users whose person is pinned, all of them in memory: some 2 MiB. Past it nobody more is pinned,
// and so let in: to forget one for another would let anybody be him again.
inline constexpr std::size_t pins = 4096;
// Records of one List, and their bytes: all of them must fit into what one connection may hold
// unread (1 MiB). One more may take 64 KiB.
inline constexpr std::size_t listed_records = 500;
inline constexpr std::size_t listed_bytes = std::size_t{896} * 1024;
// Records of the audit that one call is given, and how many rows are looked at for them.
inline constexpr std::size_t audit_records = 500;
inline constexpr std::size_t audit_rows = 2000;
// Their bytes in the ledger; as JSON in JSON they may take twice that, of a connection's 1 MiB.
inline constexpr std::size_t audit_bytes = std::size_t{256} * 1024;

// Notices that wait for one webhook, of some 2 kB each in the ledger: past it the oldest goes. How
// old one may get, how often it is tried, and the most that is sent at once; Teams takes 28 kB.
inline constexpr std::size_t notices_of_one_webhook = 1000;
inline constexpr std::chrono::seconds notice_life = 86'400s;
inline constexpr unsigned notice_tries = 60; // with the pauses between them more than twelve hours
inline constexpr std::size_t notice_bytes = std::size_t{16} * 1024;
// Codes that are kept in memory for notices that have not been sent yet.
inline constexpr std::size_t notice_codes = 1024;
// A key that signs them, without the newline at its end.
inline constexpr std::size_t least_key_bytes = 16;
inline constexpr std::size_t key_bytes = 4096;

// How long the root helper may take for one call, its start included.
inline constexpr std::chrono::seconds grant_call = 15s;

// Roles with limits that the helper is asked about where somebody looks at his roles, and for how
// long: jitctl waits 5 s. Whoever asks can cause it.
inline constexpr std::size_t role_trials = 16;
inline constexpr std::chrono::seconds role_trials_wait = 3s;

// How long a fetched discovery document and key set serve before they are fetched anew in the
// background, and how long at most; and how long after a key that is not in it no other is looked
// for.
inline constexpr std::chrono::seconds provider_age = 3600s;
inline constexpr std::chrono::seconds provider_life = 86'400s;
inline constexpr std::chrono::seconds refetch_pause = 300s;
// How often each is asked for where no answer comes, or "later"; the pause before the second time,
// twice as long before the third; the most that the provider may have us wait between. And how soon
// after that in vain it is asked for what can be done without: twice as long each time, up to
// refetch_pause.
inline constexpr unsigned fetch_tries = 3;
inline constexpr std::chrono::seconds fetch_again = 1s;
inline constexpr std::chrono::seconds fetch_wait = 60s;
inline constexpr std::chrono::seconds fetch_rest = 5s;

} // namespace jit::daemon::limits
