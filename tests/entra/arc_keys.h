// The files by which Azure Arc's agent makes sure that who asks is on the machine, and may read
// them.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace jit::entra {

// Safe to use from many threads.
class ArcKeys
{
  public:
    // Where the files are written, and the folder that a challenge says.
    void set_folders(std::string written, std::string shown);

    // A new file NAME.key, for its owner and the folder's group to read.
    //   is_big   one of 1 MiB
    //   returns  its path as a challenge says it; empty: it could not be written
    std::string make(bool is_big);
    // Whether this is what one of them says, which is then removed.
    bool use(std::string_view key);

  private:
    struct Key {
        std::string file;
        std::string text;
    };

    std::mutex mutex_;
    std::string written_;
    std::string shown_;
    std::vector<Key> keys_;
};

} // namespace jit::entra
