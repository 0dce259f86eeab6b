#include "tests/entra/graph_paging.h"

#include <algorithm>

#include "tests/entra/random.h"

namespace jit::entra {

namespace {
constexpr std::size_t max_pages = 1000; // the oldest fall out, so a long test cannot grow
}

std::string GraphPages::add(GraphPage page)
{
    page.skip_token = random_token("RFNwdAIAAQ", 60);
    std::string skip_token = page.skip_token;
    const std::lock_guard lock{mutex_};
    if (pages_.size() >= max_pages)
        pages_.pop_front();
    pages_.push_back(std::move(page));
    return skip_token;
}

std::optional<GraphPage> GraphPages::find(std::string_view skip_token) const
{
    const std::lock_guard lock{mutex_};
    const auto found = std::find_if(pages_.begin(), pages_.end(), [&](const GraphPage &page) {
        return page.skip_token == skip_token;
    });
    return found == pages_.end() ? std::nullopt : std::optional{*found};
}

void GraphPages::clear()
{
    const std::lock_guard lock{mutex_};
    pages_.clear();
}

std::vector<std::vector<std::string>> split_pages(const std::vector<std::string> &rows,
                                                  std::size_t count)
{
    std::vector<std::vector<std::string>> pages(count);
    for (std::size_t i = 0; i < rows.size(); ++i)
        pages[count - 1 - (rows.size() - 1 - i) * count / rows.size()].push_back(rows[i]);
    return pages;
}

} // namespace jit::entra
