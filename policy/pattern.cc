#include "policy/pattern.h"

#include <re2/re2.h>

#include "lib/base/text.h"

namespace jit::policy {

namespace {

constexpr std::int64_t max_memory = std::int64_t{1} << 20;

re2::RE2::Options options()
{
    re2::RE2::Options options;
    options.set_max_mem(max_memory);
    options.set_log_errors(false);
    return options;
}

class Re2Pattern final : public Pattern
{
  public:
    explicit Re2Pattern(std::string_view text)
        : text_(text), expression_(re2::StringPiece{text.data(), text.size()}, options())
    {
    }

    bool is_in(std::string_view text) const override
    {
        return re2::RE2::PartialMatch(re2::StringPiece{text.data(), text.size()}, expression_);
    }

    std::string_view text() const override { return text_; }

    bool is_fit() const { return expression_.ok(); }
    const std::string &fault() const { return expression_.error(); }

  private:
    std::string text_;
    re2::RE2 expression_;
};

} // namespace

std::shared_ptr<const Pattern> Pattern::make(std::string_view text, std::string &fault)
{
    if (text.empty() || text.size() > max_pattern_bytes) {
        fault = text.empty() ? "it is empty" : "it is longer than 256 bytes";
        return nullptr;
    }
    auto made = std::make_shared<const Re2Pattern>(text);
    if (made->is_fit())
        return made;
    fault = safe_text(made->fault(), 128);
    return nullptr;
}

} // namespace jit::policy
