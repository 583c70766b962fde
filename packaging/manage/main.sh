# shellcheck shell=sh
# ---- The command ---------------------------------------------------------------------------------

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
    [ -n "$root" ] || [ "$(id -u)" = 0 ] || die "only root can do this; nothing was changed"
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
    verdict)
        quiet=1
        do_verdict "$@"
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
