# shellcheck shell=sh
# ---- Installing, restarting, removing ------------------------------------------------------------

# What every way of installing ends with, once the files are in place.
activate()
{
    if is_python; then
        python_copy || die "could not keep the Python driver's files: is /data full?"
    fi
    activate_failed=
    config_lay || warn "could not write $home/config.ini: is /data full?"
    hook_add || activate_failed=1
    python_replace
    log_link
    options_save
    service_make
    screen_install
}

need_program()
{
    runs_here "$dir" || die "nothing was installed"
}

# An archive that was unpacked only in part, on a full /data say, may well have a program that runs.
need_files()
{
    ! is_installed "$dir" || return 0
    [ -s "$dir/files.sha256" ] || die "files.sha256 is missing: unpack the archive again; nothing was installed"
    die "missing or not as they were released:" \
        "$( (cd "$dir" && sed '/  config\.example$/d' files.sha256 | sha256sum -c - 2>/dev/null) |
            sed -n 's/: FAILED.*//p' | tr '\n' ' ')- unpack the archive again; nothing was installed"
}

# check_says: what `check` prints; its result is the program's, so for no command of these scripts one.
check_says()
{
    bounded 120 "$dir/dbus-opendtu" check --config "$dir/config.ini" 2>&1 </dev/null
}

# That it runs does not mean that it publishes anything: what follows says so, or why not.
tell()
{
    if ! scanning; then
        say "$name $(version_of "$dir") is installed; it starts with the next boot"
    elif service_wait; then
        say "$name $(version_of "$dir") is running; its log is /var/log/$name/current"
    else
        warn "$name does not stay up; see /var/log/$name/current"
        return 1
    fi
    if [ ! -f "$dir/config.ini" ] || config_is_laid; then
        say "It publishes nothing yet: write your DTU's address into $home/config.ini,"
        say "which is read as soon as it is saved. Then, to see whether all is well:"
        say "    $home/dbus-opendtu check"
    else
        say "--- $home/dbus-opendtu check says:"
        check_says
    fi
    return 0
}

do_install()
{
    case ${1-} in
    --boot | '') ;;
    *) usage_error "$@" ;;
    esac
    if [ -f "$dir/.restore" ]; then
        python_restore
        return
    fi
    recover
    # What opkg has not finished to unpack. Not from here on: it may be at it.
    [ "${1-}" != --boot ] || rm -rf "$dir/.opkg"
    if is_python && ! is_installed "$dir" && [ -f "$python/restore.sh" ]; then
        warn "the installation was interrupted: the Python driver goes on, install again"
        sh "$python/restore.sh"
        return
    fi
    if [ "${1-}" = --boot ]; then
        if is_python && is_installed "$dir"; then
            activate
        else
            service_make
            options_save
            screen_install
        fi
        return
    fi
    need_program
    need_files
    activate
    if scanning && service_up; then
        service_restart
    fi
    tell && [ -z "$activate_failed" ]
}

do_restart()
{
    [ $# -eq 0 ] || usage_error "$@"
    recover
    options_save
    if [ "$(service_owner)" = ours ] && svok "$service" 2>/dev/null; then
        service_make
        service_restart
        say "$name is restarted; its log is /var/log/$name/current"
        say "Whether all is well: $home/dbus-opendtu check"
    else
        do_install ''
    fi
}

do_uninstall()
{
    logs='' purge='' restore=''
    for option in "$@"; do
        case $option in
        --logs) logs=1 ;;
        --purge) purge=1 ;;
        --restore) restore=1 ;;
        *) usage_error "$option" ;;
        esac
    done
    [ -z "$purge$logs" ] || [ -n "$name" ] || exit 1
    if [ -n "$restore" ]; then
        [ -z "$purge" ] || die "--restore and --purge contradict each other"
        python_restore || die "could not bring the Python driver back: is /data full?"
    else
        # The line first: after a power cut the service is off, too.
        hook_remove || die "the line in /data/rc.local is still there"
        service_remove
        screen_remove
        lift_limits
        rm -rf "$dir/.card" "$dir/.stage" "$dir/.unpack" "$dir/.save"
    fi
    if [ -n "$logs$purge" ]; then
        rm -rf "$root/var/log/$name"
        [ ! -L "$dir/current.log" ] || rm -f "$dir/current.log"
    fi
    [ -n "$restore" ] || say "$name is stopped and will not start again"
    if [ -n "$purge" ]; then
        cd / && rm -rf "$dir"
    elif [ -d "$python" ]; then
        say "the Python driver's files are still in $home/python-driver; --restore brings it back"
    fi
}
