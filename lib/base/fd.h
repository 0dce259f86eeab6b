// One open descriptor and its owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace jit {

// Closes what it holds. Every descriptor is opened close-on-exec by who opens it.
class Fd
{
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd &operator=(Fd &&other) noexcept
    {
        if (this != &other)
            reset(std::exchange(other.fd_, -1));
        return *this;
    }
    Fd(const Fd &) = delete;
    Fd &operator=(const Fd &) = delete;
    ~Fd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    void reset(int fd = -1)
    {
        if (fd_ >= 0)
            (void)close(fd_); // nothing was written through it that is not checked elsewhere
        fd_ = fd;
    }

  private:
    int fd_ = -1;
};

} // namespace jit
