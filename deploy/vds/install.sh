#!/bin/sh
# Installs Samovar's web role on this server (Debian, Ubuntu), or brings it to the version beside this file.
#
#   sh install.sh --domain chat.example.org      sh install.sh --help
#
# It only finds Python; the rest is deploy/vds in the wheel, which runs without being installed.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

wheel=
for file in "$here"/samovar-*-py3-none-any.whl; do
    [ -f "$file" ] && wheel=$file
done
if [ -z "$wheel" ]; then
    echo "samovar: there is no wheel beside install.sh: copy the whole folder made by 'python3 -m deploy wheel'" >&2
    exit 1
fi

if ! command -v python3 >/dev/null; then
    case " $* " in
    *" --help "* | *" --dry-run "*) may_install=no ;;
    *) may_install=yes ;;
    esac
    if [ "$may_install" = no ] || [ "$(id -u)" -ne 0 ]; then
        echo "samovar: there is no Python here yet, which this script runs on: apt install python3 python3-venv" >&2
        exit 1
    fi
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3 python3-venv
fi
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "samovar: $(python3 --version) is too old: 3.11 or newer is needed, as Debian 12 and Ubuntu 24.04 have it" >&2
    exit 1
fi

exec env PYTHONPATH="$wheel" PYTHONDONTWRITEBYTECODE=1 python3 -m deploy.vds "$here" "$@"
