// Any bytes as the `claims` member of a provider's error: nothing, or an object that goes into the
// claims parameter of the next flow, together with what our own role asks for.
#include <jansson.h>

#include <cstdint>
#include <string>

#include "lib/base/handle.h"
#include "lib/oidc/claims_request.h"
#include "tests/fuzz/expect.h"

using namespace jit;
using namespace jit::oidc;

namespace {

using Tree = Handle<json_t, &json_decref>;

Tree read(std::string_view text)
{
    return Tree{json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr)};
}

// Everything of `part` stands in `whole` too: members of its objects, and other values as they are.
bool is_within(json_t *part, json_t *whole)
{
    if (!json_is_object(part))
        return json_equal(part, whole) == 1;
    const char *key = nullptr;
    json_t *member = nullptr;
    json_object_foreach(part, key, member)
    {
        if (!is_within(member, json_object_get(whole, key)))
            return false;
    }
    return json_is_object(whole);
}

void check_request(const std::string &demand, const char *context)
{
    const std::string request = make_claims_request(context, demand);
    const Tree whole = read(request);
    expect(json_is_object(whole.get()) && request.size() <= demand.size() + 256);
    const Tree ours = read(make_claims_request(context, ""));
    // Of the ID token what we ask for stands, of everything else what they demand.
    json_t *const our_wish = json_object_get(ours.get(), "id_token");
    expect(our_wish == nullptr || is_within(our_wish, json_object_get(whole.get(), "id_token")));
    const Tree asked = read(demand);
    const char *key = nullptr;
    json_t *member = nullptr;
    json_object_foreach(asked.get(), key, member)
    {
        if (our_wish == nullptr || std::string_view{key} != "id_token")
            expect(is_within(member, json_object_get(whole.get(), key)));
    }
    json_object_foreach(ours.get(), key, member)
    {
        expect(json_object_get(whole.get(), key) != nullptr);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char *>(data), size};
    const std::string demand = read_demand(text);
    if (demand.empty())
        return 0;
    expect(size <= 4096);
    const Tree said = read(text);
    const Tree kept = read(demand);
    expect(json_is_object(said.get()) && json_object_size(said.get()) > 0);
    expect(json_equal(said.get(), kept.get()) == 1);
    // As a provider could send it again.
    expect(demand.size() > 4096 || read_demand(demand) == demand);
    check_request(demand, "");
    check_request(demand, "c1");
    return 0;
}
