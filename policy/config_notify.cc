// [notify] of jitd.toml. The address of a webhook has a token in it, and whatever stands in a wrong
// place may be one: a fault quotes nothing but words of a few letters.
#include <algorithm>

#include "policy/config_reader.h"
#include "policy/nearest.h"
#include "policy/web_address.h"

namespace jit::policy {

namespace {

constexpr std::size_t max_webhooks = 16;
constexpr std::size_t max_url_bytes = 2048;
constexpr std::size_t max_credential_bytes = 64;
constexpr std::size_t max_word_bytes = 16; // longer than any event's name

constexpr std::array<std::pair<std::string_view, Webhook::Format>, 3> formats{{
    {"teams", Webhook::Format::teams},
    {"slack", Webhook::Format::slack},
    {"json", Webhook::Format::json},
}};

// What an address may have after the host, as it is sent: RFC 3986 without a fragment.
bool is_path_or_query(std::string_view text)
{
    static constexpr std::string_view forbidden = "\"#<>\\^`{|}";
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < '\x7f' && forbidden.find(c) == std::string_view::npos;
    });
}

// The host of "https://HOST[:PORT]/..."; empty: it is no such address.
std::string host_of(std::string_view url)
{
    constexpr std::string_view scheme = "https://";
    if (url.size() > max_url_bytes || !url.starts_with(scheme))
        return {};
    const std::size_t end = std::min(url.find_first_of("/?", scheme.size()), url.size());
    const auto address = parse_web_address(url.substr(0, end));
    return address && is_path_or_query(url.substr(end)) ? address->host : std::string{};
}

bool is_credential(std::string_view text)
{
    return !text.empty() && text.size() <= max_credential_bytes && text.front() != '.' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.' || c == '-';
           });
}

bool is_word(std::string_view text)
{
    return !text.empty() && text.size() <= max_word_bytes &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '_'; });
}

void read_events(TableReader &webhook, Webhook &into)
{
    into.events = {"requested", "approved", "denied", "expired", "revoked"};
    const auto events = webhook.texts("events");
    if (!events)
        return;
    into.events.clear();
    Faults &faults = webhook.faults();
    if (events->empty())
        faults.error(webhook.find("events")->place,
                     "events: is empty, expected names such as \"requested\", or no such line");
    for (const TomlNode *event : *events) {
        const auto *const known =
            std::find(notice_events.begin(), notice_events.end(), event->text);
        if (known != notice_events.end()) {
            into.events.emplace_back(*known);
            continue;
        }
        std::string fault = "events: not an event's name";
        if (is_word(event->text)) {
            const std::string meant = suggest(event->text, notice_events);
            fault =
                "events: " + in_quotes(event->text) + " is not known" +
                (meant.empty() ? ", expected names such as \"requested\" or \"revoked\"" : meant);
        }
        faults.error(event->place, fault);
    }
}

void read_format(TableReader &webhook, Webhook &into)
{
    constexpr std::string_view expected = "\"teams\", \"slack\" or \"json\"";
    if (!webhook.require("format", expected))
        return;
    const TomlNode *const format = webhook.text("format");
    if (format == nullptr)
        return;
    const auto *const found = std::find_if(formats.begin(), formats.end(), [&](const auto &each) {
        return each.first == format->text;
    });
    if (found != formats.end())
        into.format = found->second;
    else
        webhook.faults().error(format->place,
                               "format: is not known, expected " + std::string{expected});
}

void read_key(TableReader &webhook, Webhook &into)
{
    const TomlNode *const key = webhook.text("hmac_key");
    if (key == nullptr)
        return;
    if (into.format != Webhook::Format::json)
        webhook.faults().error(key->place,
                               "hmac_key: only json is signed, expected format = \"json\"");
    else if (!is_credential(key->text))
        webhook.faults().error(key->place,
                               "hmac_key: is no name of a systemd credential, expected letters, "
                               "digits, '_', '.' and '-', 64 at most; the key itself stands in a "
                               "file of its own");
    into.hmac_key = key->text;
    into.hmac_line = key->place.line;
    into.hmac_column = key->place.column;
}

Webhook read_webhook(Faults &faults, const TomlNode &table)
{
    TableReader webhook{faults, table, "webhooks"};
    Webhook made;
    if (webhook.require("url", "an address that begins with https://"))
        if (const TomlNode *const url = webhook.text("url")) {
            made.url = url->text;
            made.host = host_of(url->text);
            if (made.host.empty())
                webhook.faults().error(
                    url->place, "url: is not fit, expected https://HOST[:PORT]/..., the host "
                                "in lower case, without user and fragment, 2048 bytes at "
                                "most");
        }
    read_format(webhook, made);
    read_events(webhook, made);
    made.codes = webhook.boolean("codes").value_or(false);
    read_key(webhook, made);
    // finish() quotes what it does not know.
    for (const TomlNode &item : table.items)
        if (!is_word(item.key) && webhook.has(item.key))
            webhook.faults().error(item.key_place, "webhooks: unknown key");
    webhook.finish();
    return made;
}

} // namespace

std::string_view name_of(Webhook::Format format)
{
    for (const auto &[name, value] : formats)
        if (value == format)
            return name;
    return {};
}

void read_notify(TableReader &notify, Config &config)
{
    const TomlNode *const list = notify.find("webhooks");
    if (list == nullptr)
        return;
    Faults &faults = notify.faults();
    if (list->kind != TomlNode::Kind::list) {
        faults.error(list->place, "webhooks: expected a list of tables, found " +
                                      std::string{describe(list->kind)});
        return;
    }
    if (list->items.size() > max_webhooks) {
        faults.error(list->place, "webhooks: more than 16");
        return;
    }
    for (const TomlNode &item : list->items) {
        if (item.kind != TomlNode::Kind::table) {
            faults.error(item.place,
                         "webhooks: expected a table, found " + std::string{describe(item.kind)});
            continue;
        }
        Webhook made = read_webhook(faults, item);
        const bool is_known =
            std::any_of(config.webhooks.begin(), config.webhooks.end(), [&](const Webhook &other) {
                return !made.url.empty() && other.url == made.url && other.format == made.format;
            });
        if (is_known)
            faults.error(item.place, "webhooks: the same url and format stand above, expected one "
                                     "webhook with the events of both");
        config.webhooks.push_back(std::move(made));
    }
}

} // namespace jit::policy
