// Small questions about text, without allocation where the PAM module asks them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/clock.h"

namespace jit {

// Names of users, groups and roles: [a-zA-Z_][a-zA-Z0-9_.@-]*, 1 to 64 bytes. What passes can
// stand in a path component, a unit name and a log line; "." and ".." can not pass.
bool is_name(std::string_view text);

// A request's or grant's id: 16 lower-case hex digits.
bool is_id(std::string_view text);

// 8-4-4-4-12 hex digits, either case (RFC 4122 section 3).
bool is_guid(std::string_view text);

// Text from outside, made fit for a person's terminal or a log line: at most max_bytes, never
// cut within a character; control characters, DEL, C1, bidirectional and zero-width marks and
// invalid UTF-8 become '?'.
std::string safe_text(std::string_view text, std::size_t max_bytes);

std::string to_lower(std::string_view text); // ASCII only

// Durations as people write them: "30s" "15m" "1h30m" "8h" "1d" "0s"; units fall in the order
// d h m s, each at most once. Nothing else, no sign, no spaces; at most 366 days.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::seconds duration); // the shortest such text

// RFC 3339, UTC, whole seconds: "2026-03-17T09:41:05Z". Exactly this shape is read back.
std::string format_time(WallTime time);
std::optional<WallTime> parse_time(std::string_view text);

std::string encode_hex(std::string_view bytes); // lower case

// A glob with '*' and '?' only, over whole texts. Never more steps than the two lengths multiplied,
// whatever the pattern.
bool matches_glob(std::string_view pattern, std::string_view text);

} // namespace jit
