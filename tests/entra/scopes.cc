#include "tests/entra/scopes.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jit::entra {

bool is_scope_list(std::string_view scopes)
{
    return std::all_of(scopes.begin(), scopes.end(),
                       [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

std::vector<std::string> split_scopes(std::string_view scopes)
{
    std::vector<std::string> list;
    while (!scopes.empty()) {
        const std::size_t end = std::min(scopes.find(' '), scopes.size());
        if (end > 0)
            list.emplace_back(scopes.substr(0, end));
        scopes.remove_prefix(std::min(end + 1, scopes.size()));
    }
    return list;
}

std::string join_scopes(const std::vector<std::string> &scopes)
{
    std::string joined;
    for (const std::string &scope : scopes)
        joined.append(joined.empty() ? "" : " ").append(scope);
    return joined;
}

bool has_scope(std::string_view scopes, std::string_view scope)
{
    const std::vector<std::string> list = split_scopes(scopes);
    return std::find(list.begin(), list.end(), scope) != list.end();
}

std::string resource_of(std::string_view scope, const std::string &graph)
{
    if (scope == "openid" || scope == "profile" || scope == "email" || scope == "offline_access")
        return "";
    const std::size_t slash = scope.rfind('/');
    return slash == std::string_view::npos ? graph : to_lower(scope.substr(0, slash));
}

std::string_view permission_of(std::string_view scope)
{
    return scope.substr(scope.rfind('/') + 1); // without a slash: all of it
}

std::optional<std::string> common_resource(std::string_view scopes, const std::string &graph)
{
    std::string common;
    for (const std::string &scope : split_scopes(scopes)) {
        const std::string resource = resource_of(scope, graph);
        if (!common.empty() && !resource.empty() && resource != common)
            return std::nullopt;
        if (common.empty())
            common = resource;
    }
    return common;
}

} // namespace jit::entra
