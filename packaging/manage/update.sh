# shellcheck shell=sh
# ---- Updating ------------------------------------------------------------------------------------

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

# signed FILE: has the release's maker signed it? The program that is here holds the key: one that comes
# with the file would vouch for itself. --unsigned is for a file without a signature, not for a wrong one.
signed()
{
    if [ -n "$unsigned" ] && [ ! -e "$1.sig" ]; then
        say "$1 has no signature: nobody vouches for it, as --unsigned permits"
        return
    fi
    signed_says=$(bounded 60 "$dir/dbus-opendtu" verify "$1" 2>&1 </dev/null)
    case $? in
    0) say "$signed_says" ;;
    3) say "not checked who made it: dbus-opendtu $(version_of "$dir") holds no key for that" ;;
    *)
        [ -e "$1.sig" ] || signed_says="there is no signature $1.sig: put it beside the file, or say --unsigned"
        die "$signed_says. Nothing was changed."
        ;;
    esac
}

# change FOLDER: from the files that are here to those, and back again if they do not work.
change()
{
    say "from ${name} $(version_of "$dir") to $(version_of "$1")"
    change_up=
    [ "$(service_owner)" != ours ] || ! service_up || change_up=1
    runs_here "$1" || die "nothing was changed"
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
    file='' sum='' unsigned=''
    while [ $# -gt 0 ]; do
        case $1 in
        --sha256)
            [ $# -gt 1 ] || usage_error "$@"
            sum=$2
            shift
            ;;
        --unsigned) unsigned=1 ;;
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
    signed "$file"
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
    runs_here "$1" || return 1
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
# firmware update). config.ini is none of its files.
do_configure()
{
    config_recover
    rm -f "$dir/config.ini-opkg"
    if [ ! -d "$dir/.opkg" ] && [ -z "$root" ]; then
        do_install '' # `opkg configure`, once more
        return
    fi
    is_sound "$dir/.opkg" || die "the package was not unpacked completely: is /data full?"
    if [ -n "$root" ]; then
        take "$dir/.opkg" && apply && config_lay && hook_add
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
