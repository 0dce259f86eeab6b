// Records in the journal, with the ids by which they are found (journalctl MESSAGE_ID=...).
#pragma once

#include <string_view>

#include "jit_grantd/outside.h"
#include "lib/sys/durable.h"

namespace jit::grantd {

inline constexpr std::string_view granted_message_id = "5b0e8c54a3ad4d8f9c1e0f6b7d21a4c1";
inline constexpr std::string_view extended_message_id = "c9a1f64b0d7e4b6f8f52e3a7d08b19c6";
inline constexpr std::string_view expired_message_id = "e16d2f7f0a2b4a6b8b0c9b34f8f3c7d2";
inline constexpr std::string_view dropped_message_id = "2f94c9b7d1e64a2d93a5c80e6fb17a53";
inline constexpr std::string_view revoked_message_id = "a8c3717e94f24c05b6d2e41f5a9380e4";
inline constexpr std::string_view reconciled_message_id = "7d40b2ce6f1845e9a01b93d57c28fe65";

class JournalRecords : public Records
{
  public:
    void record(Event event, const Entry &entry) override;
    void log(int priority, const std::string &text) override;
};

// sys::write_durable(), sys::replace_durable() and sys::remove_durable().
class DurableDisk : public Disk
{
  public:
    Result<void> write(int directory, const std::string &name, std::string_view bytes,
                       mode_t mode) override
    {
        return sys::write_durable(directory, name, bytes, mode);
    }
    Result<void> replace(int directory, const std::string &name, std::string_view bytes,
                         const struct stat &old) override
    {
        return sys::replace_durable(directory, name, bytes, old);
    }
    Result<void> remove(int directory, const std::string &name) override
    {
        return sys::remove_durable(directory, name);
    }
};

class SystemClocks : public Clocks
{
  public:
    Now now() override { return read_clocks(); }
};

// The line for people: who, what, which groups, until when or why not longer.
std::string describe(Records::Event event, const Entry &entry);

} // namespace jit::grantd
