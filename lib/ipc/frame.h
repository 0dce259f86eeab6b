// Varlink frames: JSON texts, each ended by one NUL byte, cut from a stream.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/ipc/limits.h"

namespace jit::ipc {

// Collects what arrives and gives out whole frames.
class FrameReader
{
  public:
    // Adds bytes from the stream.
    //   errors  bad_input: a frame is too long, or an empty one came; the stream is of no use then
    Result<void> add(std::string_view bytes);

    // The next whole frame, without its NUL; absent: more bytes are needed.
    std::optional<std::string> next();

    // Whether a frame has begun and not ended.
    bool has_partial() const { return last_bytes_ > 0; }
    // Whether next() has a frame to give.
    bool has_whole() const { return buffer_.size() > last_bytes_; }

  private:
    std::string buffer_;
    std::size_t scanned_ = 0;    // bytes at the front known to hold no NUL
    std::size_t last_bytes_ = 0; // of the frame that has begun and not ended
};

} // namespace jit::ipc
