// The scope parameter (RFC 6749 section 3.3), with Entra's names:
// https://graph.microsoft.com/User.Read is the permission User.Read of the resource
// https://graph.microsoft.com. A name alone is one of Graph's; openid, profile, email and
// offline_access are nobody's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jit::entra {

// Printable ASCII without quotes and backslashes.
bool is_scope_list(std::string_view scopes);
std::vector<std::string> split_scopes(std::string_view scopes);
std::string join_scopes(const std::vector<std::string> &scopes);
bool has_scope(std::string_view scopes, std::string_view scope);

// Whose permission a scope is, in lower case; empty: nobody's.
//   graph   the resource that a name alone belongs to, "https://graph.microsoft.com"
std::string resource_of(std::string_view scope, const std::string &graph);
std::string_view permission_of(std::string_view scope);

// The one resource that a scope parameter asks for, empty if it asks for none; nothing where there
// are several.
std::optional<std::string> common_resource(std::string_view scopes, const std::string &graph);

} // namespace jit::entra
