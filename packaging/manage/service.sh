# shellcheck shell=sh
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
            [ "$end_tries" -ne 80 ] || svc -k "$end_part" # it may lift power limits for 5 s
            sleep 0.1 2>/dev/null || sleep 1
        done
    done
}

# After the service has ended for good: inverters that it may have limited get their full power back.
lift_limits()
{
    [ -z "$root" ] && grep -qs '"limited":1' "$dir/state.json" || return 0
    "$dir/dbus-opendtu" lift --config "$dir/config.ini" --state "$dir/state.json" --wait 60
    return 0
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
