// Text that must not outlive its use nor reach a log: device codes and tokens.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace jit {

// Wipes itself, has no stream operator and no conversion to a string, compares in constant time.
// The bytes live in one heap block that is never grown, so no copy is left behind by growing.
class SecretString
{
  public:
    SecretString() = default;
    explicit SecretString(std::string_view text) : text_(text) {}
    // Takes the bytes and wipes the source.
    static SecretString take(std::string &text)
    {
        SecretString made{text};
        explicit_bzero(text.data(), text.size());
        text.clear();
        return made;
    }
    SecretString(SecretString &&other) noexcept { swap(other); }
    SecretString &operator=(SecretString &&other) noexcept
    {
        if (this != &other) {
            wipe();
            swap(other);
        }
        return *this;
    }
    SecretString(const SecretString &) = delete;
    SecretString &operator=(const SecretString &) = delete;
    ~SecretString() { wipe(); }

    // The one way to the bytes: a borrowed view for the call that needs them, named so that each
    // use can be found.
    std::string_view reveal() const { return text_; }
    bool empty() const { return text_.empty(); }

    void wipe()
    {
        explicit_bzero(text_.data(), text_.capacity());
        text_.clear();
    }

    friend bool operator==(const SecretString &a, const SecretString &b)
    {
        if (a.text_.size() != b.text_.size())
            return false;
        unsigned char different = 0;
        for (std::size_t i = 0; i < a.text_.size(); ++i)
            different |= static_cast<unsigned char>(a.text_[i] ^ b.text_[i]);
        return different == 0;
    }

  private:
    // A short string lives inside the object, where a swap copies it: wipe what is left behind.
    void swap(SecretString &other) noexcept
    {
        text_.swap(other.text_);
        if (other.text_.empty())
            explicit_bzero(other.text_.data(), other.text_.capacity());
    }

    std::string text_;
};

} // namespace jit
