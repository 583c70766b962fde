# shellcheck shell=sh
# ---- SetupHelper ---------------------------------------------------------------------------------

# PackageManager replaces the whole folder by what it has downloaded; it keeps options in
# /data/setupOptions. The service keeps a copy of config.ini there at each change of it (run --copy);
# of the rest one is made at each boot and restart.
# What its owner and the service have made: devices/ holds the owner's own device files.
options_of() # FOLDER
{
    (cd "$1" 2>/dev/null && for option in config.ini state.json devices/*.ini; do
        [ ! -f "$option" ] || printf '%s\n' "$option"
    done)
}

options_save()
{
    [ -d "$root/data/SetupHelper" ] || return 0
    options=$root/data/setupOptions/$name
    options_of "$dir" | while read -r option; do
        cmp -s "$dir/$option" "$options/$option" && continue
        mkdir -p "$(dirname "$options/$option")" && cp -p "$dir/$option" "$options/$option.new" &&
            mv -f "$options/$option.new" "$options/$option"
    done
    return 0
}

options_restore()
{
    options=$root/data/setupOptions/$name
    options_of "$options" | while read -r option; do
        [ -f "$dir/$option" ] || { mkdir -p "$(dirname "$dir/$option")" && cp -p "$options/$option" "$dir/$option"; }
    done
    return 0
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
        runs_here "$dir/bin/$choice" 2>/dev/null || continue
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
    die "wrong architecture: none of the programs in $home/bin runs on this device, which is $(uname -m)"
}
