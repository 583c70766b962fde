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
    # Of two archives on a card that differ in the architecture, one is for this device: what that one
    # has to report stays.
    reported=$root/run/dbus-opendtu-card
    if is_sound "$payload" && ! runs_here "$payload" 2>/dev/null; then
        [ ! -s "$report" ] || [ "$(cat "$reported" 2>/dev/null)" != "$report" ] || return 0
    elif [ -n "$card" ]; then
        echo "$report" >"$reported"
    fi
    if [ -n "$card" ] && printf '' 2>/dev/null >"$report"; then
        exec >"$report" 2>&1
    fi
    mkdir -p "$dir"
    lock
    say "dbus-opendtu $(version_of "$payload") for $(cat "$payload/arch") on a $(uname -m) device"
    if ! card_files || ! card_config; then
        say "verdict: failed, as is said above"
        sync
        return 1
    fi
    card_enable
    say "the rest follows as soon as the service has asked its gateways, in some minutes at most"
    sync
    DTU_FOLDER=$dir DTU_ROOT=$root detached sh "$dir/manage.sh" verdict "$report"
}

# detached COMMAND...: goes on when the one who calls this script has ended.
detached()
{
    if command -v setsid >/dev/null 2>&1; then
        set -- setsid "$@"
    fi
    "$@" </dev/null >/dev/null 2>&1 &
}

# The end of the card's report, for which the service, and then its gateways, are waited for: at boot
# the card is read before either, and before the network.
do_verdict()
{
    mkdir "$root/run/dbus-opendtu-verdict" 2>/dev/null || return 0 # of two archives one is enough
    verdict_file=$root/run/dbus-opendtu-verdict/text
    verdict_tries=${DTU_TRIES:-240}
    until scanning && service_up || [ "$verdict_tries" -le 0 ]; do
        verdict_tries=$((verdict_tries - 1))
        sleep 1
    done
    if [ "$verdict_tries" -gt 0 ]; then
        verdict
    else
        echo "verdict: failed: $name $(version_of "$dir") was not started: see /data/rc.local"
    fi >"$verdict_file"
    [ ! -f "$1" ] || cat "$verdict_file" >>"$1"
    rm -rf "$root/run/dbus-opendtu-verdict"
    sync
}

verdict()
{
    if ! service_wait; then
        echo "$name does not stay up; its log ends with:"
        tail -n 5 "$root/var/log/$name/current"
        echo "verdict: failed: $name $(version_of "$dir") does not stay up"
        return
    fi
    if config_is_laid; then
        echo "verdict: not finished: $name $(version_of "$dir") runs, but has no configuration:" \
            "lay config.ini on the card, beside the archive, and boot again"
        return
    fi
    verdict_tries=${DTU_TRIES:-12}
    verdict_word='not good' verdict_why='but see what check says'
    while [ "$verdict_word" != good ] && [ "$verdict_tries" -gt 0 ]; do
        verdict_tries=$((verdict_tries - 1))
        if verdict_check=$(check_says); then
            verdict_word=good verdict_why='and check finds nothing wrong'
        else
            sleep "${DTU_PAUSE:-15}"
        fi
    done
    echo "--- check says:"
    echo "${verdict_check-}"
    echo "verdict: $verdict_word: $name $(version_of "$dir") runs, $verdict_why"
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
    runs_here "$payload" || return 1
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
    [ -s "$card/$config" ] || return 0
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
    if scanning && [ -n "$card_changed" ] && service_up; then
        service_restart
    fi
}
