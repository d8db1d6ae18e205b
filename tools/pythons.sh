#!/bin/sh
# Which Pythons does this machine have? Asked by the Makefile before there is any Python to ask with.
#
#   pythons.sh best    the interpreter that .venv is made with (3.11 or newer)
#   pythons.sh path    folders of pyenv's inactive versions: put on PATH, tox sees them too
#   pythons.sh names   one line for each version that the suite runs on: where it is, or that it is absent
set -u
tested="3.11 3.12 3.13"
pyenv=${PYENV_ROOT:-${HOME:-}/.pyenv}

pyenv_folders() {
    for folder in "$pyenv"/versions/3.1[1-3].*/bin; do
        [ -d "$folder" ] && printf '%s\n' "$folder"
    done
}

folders=$(pyenv_folders | paste -s -d : -)
PATH=$PATH${folders:+:$folders}

# Every file of that name on PATH: the first may be one of pyenv's shims, which fails for an inactive version.
each() {
    old=$IFS
    IFS=:
    for folder in $PATH; do
        [ -x "$folder/$1" ] && printf '%s\n' "$folder/$1"
    done
    IFS=$old
}

first() { # first NAME CONDITION: the first interpreter of that name for which the condition holds
    each "$1" | while IFS= read -r python; do
        "$python" -c "import sys; v = '%d.%d' % sys.version_info[:2]; sys.exit(not ($2))" >/dev/null 2>&1 </dev/null || continue
        printf '%s\n' "$python"
        break
    done
}

best() {
    for name in python3 python3.13 python3.12 python3.11; do
        python=$(first "$name" "sys.version_info >= (3, 11) and __import__('venv') and __import__('ensurepip')")
        [ -n "$python" ] && printf '%s\n' "$python" && return
    done
    for name in python3 python3.13 python3.12 python3.11; do
        python=$(first "$name" "sys.version_info >= (3, 11)")
        [ -n "$python" ] || continue
        echo "$python cannot make a virtual environment: install its venv package (on Debian: python3-venv)." >&2
        return 1
    done
    echo "jainam needs Python 3.11 or newer, and there is none on PATH or under $pyenv." >&2
    return 1
}

names() {
    for version in $tested; do
        for name in "python$version" python3 python; do
            python=$(first "$name" "v == '$version'")
            [ -n "$python" ] && break
        done
        if [ -n "$python" ]; then
            "$python" -c 'import sys; print("Python %d.%d.%d: %s" % (*sys.version_info[:3], sys.executable))'
        else
            echo "Python $version: absent, its environments are skipped"
        fi
    done
}

case "${1:-}" in
best) best ;;
path) printf '%s\n' "$folders" ;;
names) names ;;
*) echo "usage: pythons.sh best|path|names" >&2; exit 2 ;;
esac
