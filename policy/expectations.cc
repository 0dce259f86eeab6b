#include "policy/expectations.h"

#include <algorithm>

#include "lib/base/text.h"
#include "policy/faults.h"
#include "policy/nearest.h"
#include "policy/network.h"
#include "policy/role_reader.h"
#include "policy/table_reader.h"
#include "policy/toml_tree.h"

namespace jit::policy {

namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr std::size_t max_cases = 10'000;
constexpr seconds most{std::chrono::days{2}};

std::string read_text(TableReader &table, std::string_view key)
{
    const TomlNode *node = table.text(key);
    return node != nullptr ? node->text : "";
}

std::vector<std::string> read_texts(TableReader &table, std::string_view key)
{
    std::vector<std::string> out;
    if (const auto entries = table.texts(key))
        for (const TomlNode *entry : *entries)
            out.push_back(entry->text);
    return out;
}

WallTime read_time(TableReader &table, std::string_view key)
{
    const TomlNode *node = table.text(key);
    if (node == nullptr)
        return {};
    const auto time = parse_time(node->text);
    if (!time)
        table.faults().error(node->place, std::string{key} + ": " + in_quotes(node->text) +
                                              " is no time, expected UTC such as "
                                              "\"2026-11-30T09:15:00Z\"");
    return time.value_or(WallTime{});
}

void read_expected(TableReader &table, Expectation &out)
{
    const TomlNode *node = table.text("expect");
    out.duration = table.duration("duration", 1s, most);
    if (node == nullptr) {
        (void)table.require("expect", "\"granted\", \"refused\", or the name of a refusal");
        return;
    }
    out.is_granted = node->text == "granted";
    const auto names = refusal_names();
    out.refusal = refusal_of(node->text);
    if (!out.refusal && !out.is_granted && node->text != "refused")
        table.faults().error(node->place, "expect: " + in_quotes(node->text) +
                                              " is no outcome, expected \"granted\", \"refused\", "
                                              "or the name of a refusal" +
                                              suggest(node->text, names));
    if (out.duration && !out.is_granted)
        table.faults().error(table.find("duration")->place,
                             "duration: only with expect = \"granted\"");
}

// Earlier grants of the same person and role: { ago = "5h", for = "1h" }.
void read_use(TableReader &table, Expectation &out)
{
    if (const auto others = table.count("others_active", 0, 10'000))
        out.use.others_active = *others;
    const TomlNode *node = table.find("had");
    if (node == nullptr)
        return;
    if (node->kind != TomlNode::Kind::list) {
        table.faults().error(node->place, "had: expected a list of tables such as "
                                          "{ ago = \"5h\", for = \"1h\" }");
        return;
    }
    for (const TomlNode &item : node->items) {
        TableReader one{table.faults(), item, "had"};
        if (item.kind != TomlNode::Kind::table) {
            table.faults().error(item.place, "had: expected a table such as { ago = \"5h\", for = "
                                             "\"1h\" }");
            continue;
        }
        const bool is_whole = one.require("ago", "how long ago it began, such as ago = \"5h\"") &&
                              one.require("for", "how long it lasted, such as for = \"1h\"");
        const auto ago = one.duration("ago", 0s, most);
        const auto lasted = one.duration("for", 1s, most);
        if (is_whole && ago && lasted)
            out.use.spells.push_back({out.at - *ago, out.at - *ago + *lasted});
        one.finish();
    }
}

// A text that has to be of a form; what is of another is said, and read all the same.
std::string read_fit(TableReader &table, std::string_view key, bool (*is_fit)(std::string_view),
                     std::string_view expected)
{
    const TomlNode *node = table.text(key);
    if (node == nullptr)
        return {};
    if (!is_fit(node->text))
        table.faults().error(node->place, std::string{key} + ": " + in_quotes(node->text) +
                                              ", expected " + std::string{expected});
    return node->text;
}

bool is_oid(std::string_view text)
{
    return find_id_fault("user", text, false).empty();
}

bool is_address(std::string_view text)
{
    return parse_address(text).has_value();
}

void read_person(TableReader &table, Person &person)
{
    person.user = read_fit(table, "user", &is_name, "the name of a user");
    person.oid = read_fit(table, "oid", &is_oid, "an object id, without spaces");
    person.is_vouched = table.boolean("vouched").value_or(!person.oid.empty());
    person.local_groups = read_texts(table, "local_groups");
    person.signed_in = table.boolean("signed_in").value_or(true);
    if (table.has("groups"))
        person.groups = read_texts(table, "groups");
    person.app_roles = read_texts(table, "approles");
    person.is_guest = table.boolean("guest").value_or(false);
    person.contexts = read_texts(table, "contexts");
    person.auth_age = table.duration("auth_age", 0s, most);
    person.found_by_sign_in = person.oid.empty() && !person.signed_in;
}

Expectation read_case(const TomlNode &node, const Host &host, Faults &faults)
{
    TableReader table{faults, node, "test"};
    Expectation out;
    out.line = node.place.line;
    out.name = safe_text(read_text(table, "name"), 256);
    if (table.require("role", "the role that is asked for"))
        out.role = read_text(table, "role");
    (void)table.require("user", "who asks");
    if (table.require("at", "when, such as at = \"2026-11-30T09:15:00Z\""))
        out.at = read_time(table, "at");
    out.asked = table.duration("for", 1s, most);
    out.reason = read_text(table, "reason");
    out.tty = table.boolean("tty").value_or(true) ? "pts/0" : "";
    out.from = read_fit(table, "from", &is_address, "an address such as \"192.0.2.7\"");
    read_person(table, out.person);
    out.host = host;
    if (table.has("host"))
        out.host.name = read_text(table, "host");
    if (table.has("tags"))
        out.host.tags = read_texts(table, "tags");
    read_use(table, out);
    read_expected(table, out);
    table.finish();
    if (out.name.empty())
        out.name = safe_text(out.person.user + " asks for " + out.role, 256);
    return out;
}

} // namespace

ParsedExpectations parse_expectations(const SourceFile &file)
{
    ParsedExpectations out;
    Faults faults;
    const unsigned number = faults.add_file(file.name);
    if (const auto tree = parse_toml(file, number, faults)) {
        TableReader top{faults, *tree, "tests"};
        out.directory = top.has("policy") ? read_text(top, "policy") : "policy.d";
        Host host;
        read_table(top, "host", "[host]", [&](TableReader &given) {
            host.name = read_text(given, "name");
            host.tags = read_texts(given, "tags");
        });
        const TomlNode *tests = top.find("test");
        if (tests == nullptr || tests->kind != TomlNode::Kind::list || tests->items.empty())
            faults.error({number, 0, 0}, "no case to test, expected [[test]] tables");
        else if (tests->items.size() > max_cases)
            faults.error(tests->place, "more than 10000 cases");
        else
            for (const TomlNode &item : tests->items)
                out.cases.push_back(read_case(item, host, faults));
        top.finish();
    }
    out.diagnostics = faults.take();
    return out;
}

std::string find_difference(const Policy &policy, const Expectation &expected)
{
    const Ask ask{
        expected.role, expected.asked, expected.reason, false, {expected.tty, expected.from}};
    const Decision got =
        decide(policy, ask, expected.person, expected.host, expected.use, expected.at);
    if (got.is_refused()) {
        if (!expected.is_granted && (!expected.refusal || *expected.refusal == got.refusal))
            return {};
        return "refused (" + std::string{name_of(got.refusal)} +
               "): " + explain(got, expected.role, expected.person.user) +
               (got.role == nullptr ? suggest_role(policy, expected.role) : "");
    }
    if (expected.is_granted && (!expected.duration || *expected.duration == got.duration))
        return {};
    return "granted for " + format_duration(got.duration);
}

} // namespace jit::policy
