// The members of one JSON object: strict on the way in, capped on the way out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/ipc/json.h"

namespace jit::ipc {

// Reads an object member by member and remembers the first fault; finish() says it. A member that
// nobody asked for is a fault. JSON null is as good as absent. Borrows the object.
//   object  null is an empty object, as Varlink has it for parameters that are left out
class MemberReader
{
  public:
    using Test = bool (*)(std::string_view);

    explicit MemberReader(const json_t *object);

    // A string of 1 to max_bytes bytes without NUL, that passes the test if there is one.
    std::string text(const char *key, std::size_t max_bytes, Test test = nullptr);
    std::optional<std::string> maybe_text(const char *key, std::size_t max_bytes,
                                          Test test = nullptr);
    // The same, and may be empty.
    std::string maybe_empty_text(const char *key, std::size_t max_bytes);

    // A name (is_name), an id (is_id), a time (parse_time).
    std::string name(const char *key);
    std::optional<std::string> maybe_name(const char *key);
    std::string id(const char *key);
    std::optional<std::string> maybe_id(const char *key);
    WallTime time(const char *key);
    std::optional<WallTime> maybe_time(const char *key);

    // Whole numbers, both bounds included.
    std::int64_t number(const char *key, std::int64_t least, std::int64_t most);
    std::optional<std::int64_t> maybe_number(const char *key, std::int64_t least,
                                             std::int64_t most);
    // Whole seconds: 1 s to 366 days.
    std::chrono::seconds duration(const char *key);
    std::optional<std::chrono::seconds> maybe_duration(const char *key);

    // A list of at most max_count of them; absent: empty.
    std::vector<std::uint32_t> maybe_numbers(const char *key, std::size_t max_count,
                                             std::uint32_t least, std::uint32_t most);

    bool flag(const char *key);       // required
    bool maybe_flag(const char *key); // absent: false

    // At most max_count strings, each as text() has them.
    std::vector<std::string> texts(const char *key, std::size_t max_count, std::size_t max_bytes,
                                   Test test = nullptr);
    std::optional<std::vector<std::string>> maybe_texts(const char *key, std::size_t max_count,
                                                        std::size_t max_bytes, Test test = nullptr);

    // Borrowed; null if it is absent or a fault was found.
    const json_t *object(const char *key);
    const json_t *maybe_object(const char *key);
    const json_t *array(const char *key, std::size_t max_count);

    // A fault that the caller found; the first one stays.
    void refuse(const char *what);

    // Asked last: the first fault, if there is any.
    Result<void> finish();

  private:
    const json_t *find(const char *key);
    const json_t *require(const char *key);
    std::optional<std::int64_t> take_number(const json_t *value, std::int64_t least,
                                            std::int64_t most);
    const json_t *take_list(const json_t *value, std::size_t max_count); // null stays null
    std::string take_text(const json_t *value, std::size_t least, std::size_t most, Test test);

    const json_t *object_;
    std::size_t seen_ = 0;
    const char *fault_ = nullptr;
};

// Makes an object. Text that is not UTF-8 is written as safe_text() has it; an absent optional
// writes nothing.
class MemberWriter
{
  public:
    MemberWriter();

    void text(const char *key, std::string_view value);
    void maybe_text(const char *key, const std::optional<std::string> &value);
    void number(const char *key, std::int64_t value);
    void maybe_number(const char *key, const std::optional<std::int64_t> &value);
    void numbers(const char *key, const std::vector<std::uint32_t> &values);
    void duration(const char *key, std::chrono::seconds value);
    void maybe_duration(const char *key, const std::optional<std::chrono::seconds> &value);
    void time(const char *key, WallTime value);
    void maybe_time(const char *key, const std::optional<WallTime> &value);
    void flag(const char *key, bool value);
    void texts(const char *key, const std::vector<std::string> &values);
    void maybe_texts(const char *key, const std::optional<std::vector<std::string>> &values);
    void value(const char *key, Json value);
    void values(const char *key, std::vector<Json> values);

    // The object; null only when memory is short.
    Json take();

  private:
    Json object_;
};

} // namespace jit::ipc
