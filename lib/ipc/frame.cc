#include "lib/ipc/frame.h"

#include <utility>

namespace jit::ipc {

namespace {

// What one connection may have sent ahead of what was read: two whole frames.
constexpr std::size_t max_buffered_bytes = 2 * (max_frame_bytes + 1);

} // namespace

Result<void> FrameReader::add(std::string_view bytes)
{
    if (buffer_.size() + bytes.size() > max_buffered_bytes)
        return Error{Code::bad_input, "more was sent than a message may hold"};
    buffer_ += bytes;
    // Every frame is measured as it arrives, whether or not those before it were taken out.
    for (const char c : bytes) {
        if (c != '\0' && ++last_bytes_ > max_frame_bytes)
            return Error{Code::bad_input, "a message is longer than 64 KiB"};
        if (c == '\0' && std::exchange(last_bytes_, 0) == 0)
            return Error{Code::bad_input, "an empty message"};
    }
    return {};
}

std::optional<std::string> FrameReader::next()
{
    const std::size_t end = buffer_.find('\0', scanned_);
    if (end == std::string::npos) {
        scanned_ = buffer_.size();
        return std::nullopt;
    }
    scanned_ = 0;
    // The usual case: nothing is copied, and nothing is held while the frame is answered.
    if (end + 1 == buffer_.size()) {
        buffer_.pop_back();
        return std::exchange(buffer_, {});
    }
    std::string frame = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return frame;
}

} // namespace jit::ipc
