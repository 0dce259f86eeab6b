// Pages of a Graph reply that wait to be asked for.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jit::entra {

struct GraphPage {
    std::string skip_token;
    std::string bearer;            // whose token asked for the first page
    std::vector<std::string> rows; // each as JSON
    std::string next;              // the skip token of the page after; empty: the last
    std::string context;
    std::string path; // of the list
    bool is_foreign = false;
};

// Safe to use from many threads.
class GraphPages
{
  public:
    // Keeps the page, under a skip token that it is given here.
    //   returns  the skip token
    std::string add(GraphPage page);
    std::optional<GraphPage> find(std::string_view skip_token) const;
    void clear();

  private:
    mutable std::mutex mutex_;
    std::deque<GraphPage> pages_; // the youngest last
};

// The rows in `count` pages, the later ones longer: one row alone is on the last page, where only
// those find it who ask for every page.
std::vector<std::vector<std::string>> split_pages(const std::vector<std::string> &rows,
                                                  std::size_t count);

} // namespace jit::entra
