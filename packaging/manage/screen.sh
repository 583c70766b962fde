# shellcheck shell=sh
# ---- The page for the GX screen ------------------------------------------------------------------

# gui-v2 reads gui-v2/*.json of each application that /data/apps/enabled has a link to. One of them
# that it cannot parse keeps all of them off the screen: ours is copied only while it has the sum from
# its packing, where it was read back, and comes into place by a rename. A device without gui-v2
# ignores these folders. The service runs with and without its page.
screen_apps=/data/apps
screen_app=$screen_apps/available/DbusOpendtu
screen_link=$screen_apps/enabled/DbusOpendtu

# The page may be that of another copy of this program, as long as that is there. owner says whose,
# and which folders were made for it.
screen_ours()
{
    screen_owner=$(sed -n 1p "$root$screen_app/owner" 2>/dev/null)
    [ -z "$screen_owner" ] || [ "$screen_owner" = "$home" ] || [ ! -e "$root$screen_owner/manage.sh" ]
}

# A power cut has left the folder without it: whoever made the folders around it did so for ours.
screen_half()
{
    [ -d "$root$screen_app" ] && [ ! -f "$root$screen_app/owner" ]
}

screen_folders()
{
    screen_made=
    for screen_folder in $screen_apps $screen_apps/available $screen_apps/enabled; do
        [ -d "$root$screen_folder" ] && ! screen_half || screen_made="$screen_made $screen_folder"
    done
    mkdir -p "$root$screen_app/gui-v2" "$root$screen_apps/enabled" || return 1
    # shellcheck disable=SC2086 # no blanks in these
    {
        printf '%s\n' "$home" $screen_made
        [ ! -f "$root$screen_app/owner" ] || sed 1d "$root$screen_app/owner"
    } >"$root$screen_app/.owner.new" && mv -f "$root$screen_app/.owner.new" "$root$screen_app/owner"
}

# Folders and link first: gui-v2 then watches for the file. Who has removed the link alone does not want
# the page; so it is made together with the file only.
screen_copy()
{
    screen_to=$root$screen_app/gui-v2
    screen_folders || return 1
    if [ ! -e "$screen_to/DbusOpendtu.json" ] && [ ! -e "$root$screen_link" ] && [ ! -L "$root$screen_link" ]; then
        ln -s "$screen_app" "$root$screen_link" || return 1
    fi
    if ! cp "$dir/DbusOpendtu.json" "$screen_to/.new" || ! cmp -s "$dir/DbusOpendtu.json" "$screen_to/.new"; then
        rm -f "$screen_to/.new"
        return 1
    fi
    chmod 644 "$screen_to/.new" && sync && mv -f "$screen_to/.new" "$screen_to/DbusOpendtu.json"
}

# Never a reason not to install the service.
screen_install()
{
    screen_ours && [ -f "$dir/files.sha256" ] || return 0
    if [ ! -e "$dir/DbusOpendtu.json" ]; then
        screen_remove # of the version before
    elif ! is_ours DbusOpendtu.json; then
        warn "the page for the GX screen is not installed: $home/DbusOpendtu.json is damaged; unpack the archive again"
    elif ! cmp -s "$dir/DbusOpendtu.json" "$root$screen_app/gui-v2/DbusOpendtu.json"; then
        screen_copy || warn "the page for the GX screen is not installed: is /data full?"
    fi
    return 0
}

# The link first, so that none leads nowhere. Folders of others, and with something of others, stay.
screen_remove()
{
    screen_ours && [ -d "$root$screen_app" ] || return 0
    [ "$(readlink "$root$screen_link" 2>/dev/null)" != "$screen_app" ] || rm -f "$root$screen_link"
    screen_made=" $screen_apps $screen_apps/available $screen_apps/enabled "
    screen_half || screen_made=" $(sed 1d "$root$screen_app/owner" | tr '\n' ' ') "
    rm -rf "$root$screen_app/gui-v2/DbusOpendtu.json" "$root$screen_app/gui-v2/.new" "$root$screen_app/.owner.new"
    rmdir "$root$screen_app/gui-v2" 2>/dev/null
    rm -f "$root$screen_app/owner"
    rmdir "$root$screen_app" 2>/dev/null
    for screen_folder in $screen_apps/enabled $screen_apps/available $screen_apps; do
        case $screen_made in
        *" $screen_folder "*) rmdir "$root$screen_folder" 2>/dev/null ;;
        esac
    done
    return 0
}
