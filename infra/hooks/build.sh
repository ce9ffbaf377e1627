#!/bin/sh
# Before the training app is packaged: builds the portal, which it serves. build.ps1 does the same on Windows.
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$root/local/setup.sh"
cd "$root" || exit 1
install_node_packages
build_portal
[ -f portal/dist/index.html ] || exit 1
