// Preloaded into a test: an allocator that fails when it is told to.
#include <dlfcn.h>
#include <pwd.h>

#include <cerrno>
#include <cstddef>

namespace {

long left = 0; // allocations until the first that fails; 0: none does
bool is_lasting = false;
bool has_failed = false;
bool has_no_names = false;

bool must_fail()
{
    if (left == 0 || (left > 1 && --left > 0))
        return false;
    if (!is_lasting)
        left = 0;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

// A pointer without a guard: the C++ runtime may itself allocate.
template <typename Function> Function *next(Function *&known, const char *name)
{
    if (known == nullptr)
        known = reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
    return known;
}

void *(*next_malloc)(std::size_t) = nullptr;
void *(*next_calloc)(std::size_t, std::size_t) = nullptr;
void *(*next_realloc)(void *, std::size_t) = nullptr;
int (*next_getpwuid_r)(uid_t, passwd *, char *, std::size_t, passwd **) = nullptr;

} // namespace

#define JIT_EXPORT extern "C" [[gnu::visibility("default")]]

// The n-th allocation from now fails, and where lasting is set all that follow. 0 ends it.
JIT_EXPORT void starve_at(long n, bool lasting)
{
    left = n;
    is_lasting = lasting;
    has_failed = false;
}

JIT_EXPORT bool starve_has_failed()
{
    return has_failed;
}

// While set, no uid has a name.
JIT_EXPORT void starve_names(bool is_set)
{
    has_no_names = is_set;
}

JIT_EXPORT int getpwuid_r(uid_t uid, passwd *entry, char *bytes, std::size_t size, passwd **found)
{
    if (!has_no_names)
        return next(next_getpwuid_r, "getpwuid_r")(uid, entry, bytes, size, found);
    *found = nullptr;
    return ENOMEM;
}

JIT_EXPORT void *malloc(std::size_t size)
{
    return must_fail() ? nullptr : next(next_malloc, "malloc")(size);
}

JIT_EXPORT void *calloc(std::size_t count, std::size_t size)
{
    return must_fail() ? nullptr : next(next_calloc, "calloc")(count, size);
}

JIT_EXPORT void *realloc(void *place, std::size_t size)
{
    return must_fail() ? nullptr : next(next_realloc, "realloc")(place, size);
}
