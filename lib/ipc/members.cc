#include "lib/ipc/members.h"

#include <utility>

#include "lib/base/text.h"

namespace jit::ipc {

namespace {

constexpr std::int64_t longest_s = std::int64_t{366} * 24 * 60 * 60;

Json make_text(std::string_view value)
{
    Json made{json_stringn(value.data(), value.size())};
    if (!made) { // not UTF-8
        const std::string safe = safe_text(value, value.size());
        made.reset(json_stringn(safe.data(), safe.size()));
    }
    return made;
}

Json make_texts(const std::vector<std::string> &values)
{
    Json list{json_array()};
    for (const std::string &value : values)
        if (json_array_append_new(list.get(), make_text(value).release()) != 0)
            return {};
    return list;
}

} // namespace

MemberReader::MemberReader(const json_t *object) : object_(object)
{
    if (object != nullptr && !json_is_object(object)) {
        object_ = nullptr;
        refuse("not an object");
    }
}

void MemberReader::refuse(const char *what)
{
    if (fault_ == nullptr)
        fault_ = what;
}

const json_t *MemberReader::find(const char *key)
{
    const json_t *value = json_object_get(object_, key);
    if (value == nullptr)
        return nullptr;
    ++seen_;
    return json_is_null(value) ? nullptr : value;
}

const json_t *MemberReader::require(const char *key)
{
    const json_t *value = find(key);
    if (value == nullptr)
        refuse("a required member is missing");
    return value;
}

Result<void> MemberReader::finish()
{
    // Every member was looked for by name, so one that was not counted has a name we don't know.
    if (seen_ != json_object_size(object_))
        refuse("a member is unknown");
    if (fault_ != nullptr)
        return Error{Code::bad_input, fault_};
    return {};
}

std::string MemberReader::take_text(const json_t *value, std::size_t least, std::size_t most,
                                    Test test)
{
    if (value == nullptr)
        return {};
    if (!json_is_string(value)) {
        refuse("a member should be a string");
        return {};
    }
    const std::string_view text{json_string_value(value), json_string_length(value)};
    if (text.size() < least || text.size() > most) {
        refuse("a string is too short or too long");
        return {};
    }
    if (text.find('\0') != text.npos) {
        refuse("a string has a NUL in it");
        return {};
    }
    if (test != nullptr && !test(text)) {
        refuse("a string is not of the form it should have");
        return {};
    }
    return std::string{text};
}

std::string MemberReader::text(const char *key, std::size_t max_bytes, Test test)
{
    return take_text(require(key), 1, max_bytes, test);
}

std::optional<std::string> MemberReader::maybe_text(const char *key, std::size_t max_bytes,
                                                    Test test)
{
    const json_t *value = find(key);
    if (value == nullptr)
        return std::nullopt;
    return take_text(value, 1, max_bytes, test);
}

std::string MemberReader::maybe_empty_text(const char *key, std::size_t max_bytes)
{
    return take_text(require(key), 0, max_bytes, nullptr);
}

std::string MemberReader::name(const char *key)
{
    return text(key, 64, &is_name);
}

std::optional<std::string> MemberReader::maybe_name(const char *key)
{
    return maybe_text(key, 64, &is_name);
}

std::string MemberReader::id(const char *key)
{
    return text(key, 16, &is_id);
}

std::optional<std::string> MemberReader::maybe_id(const char *key)
{
    return maybe_text(key, 16, &is_id);
}

std::optional<WallTime> MemberReader::maybe_time(const char *key)
{
    const std::optional<std::string> text = maybe_text(key, 20);
    if (!text)
        return std::nullopt;
    const std::optional<WallTime> time = parse_time(*text);
    if (!time)
        refuse("a string should be a time");
    return time;
}

WallTime MemberReader::time(const char *key)
{
    const std::optional<WallTime> time = maybe_time(key);
    if (!time)
        refuse("a required member is missing");
    return time.value_or(WallTime{});
}

std::optional<std::int64_t> MemberReader::maybe_number(const char *key, std::int64_t least,
                                                       std::int64_t most)
{
    const json_t *value = find(key);
    return value == nullptr ? std::nullopt : take_number(value, least, most);
}

std::optional<std::int64_t> MemberReader::take_number(const json_t *value, std::int64_t least,
                                                      std::int64_t most)
{
    if (!json_is_integer(value)) {
        refuse("a member should be a whole number");
        return std::nullopt;
    }
    const std::int64_t number = json_integer_value(value);
    if (number < least || number > most) {
        refuse("a number is out of its range");
        return std::nullopt;
    }
    return number;
}

std::vector<std::uint32_t> MemberReader::maybe_numbers(const char *key, std::size_t max_count,
                                                       std::uint32_t least, std::uint32_t most)
{
    std::vector<std::uint32_t> taken;
    const json_t *list = take_list(find(key), max_count);
    for (std::size_t i = 0; i < json_array_size(list); ++i)
        if (const auto number = take_number(json_array_get(list, i), least, most))
            taken.push_back(static_cast<std::uint32_t>(*number));
    return taken;
}

std::int64_t MemberReader::number(const char *key, std::int64_t least, std::int64_t most)
{
    const std::optional<std::int64_t> number = maybe_number(key, least, most);
    if (!number)
        refuse("a required member is missing");
    return number.value_or(least);
}

std::chrono::seconds MemberReader::duration(const char *key)
{
    return std::chrono::seconds{number(key, 1, longest_s)};
}

std::optional<std::chrono::seconds> MemberReader::maybe_duration(const char *key)
{
    const std::optional<std::int64_t> number = maybe_number(key, 1, longest_s);
    if (!number)
        return std::nullopt;
    return std::chrono::seconds{*number};
}

bool MemberReader::maybe_flag(const char *key)
{
    const json_t *value = find(key);
    if (value != nullptr && !json_is_boolean(value))
        refuse("a member should be true or false");
    return json_is_true(value);
}

bool MemberReader::flag(const char *key)
{
    const json_t *value = require(key);
    if (value != nullptr && !json_is_boolean(value))
        refuse("a member should be true or false");
    return json_is_true(value);
}

std::optional<std::vector<std::string>>
MemberReader::maybe_texts(const char *key, std::size_t max_count, std::size_t max_bytes, Test test)
{
    const json_t *value = find(key);
    if (value == nullptr)
        return std::nullopt;
    std::vector<std::string> taken;
    const json_t *list = take_list(value, max_count);
    for (std::size_t i = 0; i < json_array_size(list); ++i)
        taken.push_back(take_text(json_array_get(list, i), 1, max_bytes, test));
    return taken;
}

std::vector<std::string> MemberReader::texts(const char *key, std::size_t max_count,
                                             std::size_t max_bytes, Test test)
{
    std::optional<std::vector<std::string>> taken = maybe_texts(key, max_count, max_bytes, test);
    if (!taken)
        refuse("a required member is missing");
    return taken ? *std::move(taken) : std::vector<std::string>{};
}

const json_t *MemberReader::maybe_object(const char *key)
{
    const json_t *value = find(key);
    if (value != nullptr && !json_is_object(value)) {
        refuse("a member should be an object");
        return nullptr;
    }
    return value;
}

const json_t *MemberReader::object(const char *key)
{
    const json_t *value = maybe_object(key);
    if (value == nullptr)
        refuse("a required member is missing");
    return value;
}

const json_t *MemberReader::array(const char *key, std::size_t max_count)
{
    return take_list(require(key), max_count);
}

const json_t *MemberReader::take_list(const json_t *value, std::size_t max_count)
{
    if (value == nullptr)
        return nullptr;
    if (!json_is_array(value)) {
        refuse("a member should be a list");
        return nullptr;
    }
    if (json_array_size(value) > max_count) {
        refuse("a list is too long");
        return nullptr;
    }
    return value;
}

MemberWriter::MemberWriter() : object_(json_object()) {}

void MemberWriter::value(const char *key, Json value)
{
    // A value that could not be made leaves no half object behind: take() then gives null.
    if (json_object_set_new_nocheck(object_.get(), key, value.release()) != 0)
        object_.reset();
}

void MemberWriter::text(const char *key, std::string_view text)
{
    value(key, make_text(text));
}

void MemberWriter::maybe_text(const char *key, const std::optional<std::string> &text)
{
    if (text)
        value(key, make_text(*text));
}

void MemberWriter::number(const char *key, std::int64_t number)
{
    value(key, Json{json_integer(number)});
}

void MemberWriter::numbers(const char *key, const std::vector<std::uint32_t> &values)
{
    std::vector<Json> list;
    list.reserve(values.size());
    for (const std::uint32_t each : values)
        list.emplace_back(json_integer(each));
    this->values(key, std::move(list));
}

void MemberWriter::maybe_number(const char *key, const std::optional<std::int64_t> &number)
{
    if (number)
        value(key, Json{json_integer(*number)});
}

void MemberWriter::duration(const char *key, std::chrono::seconds duration)
{
    number(key, duration.count());
}

void MemberWriter::maybe_duration(const char *key,
                                  const std::optional<std::chrono::seconds> &duration)
{
    if (duration)
        number(key, duration->count());
}

void MemberWriter::time(const char *key, WallTime time)
{
    text(key, format_time(time));
}

void MemberWriter::maybe_time(const char *key, const std::optional<WallTime> &time)
{
    if (time)
        text(key, format_time(*time));
}

void MemberWriter::flag(const char *key, bool flag)
{
    value(key, Json{json_boolean(flag)});
}

void MemberWriter::texts(const char *key, const std::vector<std::string> &values)
{
    value(key, make_texts(values));
}

void MemberWriter::maybe_texts(const char *key,
                               const std::optional<std::vector<std::string>> &values)
{
    if (values)
        value(key, make_texts(*values));
}

void MemberWriter::values(const char *key, std::vector<Json> values)
{
    Json list{json_array()};
    for (Json &one : values)
        if (json_array_append_new(list.get(), one.release()) != 0)
            list.reset();
    value(key, std::move(list));
}

Json MemberWriter::take()
{
    return std::move(object_);
}

} // namespace jit::ipc
