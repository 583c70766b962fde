# shellcheck shell=sh
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
