// What most of many objects never need.
#pragma once

#include <memory>
#include <utility>

namespace jit {

// A T that takes the room of a pointer until something is put into it, and reads as an empty one
// until then. A copy has its own.
template <typename T> class Rare
{
  public:
    Rare() = default;
    Rare(const Rare &other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    Rare(Rare &&other) noexcept = default;
    Rare &operator=(const Rare &other)
    {
        if (this != &other)
            value_ = other.value_ ? std::make_unique<T>(*other.value_) : nullptr;
        return *this;
    }
    Rare &operator=(Rare &&other) noexcept = default;
    ~Rare() = default;

    const T &operator*() const
    {
        static const T none{};
        return value_ ? *value_ : none;
    }
    const T *operator->() const { return &**this; }
    // To be written to.
    T &fill()
    {
        if (!value_)
            value_ = std::make_unique<T>();
        return *value_;
    }
    bool is_filled() const { return value_ != nullptr; }

  private:
    std::unique_ptr<T> value_;
};

} // namespace jit
