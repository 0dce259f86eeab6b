// Owning pointers to what C libraries allocate.
#pragma once

#include <memory>

namespace jit {

namespace detail {
template <auto release> struct Release {
    template <typename T> void operator()(T *held) const { release(held); }
};
} // namespace detail

// A unique_ptr, one pointer wide, that gives back with the library's own function:
//   using Easy = Handle<CURL, &curl_easy_cleanup>;
template <typename T, auto release> using Handle = std::unique_ptr<T, detail::Release<release>>;

} // namespace jit
