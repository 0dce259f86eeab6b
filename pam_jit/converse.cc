#include "pam_jit/converse.h"

#include <cstdlib>
#include <cstring>

namespace jit::pam {

namespace {

const pam_conv *conversation(pam_handle_t *handle)
{
    const void *item = nullptr;
    if (pam_get_item(handle, PAM_CONV, &item) != PAM_SUCCESS)
        return nullptr;
    const auto *found = static_cast<const pam_conv *>(item);
    return found != nullptr && found->conv != nullptr ? found : nullptr;
}

// The response is the caller's, to be freed with its text.
bool converse(pam_handle_t *handle, int style, const Text &text, pam_response **response)
{
    const pam_conv *way = conversation(handle);
    if (way == nullptr)
        return false;
    const pam_message message{style, text.c_str()};
    const pam_message *messages = &message;
    return way->conv(1, &messages, response, way->appdata_ptr) == PAM_SUCCESS;
}

void give_back(pam_response *response)
{
    if (response == nullptr)
        return;
    if (response->resp != nullptr) {
        explicit_bzero(response->resp, std::strlen(response->resp));
        std::free(response->resp);
    }
    std::free(response);
}

} // namespace

bool has_conversation(pam_handle_t *handle)
{
    return conversation(handle) != nullptr;
}

bool show(pam_handle_t *handle, Tone tone, const Text &text)
{
    pam_response *response = nullptr;
    const int style = tone == Tone::error ? PAM_ERROR_MSG : PAM_TEXT_INFO;
    const bool shown = converse(handle, style, text, &response);
    if (shown)
        give_back(response);
    return shown;
}

bool ask(pam_handle_t *handle, const Text &prompt, Typed &answer)
{
    answer.clear();
    pam_response *response = nullptr;
    // After an error the response is not ours, whatever stands there.
    if (!converse(handle, PAM_PROMPT_ECHO_ON, prompt, &response) || response == nullptr)
        return false;
    const bool answered = response->resp != nullptr;
    if (answered)
        (void)answer.set(response->resp); // too long is no answer of ours
    give_back(response);
    return answered;
}

} // namespace jit::pam
