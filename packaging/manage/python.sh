# shellcheck shell=sh
# ---- The Python driver that may have been here ---------------------------------------------------

python_files='dbus_opendtu.py dbus-opendtu.py dbus_service.py dbus-shelly-1pm-pvinverter.py'

is_python()
{
    for python_file in $python_files; do
        [ ! -f "$dir/$python_file" ] || return 0
    done
    return 1
}

# What of the folder's top level is the Python driver's.
python_entries()
{
    (
        cd "$dir" || exit
        for entry in *; do
            case $entry in
            config.ini* | state.json* | devices | files.sha256 | python-driver) continue ;;
            service) ;;
            *) ! is_ours "$entry" || continue ;;
            esac
            [ -e "$entry" ] && printf '%s\n' "$entry"
        done
    )
}

# A copy, complete before anything of it is deleted. What an unpacked archive has already
# overwritten is replaced by scripts that do the same: link the service, unlink it, restart it.
python_copy()
{
    mkdir -p "$python/service/log" || return 1
    python_entries | while read -r entry; do
        case $entry in
        service)
            for service_run in run log/run; do
                if [ -f "$dir/service/$service_run" ] && ! is_ours "service/$service_run"; then
                    cp -p "$dir/service/$service_run" "$python/service/$service_run" || exit 1
                fi
            done
            ;;
        current.log* | __pycache__) ;;
        *) cp -pR "$dir/$entry" "$python/" || exit 1 ;;
        esac
    done || return 1
    [ ! -f "$dir/config.ini" ] || [ -f "$python/config.ini" ] || cp -p "$dir/config.ini" "$python/" || return 1
    python_stand_ins || return 1
    sync
}

stand_in()
{
    [ ! -f "$python/$1" ] || return 0
    cat >"$python/$1" && chmod 755 "$python/$1"
}

python_stand_ins()
{
    python_main=dbus_opendtu.py
    for python_file in $python_files; do
        if [ -f "$python/$python_file" ] && [ "$python_file" != dbus_service.py ]; then
            python_main=$python_file
            break
        fi
    done
    stand_in service/run <<END && stand_in service/log/run <<END && stand_in install.sh <<END &&
#!/bin/sh
exec 2>&1
exec python $home/$python_main
END
#!/bin/sh
exec 2>&1
exec multilog t s153600 n2 /var/log/$name
END
#!/bin/sh
chmod 755 $home/service/run $home/service/log/run
[ -e /service/$name ] || ln -s $home/service /service/$name
[ -e /data/rc.local ] || { echo '#!/bin/sh' >/data/rc.local && chmod 755 /data/rc.local; }
grep -qxF $home/install.sh /data/rc.local || echo $home/install.sh >>/data/rc.local
END
        stand_in uninstall.sh <<END && stand_in restart.sh <<END && stand_in restore.sh <<END
#!/bin/sh
rm -f /service/$name
svc -dx $home/service $home/service/log
sed -i '\\~^$home/install.sh\$~d' /data/rc.local
END
#!/bin/sh
svc -t /service/$name
END
#!/bin/sh
# Brings the Python driver back when nothing else, or nothing whole, is left of what took its place.
cd $home || exit
! grep -q '^[^#;[:space:]]' config.ini || cp -p config.ini python-driver/
cp -pR python-driver/. . || exit
for file in \$(sed 's/^[0-9a-f]*  //' files.sha256 2>/dev/null); do
    [ -e "python-driver/\$file" ] || rm -f "\$file"
done
rm -rf files.sha256 .old .new .opkg .config.keep restore.sh python-driver
exec ./install.sh
END
}

# Its own scripts may start it without exec, so that ending the script would leave it running.
python_end()
{
    [ -z "$root" ] || return 0
    for python_pid in $(pgrep -f "$home/dbus[-_a-z0-9]*\.py" 2>/dev/null); do
        [ "$python_pid" = $$ ] || kill "$python_pid" 2>/dev/null
    done
    return 0
}

# The files by which it is recognised go last.
python_delete()
{
    python_entries | while read -r entry; do
        case " $python_files " in
        *" $entry "*) ;;
        *) [ "$entry" = service ] || rm -rf "${dir:?}/$entry" ;;
        esac
    done
    rm -rf "$dir/service/supervise" "$dir/service/log/supervise"
    for python_file in $python_files; do
        rm -f "$dir/$python_file"
    done
}

# After our own files are in place: the Python driver's service and line go, its files are in the
# copy.
python_replace()
{
    is_python && is_installed "$dir" || return 0
    say "taking over from the Python driver; its files are kept in $home/python-driver"
    case $(service_owner) in
    link | python) service_remove ;;
    esac
    python_end
    python_delete
}

# Until the Python driver's own install.sh is back, ours goes on with this after a power cut.
python_restore()
{
    if [ -d "$python" ]; then
        printf '' >"$dir/.restore" || return 1
        sync
        service_remove
        screen_remove
        lift_limits
        for entry in "$python"/*; do
            case ${entry##*/} in
            install.sh | restore.sh) ;;
            config.ini) [ -f "$dir/config.ini" ] || cp -p "$entry" "$dir/" || return 1 ;;
            *) restore_entry "${entry##*/}" || return 1 ;;
            esac
        done
        restore_entry install.sh || return 1
        [ -n "$root" ] || "$dir/install.sh" || return 1
    elif ! is_python; then
        die "there is no Python driver to bring back in $home/python-driver"
    fi
    # From here on it is the Python driver's folder; what is left over of ours does no harm.
    hook_keep=1
    hook_remove
    for entry in $(files_of "$dir"); do
        [ -e "$python/$entry" ] || [ "$entry" = manage.sh ] || rm -f "${dir:?}/$entry"
    done
    rm -rf "$dir/.card" "$dir/.old" "$dir/files.sha256" "$dir/.restore" "$dir/state.json.lock"
    [ ! -L "$dir/current.log" ] || rm -f "$dir/current.log"
    rm -rf "$python"
    sync
    rm -f "$dir/manage.sh"
    say "the Python driver is back; config.ini is as you left it"
}

# Beside it and then over it, so that each file is the one or the other, never half of one.
restore_entry()
{
    if [ -d "$python/$1" ]; then
        mkdir -p "$dir/$1" && cp -pR "$python/$1/." "$dir/$1/"
    else
        cp -p "$python/$1" "$dir/.$1.back" && mv -f "$dir/.$1.back" "$dir/$1"
    fi
}
