# shellcheck shell=sh
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

# runs_here FOLDER: whether the program there is one for this machine; says it if not.
runs_here()
{
    if [ ! -x "$1/dbus-opendtu" ]; then
        warn "the program is missing: unpack the archive again"
        return 1
    fi
    bounded 30 "$1/dbus-opendtu" version >/dev/null 2>&1 </dev/null && return
    warn "wrong architecture: this program is for $(cat "$1/arch"), this device is $(uname -m)"
    return 1
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
    runs_here "$1" && ! passes "$2" >/dev/null 2>&1
}

# A package from before config.ini was laid by these scripts had it among its own files: opkg deletes
# it with them, and leaves the copy that it makes of a changed one.
config_recover()
{
    [ -f "$dir/config.ini" ] || [ ! -f "$dir/config.ini-opkg.backup" ] ||
        mv -f "$dir/config.ini-opkg.backup" "$dir/config.ini"
}

# The file that its owner fills in, the same by every way of installing. It may come to hold a password.
config_lay()
{
    [ ! -e "$dir/config.ini" ] && [ -f "$dir/config.initial" ] || return 0
    (umask 077 && cp "$dir/config.initial" "$dir/.config.new") && mv -f "$dir/.config.new" "$dir/config.ini"
}

config_is_laid()
{
    cmp -s "$dir/config.initial" "$dir/config.ini"
}

# Where the Python driver's README sends people. The log itself is where multilog writes it.
log_link()
{
    if [ -L "$dir/current.log" ] || [ ! -e "$dir/current.log" ]; then
        ln -sfn "/var/log/$name/current" "$dir/current.log"
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
