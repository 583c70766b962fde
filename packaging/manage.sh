#!/bin/sh
# Puts dbus-opendtu on a GX device, keeps it there over firmware updates, takes it off again.
# Everything that install.sh, uninstall.sh, restart.sh, update.sh, the package's scripts and the SD
# card do is done here, in one file, so that an update replaces it in one step and no half of it can
# meet another half of another version.
#
# Runs under busybox ash and dash. Nothing is written outside the program's own folder below /data,
# but /service/<name> (RAM, made anew at every boot) and one line in /data/rc.local.
#
# An update is a journal in the program's folder, so that a power cut at any moment leaves something
# that works:
#   .stage .unpack .save   being written: thrown away
#   .opkg                  being unpacked by opkg, or unpacked and not yet taken
#   .new                   complete and verified: moved into place, again and again until done
#   .old                   what ran before: put back when the new program does not pass its self-test
set -u
umask 022
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

usage()
{
    cat <<END
Usage: install.sh                      start the service, now and at every boot
       restart.sh                      restart the service; a change of config.ini needs none
       update.sh FILE [--sha256 SUM]   FILE: dbus-opendtu_<version>_<architecture>.tar.gz; its SHA-256 sum is
                                       looked for in FILE.sha256 and in SHA256SUMS beside it
       uninstall.sh [OPTION...]        stop the service; the folder stays
           --logs      delete its log, too
           --restore   bring back the Python driver that was here before
           --purge     delete the folder with everything in it, and the log
END
}

say()
{
    printf '%s\n' "$*"
    if [ -n "$quiet" ] && command -v logger >/dev/null 2>&1; then
        logger -t "$name" "$*" 2>/dev/null
    fi
    return 0
}

warn()
{
    say "$*" >&2
}

die()
{
    warn "$name: $*"
    exit 1
}

# The folder's name is the service's name: several copies live side by side.
set_folder()
{
    dir=$1
    name=${dir##*/}
    home=${dir#"$root"} # the same folder as the device will see it, when working in an offline root
    python=$dir/python-driver
    services=$root/service
    service=$services/$name
    case $home in
    *[!A-Za-z0-9._/-]*) die "cannot work in \"$home\": use letters, digits, dots and dashes in the folder's name" ;;
    esac
    case $name in
    '' | .*) die "\"$home\" is no folder for a service" ;;
    esac
}

# bounded SECONDS COMMAND...: ends a command that hangs. Who watches it looks every second, since a
# signal to it may come before it is ready for signals, and ends by itself.
bounded()
{
    bounded_seconds=$1
    shift
    "$@" &
    bounded_pid=$!
    (
        until [ "$bounded_seconds" -le 0 ]; do
            sleep 1
            kill -0 "$bounded_pid" || exit
            bounded_seconds=$((bounded_seconds - 1))
        done
        kill -9 "$bounded_pid"
    ) >/dev/null 2>&1 </dev/null &
    bounded_watch=$!
    wait "$bounded_pid"
    bounded_code=$?
    kill "$bounded_watch" 2>/dev/null
    return "$bounded_code"
}

# ---- One at a time -------------------------------------------------------------------------------

# In /service, which is RAM: a power cut cannot leave it behind.
lock()
{
    trap clean_up EXIT
    trap 'exit 1' HUP INT TERM
    [ -d "$services" ] && [ -w "$services" ] || return 0
    lock=$services/.$name.lock
    lock_tries=0
    until mkdir "$lock" 2>/dev/null; do
        lock_owner=$(cat "$lock/pid" 2>/dev/null)
        if [ -n "$lock_owner" ] && ! kill -0 "$lock_owner" 2>/dev/null || [ "$lock_tries" -ge 60 ]; then
            rm -rf "$lock"
        fi
        lock_tries=$((lock_tries + 1))
        sleep 1
    done
    echo $$ >"$lock/pid"
}

clean_up()
{
    rm -rf "$dir/.stage" "$dir/.unpack" "$dir/.save"
    [ -z "$lock" ] || rm -rf "$lock"
}

# ---- Sets of files -------------------------------------------------------------------------------

# What belongs to the package: files.sha256 lists it, with sums.
files_of()
{
    [ ! -f "$1/files.sha256" ] || sed 's/^[0-9a-f]*  //' "$1/files.sha256"
}

# By its contents: the Python driver has files of the same names.
is_ours()
{
    [ -f "$dir/$1" ] && [ -f "$dir/files.sha256" ] &&
        grep -qxF "$(sha256sum <"$dir/$1" | cut -c 1-64)  $1" "$dir/files.sha256"
}

is_sound()
{
    [ -s "$1/files.sha256" ] && (cd "$1" && sha256sum -c files.sha256) >/dev/null 2>&1
}

# The same of what is installed, where a user may have written into config.example.
is_installed()
{
    [ -s "$1/files.sha256" ] &&
        (cd "$1" && sed '/  config\.example$/d' files.sha256 | sha256sum -c -) >/dev/null 2>&1
}

version_of()
{
    sed -n '1s/^v//p' "$1/version" 2>/dev/null
}

copy_files()
{
    for copy_file in $(files_of "$1") files.sha256; do
        [ -e "$1/$copy_file" ] || continue # the caller looks whether all is there
        case $copy_file in
        */*) mkdir -p "$2/${copy_file%/*}" || return 1 ;;
        esac
        cp -p "$1/$copy_file" "$2/$copy_file" || return 1
    done
}

# stage FOLDER: a verified copy, ready to be applied. After this nothing but a finished update can
# come of it.
stage()
{
    rm -rf "$dir/.stage"
    if ! mkdir -p "$dir/.stage" || ! copy_files "$1" "$dir/.stage" || ! is_sound "$dir/.stage"; then
        rm -rf "$dir/.stage"
        warn "could not copy the new files to $home: is /data full?"
        return 1
    fi
    commit "$dir/.stage"
}

commit()
{
    sync
    rm -rf "$dir/.new"
    mv "$1" "$dir/.new" && sync
}

# take FOLDER: one that lies in ours already is moved.
take()
{
    case $1 in
    "$dir"/.*) commit "$1" ;;
    *) stage "$1" ;;
    esac
}

# The script that goes on after a power cut comes first, the list that says what is here comes last.
apply()
{
    for apply_file in manage.sh install.sh $(files_of "$dir/.new"); do
        [ -e "$dir/.new/$apply_file" ] || continue
        case $apply_file in
        */*) mkdir -p "$dir/${apply_file%/*}" || return 1 ;;
        esac
        mv -f "$dir/.new/$apply_file" "$dir/$apply_file" || return 1
    done
    if [ -f "$dir/.new/files.sha256" ]; then
        for apply_file in $(files_of "$dir"); do
            files_of "$dir/.new" | grep -qxF "$apply_file" || rm -f "${dir:?}/$apply_file"
        done
        mv -f "$dir/.new/files.sha256" "$dir/files.sha256" || return 1
    fi
    sync
    rm -rf "$dir/.new"
}

save()
{
    rm -rf "$dir/.save" "$dir/.old"
    is_installed "$dir" || return 0
    if ! mkdir "$dir/.save" || ! copy_files "$dir" "$dir/.save" || ! is_installed "$dir/.save"; then
        rm -rf "$dir/.save"
        warn "could not keep a copy of the present version: is /data full?"
        return 1
    fi
    sync
    mv "$dir/.save" "$dir/.old"
}

put_back()
{
    say "putting version $(version_of "$dir/.old") back"
    rm -rf "$dir/.new"
    mv "$dir/.old" "$dir/.new" && apply
}

# passes FOLDER: the program there says that it can work on this machine, with this configuration.
passes()
{
    if [ -f "$dir/config.ini" ]; then
        set -- "$1" --config "$dir/config.ini"
    fi
    passes_program=$1/dbus-opendtu
    shift
    bounded 30 "$passes_program" selftest "$@" </dev/null
}

# A fault that the version before has, too (a typing error in config.ini, no D-Bus), is not the new
# one's.
is_usable()
{
    passes "$1" && return 0
    bounded 30 "$1/dbus-opendtu" version >/dev/null 2>&1 </dev/null && ! passes "$2" >/dev/null 2>&1
}

# Between opkg's unpacking of the package's own config.ini, which has comments only, and its putting
# the user's back, there is a moment in which a power cut would cost the user's: opkg/preinst keeps
# it.
config_recover()
{
    [ -f "$dir/.config.keep" ] || return 0
    if grep -q '^[^#;[:space:]]' "$dir/config.ini" 2>/dev/null; then
        rm -f "$dir/.config.keep"
    else
        mv -f "$dir/.config.keep" "$dir/config.ini"
    fi
}

# What a power cut has left is finished or undone.
recover()
{
    rm -rf "$dir/.stage" "$dir/.unpack" "$dir/.save" "$dir/.config.new"
    config_recover
    if [ -d "$dir/.new" ]; then
        say "finishing an interrupted update"
        apply || return 1
    fi
    if [ -d "$dir/.old" ]; then
        if is_installed "$dir" && is_usable "$dir" "$dir/.old" >/dev/null 2>&1; then
            rm -rf "$dir/.old"
        else
            warn "version $(version_of "$dir") is incomplete or does not work here"
            put_back
        fi
    fi
    return 0
}

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

# ---- /service ------------------------------------------------------------------------------------

# Some busybox shells run applets of their own by these names, whatever PATH says. Theirs speak to
# runit's supervisor and cannot read the status of this one.
daemontools()
{
    if [ -x "/usr/bin/$1" ]; then
        daemontool=/usr/bin/$1
        shift
        "$daemontool" "$@"
    else
        env "$@"
    fi
}

svc()
{
    daemontools svc "$@"
}

svok()
{
    daemontools svok "$@"
}

svstat()
{
    daemontools svstat "$@"
}

scanning()
{
    [ -z "$root" ] && pidof svscan >/dev/null 2>&1
}

# Whose is /service/<name>: nobody's, ours, the Python driver's (a link to its own folder, or a
# folder that SetupHelper has copied), or foreign.
service_owner()
{
    if [ -L "$service" ]; then
        case $(readlink "$service") in
        "$home/service" | "$home/service/") echo link ;;
        *) echo foreign ;;
        esac
    elif [ ! -e "$service" ]; then
        echo nobody
    elif grep -qxF "dir=$home" "$service/run" 2>/dev/null; then
        echo ours
    elif grep -q 'dbus[-_]opendtu\.py' "$service/run" 2>/dev/null; then
        echo python
    else
        echo foreign
    fi
}

service_pid()
{
    svstat "$service" 2>/dev/null | sed -n 's/.*: up (pid \([0-9]*\)).*/\1/p'
}

service_up()
{
    [ -n "$(service_pid)" ]
}

service_seconds()
{
    svstat "$service" 2>/dev/null | sed -n 's/.*: up (pid [0-9]*) \([0-9]*\) seconds.*/\1/p'
}

# Returns when the process that was is gone, so that nobody takes it for the new one.
service_restart()
{
    restart_pid=$(service_pid)
    restart_tries=0
    svc -ut "$service"
    while [ -n "$restart_pid" ] && [ "$(service_pid)" = "$restart_pid" ] && [ "$restart_tries" -lt 100 ]; do
        restart_tries=$((restart_tries + 1))
        [ "$restart_tries" -ne 60 ] || svc -k "$service"
        sleep 0.1 2>/dev/null || sleep 1
    done
}

# A real folder with copied scripts, so that supervise's status files stay in RAM. It appears
# complete.
service_make()
{
    [ -d "$services" ] || return 0
    case $(service_owner) in
    foreign) die "/service/$name belongs to something else: give this folder another name" ;;
    link | python) service_remove ;;
    esac
    service_new=$services/.$name.new
    rm -rf "$service_new"
    mkdir -p "$service_new/log" || return 1
    for service_run in run log/run; do
        sed "s|^dir=.*|dir=$home|" "$dir/service/$service_run" >"$service_new/$service_run" || return 1
        chmod 755 "$service_new/$service_run"
    done
    if [ -d "$service" ]; then
        for service_run in run log/run; do
            cmp -s "$service_new/$service_run" "$service/$service_run" ||
                mv -f "$service_new/$service_run" "$service/$service_run"
        done
        rm -rf "$service_new"
    else
        mv "$service_new" "$service"
        if scanning && command -v svrescan >/dev/null 2>&1; then
            svrescan >/dev/null 2>&1
        fi
    fi
    return 0
}

# end_service FOLDER: supervise gives up the program there and itself, the logger last.
end_service()
{
    for end_part in "$1" "$1/log"; do
        svok "$end_part" 2>/dev/null || continue
        svc -dx "$end_part"
        end_tries=0
        while svok "$end_part" 2>/dev/null && [ "$end_tries" -lt 100 ]; do
            end_tries=$((end_tries + 1))
            [ "$end_tries" -ne 60 ] || svc -k "$end_part"
            sleep 0.1 2>/dev/null || sleep 1
        done
    done
}

service_remove()
{
    case $(service_owner) in
    foreign) return 0 ;;
    link)
        service_linked=$root$(readlink "$service")
        rm -f "$service"
        end_service "${service_linked%/}"
        rm -rf "${service_linked%/}/supervise" "${service_linked%/}/log/supervise"
        ;;
    ours | python)
        rm -rf "$services/.$name.gone"
        # Out of svscan's sight first, else it would start what has just been ended.
        mv "$service" "$services/.$name.gone" && end_service "$services/.$name.gone"
        ;;
    esac
    rm -rf "$services/.$name.gone" "$services/.$name.new"
    return 0
}

# Up for some seconds: a program that ends at once is started again each second and never gets
# there.
service_wait()
{
    wait_tries=0
    wait_pid=
    wait_starts=0
    while [ "$wait_tries" -lt 25 ] && [ "$wait_starts" -le 4 ]; do
        wait_seconds=$(service_seconds)
        [ "${wait_seconds:-0}" -lt "${DTU_SETTLE:-3}" ] || return 0
        wait_now=$(service_pid)
        if [ -n "$wait_now" ] && [ "$wait_now" != "$wait_pid" ]; then
            wait_pid=$wait_now
            wait_starts=$((wait_starts + 1))
        fi
        wait_tries=$((wait_tries + 1))
        sleep 1
    done
    return 1
}

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
            config.ini* | state.json* | files.sha256 | python-driver) continue ;;
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
    rm -rf "$dir/.card" "$dir/.old" "$dir/files.sha256" "$dir/.restore"
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

# ---- SetupHelper ---------------------------------------------------------------------------------

# PackageManager replaces the whole folder by what it has downloaded; it keeps options in
# /data/setupOptions. The configuration is there by a second name, so that what an editor writes
# into it is kept at once; where that cannot be, or an editor has made a new file, by a copy.
options_save()
{
    [ -d "$root/data/SetupHelper" ] || return 0
    options=$root/data/setupOptions/$name
    # shellcheck disable=SC3013 # busybox ash and dash have -ef
    if [ -f "$dir/config.ini" ] && [ ! "$dir/config.ini" -ef "$options/config.ini" ]; then
        mkdir -p "$options" && ln -f "$dir/config.ini" "$options/config.ini" 2>/dev/null
    fi
    for option in config.ini state.json; do
        [ -f "$dir/$option" ] || continue
        if ! cmp -s "$dir/$option" "$options/$option"; then
            mkdir -p "$options" && cp -p "$dir/$option" "$options/.$option" &&
                mv -f "$options/.$option" "$options/$option"
        fi
    done
    return 0
}

options_restore()
{
    options=$root/data/setupOptions/$name
    for option in config.ini state.json; do
        [ -f "$dir/$option" ] || [ ! -f "$options/$option" ] || cp -p "$options/$option" "$dir/$option"
    done
    return 0
}

# ---- Commands ------------------------------------------------------------------------------------

# What every way of installing ends with, once the files are in place.
activate()
{
    if is_python; then
        python_copy || die "could not keep the Python driver's files: is /data full?"
    fi
    activate_failed=
    hook_add || activate_failed=1
    python_replace
    options_save
    service_make
}

need_program()
{
    [ -x "$dir/dbus-opendtu" ] || die "the program is missing: unpack the archive again"
    bounded 30 "$dir/dbus-opendtu" version >/dev/null 2>&1 </dev/null ||
        die "this program does not run here: the device is $(uname -m), the program is for $(cat "$dir/arch")"
}

tell()
{
    if [ ! -f "$dir/config.ini" ]; then
        say "there is no config.ini yet:"
        say "    cp $home/config.example $home/config.ini, and edit it; it is read as soon as it is there"
    fi
    if ! scanning; then
        say "$name $(version_of "$dir") is installed; it starts with the next boot"
    elif service_wait; then
        say "$name $(version_of "$dir") is running; its log is /var/log/$name/current"
    else
        warn "$name does not stay up; see /var/log/$name/current"
        return 1
    fi
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
        fi
        return
    fi
    need_program
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
        rm -rf "$dir/.card" "$dir/.stage" "$dir/.unpack" "$dir/.save"
    fi
    [ -z "$logs$purge" ] || rm -rf "$root/var/log/$name"
    [ -n "$restore" ] || say "$name is stopped and will not start again"
    if [ -n "$purge" ]; then
        cd / && rm -rf "$dir"
    elif [ -d "$python" ]; then
        say "the Python driver's files are still in $home/python-driver; --restore brings it back"
    fi
}

# checksum FILE [SUM]: is it what its maker has made?
checksum()
{
    sum_wanted=${2-}
    if [ -z "$sum_wanted" ] && [ -f "$1.sha256" ]; then
        sum_wanted=$(sed -n '1s/^\([0-9a-fA-F]*\).*/\1/p' "$1.sha256")
    fi
    if [ -z "$sum_wanted" ] && [ -f "$(dirname "$1")/SHA256SUMS" ]; then
        sum_wanted=$(awk -v file="${1##*/}" '{ f = $2; sub(/^\*/, "", f); if (f == file) print $1 }' \
            "$(dirname "$1")/SHA256SUMS")
    fi
    [ -n "$sum_wanted" ] || die "no SHA-256 sum for $1: put $1.sha256 or SHA256SUMS beside it, or say --sha256"
    sum_wanted=$(echo "$sum_wanted" | tr A-F a-f)
    [ "$(sha256sum <"$1" | cut -c 1-64)" = "$sum_wanted" ] ||
        die "$1 is damaged or not the file that was released: its SHA-256 sum is wrong. Nothing was changed."
}

# change FOLDER: from the files that are here to those, and back again if they do not work.
change()
{
    say "from ${name} $(version_of "$dir") to $(version_of "$1")"
    change_up=
    [ "$(service_owner)" != ours ] || ! service_up || change_up=1
    is_usable "$1" "$dir" || die "the new program fails its self-test on this device. Nothing was changed."
    save || die "nothing was changed"
    take "$1" || die "nothing was changed"
    apply || die "could not put the new files in place; the next boot tries again"
    [ -n "$change_up" ] || {
        rm -rf "$dir/.old"
        return 0
    }
    service_make
    service_restart
    if ! service_wait; then
        warn "version $(version_of "$dir") does not stay up"
        put_back && service_make && service_restart
        die "version $(version_of "$dir") runs again"
    fi
    rm -rf "$dir/.old"
}

do_update()
{
    file='' sum=''
    while [ $# -gt 0 ]; do
        case $1 in
        --sha256)
            [ $# -gt 1 ] || usage_error "$@"
            sum=$2
            shift
            ;;
        -*) usage_error "$1" ;;
        *)
            [ -z "$file" ] || usage_error "$@"
            file=$1
            ;;
        esac
        shift
    done
    [ -n "$file" ] || usage_error ""
    [ -f "$file" ] || die "there is no file $file"
    case $file in
    *.ipk) die "use \"opkg install $file\" for this file, or take the .tar.gz" ;;
    esac
    checksum "$file" "$sum"
    recover
    mkdir -p "$dir/.unpack" && tar xzf "$file" -C "$dir/.unpack" 2>/dev/null
    if ! is_sound "$dir/.unpack/dbus-opendtu"; then
        rm -rf "$dir/.unpack"
        die "$file could not be unpacked: /data is full, or it is no dbus-opendtu archive. Nothing was changed."
    fi
    change "$dir/.unpack/dbus-opendtu"
    rm -rf "$dir/.unpack"
    activate
    tell && [ -z "$activate_failed" ]
}

# put_in FOLDER: the files there take the place of whatever is here.
put_in()
{
    if is_python; then
        python_copy || return 1
    fi
    if is_installed "$dir"; then
        (change "$1")
    else
        take "$1" && apply
    fi
}

# Called by the package's postinst. opkg unpacks into .opkg: into place it would not unpack, where
# files are that it knows nothing of (another way of installing, the Python driver, its own before a
# firmware update); and on an upgrade it deletes all that it knows before it unpacks anything.
do_configure()
{
    [ ! -f "$dir/config.ini" ] || rm -f "$dir/.config.keep"
    if [ ! -d "$dir/.opkg" ] && [ -z "$root" ]; then
        do_install '' # `opkg configure`, once more
        return
    fi
    is_sound "$dir/.opkg" || die "the package was not unpacked completely: is /data full?"
    if [ -n "$root" ]; then
        take "$dir/.opkg" && apply && hook_add
        return
    fi
    recover
    configure_up=
    is_installed "$dir" || [ "$(service_owner)" != ours ] || ! service_up || configure_up=1
    put_in "$dir/.opkg" || {
        rm -rf "$dir/.opkg"
        exit 1
    }
    need_program
    activate
    [ -z "$configure_up" ] || service_restart
    tell && [ -z "$activate_failed" ]
}

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

# setup, SetupHelper's way in: the folder holds one set of files per architecture, of which this
# device's is chosen.
do_choose()
{
    [ -d "$dir/bin" ] || return 0
    case $(uname -m) in
    aarch64 | arm64) chosen='aarch64 armv7' ;;
    x86_64) chosen=x86_64 ;;
    *) chosen='armv7 aarch64' ;;
    esac
    for choice in $chosen; do
        bounded 30 "$dir/bin/$choice/dbus-opendtu" version >/dev/null 2>&1 </dev/null || continue
        for choice_file in dbus-opendtu arch files.sha256; do
            if ! cp -p "$dir/bin/$choice/$choice_file" "$dir/.$choice_file" ||
                ! mv -f "$dir/.$choice_file" "$dir/$choice_file"; then
                die "could not write to $home: is /data full?"
            fi
        done
        sync
        rm -rf "${dir:?}/bin"
        options_restore
        return
    done
    die "none of the programs in $home/bin runs on this device ($(uname -m))"
}

usage_error()
{
    [ -z "${1-}" ] || [ "${1-}" = --help ] || echo "$name: not understood: $*" >&2
    usage >&2
    exit 2
}

main()
{
    command=${1-}
    [ $# -eq 0 ] || shift
    quiet=
    case ${1-} in
    --boot) quiet=1 ;;
    --help | -h)
        usage
        exit
        ;;
    esac
    case $command in
    install | restart | uninstall | update | configure | choose)
        [ -d "$dir" ] || die "there is no folder $dir"
        lock
        "do_$command" "$@"
        ;;
    card)
        quiet=1
        do_card "$@"
        ;;
    *) usage_error ;;
    esac
}

root=${DTU_ROOT-}
lock=
quiet=
hook_keep=
name=dbus-opendtu
set_folder "${DTU_FOLDER-$(CDPATH='' cd "$(dirname "$0")" && pwd)}"
main "$@"
# end of manage.sh
