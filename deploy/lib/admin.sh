# shellcheck shell=bash disable=SC2154
# airi admin: makes the first super; a super appoints the others.

airi_admin() { # <e-mail>
    local who
    [[ "${1:-}" == *@* ]] || die "admin takes the e-mail address of an account"
    who="$(psql_at "$admin_url" -X -q -t -A -v ON_ERROR_STOP=1 -v email="$1" <<<"select airi.make_super(:'email');")"
    [[ -n "$who" ]] || die "nobody has the address $1"
    say "$who is a super"
    say 'they may act as one in a session with a second factor: turn on two-factor authentication in the account'
}
