# What the entry scripts share: where the project is, its packages, its builds. To be sourced by a
# script in tools/, after `set -euo pipefail`. Nothing here changes the working directory.
# shellcheck shell=bash

# The project's root, however the script was called: by any path, through any symbolic link.
BAOSIM_ROOT=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
    say "$@"
    exit 1
}

# Runs a command while no other invocation runs one under the same name. The lock is not inherited
# by what the command leaves running.
locked() {
    local name=$1
    shift
    mkdir -p -- "$BAOSIM_ROOT/build"
    local lock status=0
    exec {lock}>"$BAOSIM_ROOT/build/.lock-$name"
    if ! flock --nonblock "$lock"; then
        say "waiting for another command that builds or installs here"
        flock "$lock"
    fi
    "$@" || status=$?
    exec {lock}>&-
    return $status
}

# --- packages ------------------------------------------------------------------------------------

listed_packages() {
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' -- "$BAOSIM_ROOT/tools/packages"
}

# Those of the packages named that are not installed.
missing_packages() {
    # dpkg-query fails when it has never heard of one.
    { dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' -- "$@" 2>/dev/null || true; } |
        awk -v wanted="$*" '
            $2 == "installed" { have[$1] = 1 }
            END {
                n = split(wanted, names, " ")
                for (i = 1; i <= n; ++i)
                    if (!(names[i] in have))
                        print names[i]
            }'
}

install_packages() {
    # Again, now that nobody else is installing.
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} -gt 0 ]] || return 0
    local as_root=()
    if [[ $(id -u) -ne 0 ]]; then
        command -v sudo >/dev/null ||
            die "please have an administrator install: ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing packages: ${missing[*]}"
    local log="$BAOSIM_ROOT/build/packages.log"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq)
    local install=("${apt[@]}" install -y --no-install-recommends "${missing[@]}")
    # The lists of a fresh machine are empty, those of an old one may name files that are gone.
    if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null ||
        ! "${install[@]}" >"$log" 2>&1 </dev/null; then
        if ! { "${apt[@]}" update && "${install[@]}"; } >"$log" 2>&1 </dev/null; then
            cat -- "$log" >&2
            die "installing packages failed"
        fi
    fi
}

ensure_packages() {
    command -v dpkg-query >/dev/null || return 0 # not a Debian: the user's own affair
    local listed missing
    mapfile -t listed < <(listed_packages)
    missing=$(missing_packages "${listed[@]}")
    [[ -z $missing ]] || locked packages install_packages "${listed[@]}"
}

# --- builds --------------------------------------------------------------------------------------

build_directory() {
    printf '%s\n' "$BAOSIM_ROOT/build/$1"
}

configure() {
    local preset=$1 dir log
    dir=$(build_directory "$preset")
    log="$dir/configure.log"
    # A tree that was moved has a cache that names another place.
    local fresh=()
    if [[ -e $dir/CMakeCache.txt ]]; then
        grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$BAOSIM_ROOT" -- "$dir/CMakeCache.txt" ||
            fresh=(--fresh)
        [[ ${#fresh[@]} -gt 0 || ! -e $dir/build.ninja ]] || return 0
    fi
    mkdir -p -- "$dir"
    local launcher=()
    if command -v ccache >/dev/null; then
        launcher=(-D CMAKE_CXX_COMPILER_LAUNCHER=ccache)
    fi
    if ! cmake -S "$BAOSIM_ROOT" --preset "$preset" "${fresh[@]}" "${launcher[@]}" \
        >"$log" 2>&1 </dev/null; then
        cat -- "$log" >&2
        rm -f -- "$dir/build.ninja"
        die "configuring failed"
    fi
}

# Runs ninja quietly: a line of progress once there is something to do, everything on failure.
run_ninja() {
    local dir=$1
    shift
    local log="$dir/build.log" line announced='' status=1
    while IFS= read -r line; do
        if [[ $line == 'ninja-status '* ]]; then
            status=${line#ninja-status }
            continue
        fi
        printf '%s\n' "$line" >&3
        [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (Build|Link|Generat) ]] || continue
        if [[ -t 2 ]]; then
            printf '\r%s: building %s/%s ' "${0##*/}" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
        elif [[ -z $announced ]]; then
            say "building"
        fi
        announced=yes
    done 3>"$log" < <(
        code=0
        CCACHE_BASEDIR=$BAOSIM_ROOT ninja -C "$dir" -j "$(nproc)" "$@" 2>&1 </dev/null || code=$?
        printf '\nninja-status %s\n' "$code"
    )
    if [[ -n $announced && -t 2 ]]; then
        printf '\r\e[K' >&2
    fi
    if [[ $status -ne 0 ]]; then
        grep -vE '^\[[0-9]+/[0-9]+\] |^$' -- "$log" >&2 || true
        die "building failed"
    fi
}

configure_and_build() {
    local preset=$1
    shift
    configure "$preset"
    run_ninja "$(build_directory "$preset")" "$@"
}

# Brings targets of a preset up to date; without targets: all.
build() {
    ensure_packages
    locked "build-$1" configure_and_build "$@"
}
