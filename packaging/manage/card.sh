# shellcheck shell=sh
# ---- SD card -------------------------------------------------------------------------------------

# The SD card's post-hook: the files lie in RAM beside this script, the card is one of /media/*.
do_card()
{
    payload=$dir
    [ -n "${1-}" ] || set -- /data/dbus-opendtu
    set_folder "$root$1"
    card=
    for medium in "$root"/media/*; do
        for archive in "$medium"/venus-*dbus-opendtu*.tgz "$medium"/venus-data.tgz "$medium"/venus-runtime.tgz; do
            [ -n "$card" ] || [ ! -f "$archive" ] || card=$medium
        done
    done
    report=$card/dbus-opendtu-install.txt
    if [ -n "$card" ] && printf '' 2>/dev/null >"$report"; then
        exec >"$report" 2>&1
    fi
    mkdir -p "$dir"
    lock
    say "dbus-opendtu $(version_of "$payload") for $(cat "$payload/arch") on a $(uname -m) device"
    card_files && card_config
    card_result=$?
    if [ "$card_result" -eq 0 ]; then
        card_enable
    fi
    say "done: $([ "$card_result" -eq 0 ] && echo good || echo failed)"
    sync
    return "$card_result"
}

# What a card has brought once is not brought again, however often the device boots with it in: what
# was updated or changed since then stays.
card_seen()
{
    grep -qxF "$1" "$dir/.card" 2>/dev/null
}

card_note()
{
    { grep -v "^${1%% *} " "$dir/.card" 2>/dev/null; echo "$1"; } >"$dir/.card.new"
    mv -f "$dir/.card.new" "$dir/.card"
}

card_files()
{
    is_sound "$payload" || {
        warn "the archive is damaged: copy it to the card again"
        return 1
    }
    bounded 30 "$payload/dbus-opendtu" version >/dev/null 2>&1 </dev/null || {
        warn "wrong archive: this program is for $(cat "$payload/arch"), this device is $(uname -m)"
        return 1
    }
    recover
    card_mark="$(cat "$payload/arch") $(sha256sum <"$payload/files.sha256" | cut -c 1-64)"
    if [ -x "$dir/dbus-opendtu" ] && card_seen "$card_mark"; then
        say "this card was applied before; version $(version_of "$dir") stays"
        return 0
    fi
    # Two cards' archives on one card differ only in the architecture: whichever runs here is good.
    if is_installed "$dir" && [ "$(version_of "$dir")" = "$(version_of "$payload")" ] &&
        [ "$(cat "$dir/arch")" != "$(cat "$payload/arch")" ]; then
        say "version $(version_of "$dir") is here already"
        return 0
    fi
    put_in "$payload" || return 1
    card_note "$card_mark"
    say "version $(version_of "$dir") is installed in $home"
}

card_config()
{
    [ -n "$card" ] || return 0
    for config in config.ini config.ini.txt; do
        [ ! -s "$card/$config" ] || break
    done
    if [ ! -s "$card/$config" ]; then
        [ -f "$dir/config.ini" ] || say "there is no config.ini: lay one on the card, beside the archive"
        return 0
    fi
    card_mark="config $(sha256sum <"$card/$config" | cut -c 1-64)"
    if [ -f "$dir/config.ini" ] && card_seen "$card_mark"; then
        say "this card's $config was taken before; the device's config.ini stays"
        return 0
    fi
    if ! cp "$card/$config" "$dir/.config.new" || ! cmp -s "$card/$config" "$dir/.config.new"; then
        rm -f "$dir/.config.new"
        warn "could not copy $config from the card: is /data full?"
        return 1
    fi
    [ ! -f "$dir/config.ini" ] || cmp -s "$dir/config.ini" "$dir/.config.new" ||
        cp -p "$dir/config.ini" "$dir/config.ini.before-card"
    chmod 600 "$dir/.config.new"
    sync
    mv -f "$dir/.config.new" "$dir/config.ini"
    card_note "$card_mark"
    say "the card's $config is the device's config.ini now"
    card_changed=1
}

card_enable()
{
    card_changed=${card_changed-}
    activate
    if [ -f "$dir/config.ini" ]; then
        say "--- self-test:"
        if passes "$dir"; then
            say "--- the configuration is good"
        else
            say "--- not good yet: see above; the log is /var/log/$name/current"
        fi
    fi
    if scanning; then
        [ -z "$card_changed" ] || ! service_up || service_restart
        tell
    else
        say "it starts in a moment, with this boot"
    fi
}
