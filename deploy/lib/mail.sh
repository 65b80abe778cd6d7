# shellcheck shell=bash disable=SC2154
# airi mail: the mails written to files while neither SMTP nor SES is set.

# Decodes quoted-printable text and its soft line breaks. The text may come from any user: control characters are
# removed for the terminal's sake.
mail_decoded() {
    local text
    text="$(tr -d '\r' | sed -e ':again' -e '/=$/{N;s/=\n//;b again' -e '}')"
    text="${text//\\/\\\\}"
    printf '%b\n' "$(sed -E 's/=([0-9A-F]{2})/\\x\1/g' <<<"$text")" | tr -d '\000-\010\013-\037\177'
}

mail_field() { # <file> <name>: of its header, unfolded and decoded
    tr -d '\r' <"$1" | sed -n '/^$/q;p' | sed -e ':again' -e 'N;$!b again' -e 's/\n / /g' | sed -n "s/^$2: //p" |
        sed -E -e 's/\?= =\?utf-8\?q\?//g' -e 's/=\?utf-8\?q\?(.*)\?=/\1/;t word' -e b -e ':word' -e 's/_/ /g' |
        mail_decoded
}

mail_text() { # <file>: its plain text
    tr -d '\r' <"$1" | awk '
        /^--airi-/ { parts++; body = 0; next }
        parts == 1 && body { print }
        parts == 1 && /^$/ { body = 1 }' | mail_decoded
}

airi_mail() { # newest first; with a number, that mail in full
    local folder="${MAIL_OUTBOX:-$home/mail}" wanted="${1:-}" file name n=0
    local -a files=()
    cd "$root" || exit # as the worker does
    [[ "$wanted" =~ ^([1-9][0-9]*)?$ ]] || die "mail takes the number of a mail in its list, or nothing: $wanted"
    if [[ -d "$folder" ]]; then
        mapfile -t files < <(find "$folder" -maxdepth 1 -name '[!.]*.eml' -printf '%T@ %p\n' | sort -rn |
            cut -d' ' -f2-)
    fi
    if [[ -n "$wanted" ]]; then
        ((wanted <= ${#files[@]})) || die "no mail has the number $wanted: there are ${#files[@]} in $folder"
        file="${files[wanted - 1]}"
        for name in From To Subject Date Message-ID; do
            printf '%s: %s\n' "$name" "$(mail_field "$file" "$name")"
        done
        printf '\n%s\n' "$(mail_text "$file")"
        return
    fi
    ((${#files[@]})) || say "no mail in $folder"
    for file in "${files[@]}"; do
        n=$((n + 1))
        printf '%3d  %s  %s  %s\n' "$n" "$(date -r "$file" '+%Y-%m-%d %H:%M:%S')" "$(mail_field "$file" To)" \
            "$(mail_field "$file" Subject)"
        mail_text "$file" | grep -oE 'https?://[^ ]+' | sed 's/^/     /' || true
    done
}
