// tests/vectors/tokens.json as its readers want it; they run from the top of the tree.
#pragma once

#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "lib/oidc/json.h"
#include "lib/oidc/token.h"
#include "tests/unit/oidc/flow.h"

namespace jit::oidc {

// The file itself is trusted, deeper than a provider may be, and has tokens with a NUL in them.
class Vectors
{
  public:
    Vectors()
        : file_(json_load_file("tests/vectors/tokens.json", JSON_ALLOW_NUL, nullptr)),
          now{number("now")}, began{number("began")}, skew(number("skew"))
    {
    }

    bool is_there() const { return file_ != nullptr; }

    // What is expected of the provider "entra", or "plain".
    Expectations expectations(std::string_view profile) const
    {
        Expectations made = entra_expectations();
        made.issuer = text(member(profile), "issuer");
        made.client_id = text(file_.get(), "client");
        made.is_entra = profile == "entra";
        made.tenant = made.is_entra ? text(file_.get(), "tenant") : "";
        return made;
    }

    // The provider's JWKS document, or the one that is named in its place.
    const json_t *keys(std::string_view profile, std::string_view instead = {}) const
    {
        const json_t *sets = json_object_get(file_.get(), "key_sets");
        return instead.empty() ? json_object_get(member(profile), "keys")
                               : json_object_get(sets, std::string{instead}.c_str());
    }

    void each(const std::function<void(const json_t *)> &look) const
    {
        std::size_t i = 0;
        const json_t *one = nullptr;
        json_array_foreach(json_object_get(file_.get(), "cases"), i, one) look(one);
    }

    // Of a large one the file says what is repeated in it, where, and how often.
    static std::string token_of(const json_t *one)
    {
        const std::string insert = text(one, "insert");
        std::string repeated;
        for (json_int_t i = 0; i < json_integer_value(json_object_get(one, "times")); ++i)
            repeated += insert;
        const json_t *at = json_object_get(one, "at");
        return text(one, "token")
            .insert(static_cast<std::size_t>(json_integer_value(at)), repeated);
    }

    std::string token_named(std::string_view name) const
    {
        std::string found;
        each([&](const json_t *one) {
            if (text(one, "name") == name)
                found = token_of(one);
        });
        return found;
    }

    static std::string text(const json_t *object, const char *name)
    {
        const json_t *value = json_object_get(object, name);
        return {json_is_string(value) ? json_string_value(value) : "", json_string_length(value)};
    }

  private:
    const json_t *member(std::string_view name) const
    {
        return json_object_get(file_.get(), std::string{name}.c_str());
    }
    std::chrono::seconds number(const char *name) const
    {
        return std::chrono::seconds{json_integer_value(json_object_get(file_.get(), name))};
    }

    Json file_;

  public:
    WallTime now;
    WallTime began;
    std::chrono::seconds skew;
};

// The keys as the product reads them: none at all when the document is not one to be used.
inline KeySet read_keys(const json_t *document)
{
    const Handle<char, &std::free> text{json_dumps(document, 0)};
    auto read = read_keys_reply(reply_of(200, text ? text.get() : ""));
    return read ? *std::move(read) : KeySet{};
}

} // namespace jit::oidc
