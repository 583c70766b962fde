# shellcheck shell=sh
# ---- /data/rc.local ------------------------------------------------------------------------------

# Hooks that the user has switched off in the GUI stay off.
hook_file()
{
    if [ ! -e "$root/data/rc.local" ] && [ -e "$root/data/rc.local.disabled" ]; then
        echo "$root/data/rc.local.disabled"
    elif [ -L "$root/data/rc.local" ]; then
        readlink -f "$root/data/rc.local"
    else
        echo "$root/data/rc.local"
    fi
}

hook_tag()
{
    echo "# dbus-opendtu $home"
}

# hook_filter FILE ADD: FILE without our line and without the Python driver's, and with our line if
# ADD is not empty; the Python driver's line stays when it is being brought back. Ours comes first,
# after #!: what follows, an `exit 0` too, cannot keep it from running, and whether it succeeds or
# hangs cannot keep the others from running.
hook_filter()
{
    awk -v tag="$(hook_tag)" -v home="$home" -v add="$2" -v keep="$hook_keep" '
        function ours(s) { return length(s) >= length(tag) && substr(s, length(s) - length(tag) + 1) == tag }
        function theirs(s) {
            gsub(/^[ \t]+|[ \t&]+$/, "", s); sub(/^(bash|sh) +/, "", s)
            return keep == "" && s == home "/install.sh"
        }
        function put() {
            if (add != "")
                print "[ ! -x " home "/install.sh ] || " home "/install.sh --boot </dev/null >/dev/null 2>&1 & " tag
        }
        NR == 1 && /^#!/ { print; put(); next }
        NR == 1 { put() }
        ours($0) || theirs($0) { next }
        { print }
        END { if (NR == 0) put() }' "$1"
}

# hook_write FILE ADD: replaces it in one step, and only by something that was written completely.
hook_write()
{
    hook_new=$1.$name
    cp -p "$1" "$hook_new" 2>/dev/null
    hook_filter "$1" "$2" >"$hook_new" 2>/dev/null
    if [ "$(hook_filter "$1" "$2" | sha256sum)" != "$(sha256sum <"$hook_new" 2>/dev/null)" ]; then
        rm -f "$hook_new"
        warn "could not write $1: is /data full?"
        return 1
    fi
    if cmp -s "$1" "$hook_new"; then
        rm -f "$hook_new"
    else
        sync
        mv -f "$hook_new" "$1"
    fi
}

hook_add()
{
    hook=$(hook_file)
    if [ ! -e "$hook" ]; then
        hook_new=$hook.$name
        if ! printf '#!/bin/sh\n%s\n' "$(hook_filter /dev/null add)" >"$hook_new" ||
            [ "$(wc -l <"$hook_new")" -ne 2 ]; then
            rm -f "$hook_new"
            warn "could not write $hook: is /data full?"
            return 1
        fi
        chmod 755 "$hook_new" && sync && mv -f "$hook_new" "$hook"
        return
    fi
    case $(head -n 1 "$hook") in
    '#!'*sh | '#!'*sh' '*) ;;
    '#!'*)
        warn "$hook is no shell script: have it run \"$home/install.sh --boot\" yourself"
        return 1
        ;;
    esac
    hook_write "$hook" add || return 1
    case $hook in
    *.disabled) warn "boot hooks are switched off on this device ($hook): the service ends with the next reboot" ;;
    *) [ -x "$hook" ] || chmod 755 "$hook" ;;
    esac
    return 0
}

hook_remove()
{
    for hook in "$root/data/rc.local" "$root/data/rc.local.disabled"; do
        grep -qF "$(hook_tag)" "$hook" 2>/dev/null || continue
        hook=$(readlink -f "$hook")
        if [ "$(hook_filter "$hook" "")" = '#!/bin/sh' ]; then
            rm -f "$hook" # nothing but what we have made
        else
            hook_write "$hook" "" || return 1
        fi
    done
    return 0
}
