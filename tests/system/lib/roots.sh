# Debian roots, each made once and kept as a tar file. Sourced, after cleanup.sh, by bash scripts
# that run as root.
#
#   root_archive RELEASE PACKAGES [PREFIX]    makes it if it is not there; its path in $ROOT_ARCHIVE

cache=${JIT_CACHE:-/var/cache/jit-tests}

# One file for each release and list of packages. The lock is the file's own: two releases are made
# side by side.
root_archive() {
    local release=$1 packages=$2 prefix=${3:-} key file lock
    key=$(printf '%s\n' "$release" "$packages" | sha256sum | cut -c 1-16)
    file=$cache/${prefix:+$prefix-}$release-$key.tar
    mkdir -p "$cache"
    exec {lock}>"$file.lock"
    flock "$lock"
    if [ ! -s "$file" ]; then
        printf 'making a %s root (once)\n' "$release" >&2
        patiently mmdebstrap --quiet --variant=minbase --include="$packages" \
            "$release" "$file.part.tar" >"$file.log" 2>&1 || {
            tail -n 20 "$file.log" >&2
            rm -f "$file.part.tar"
            return 1
        }
        mv "$file.part.tar" "$file"
        rm -f "$file.log"
    fi
    exec {lock}>&-
    ROOT_ARCHIVE=$file
}
