# shellcheck shell=bash disable=SC2154
# airi new: the files of a new endpoint or worker, from deploy/templates/<kind>/, whose folders are those of the tree.
# In names and texts sample_thing(s) stands for the new name; SampleThing is its singular in API schemas.

# Names with another meaning in C++, in SQL or in the tree.
new_reserved=' all analyse analyze and array asc auto bool break case cast catch char check class column const constexpr
constraint continue create default delete desc distinct do double else end enum except explicit export extern
false fetch float for foreign from goto grant group having if in inline int into light limit long namespace new not null
offset on only operator or order primary private protected providers public references register return rows
runtime select short signed sizeof static struct switch table tables template then this throw to true try typedef
union unique unsigned user using virtual void when where while window with '

new_name_free() { # <kind> <name>: dies with the reason
    local kind="$1" name="$2" found=''
    [[ "$name" =~ ^[a-z][a-z0-9]*(_[a-z0-9]+)*$ ]] ||
        die "$name is not a name: lower-case letters and digits, words joined by _, as in reading_lists"
    ((${#name} <= 30)) || die "$name has ${#name} characters; a name has 30 at most"
    [[ " ${new_reserved//$'\n'/ } " != *" $name "* ]] || die "$name is a word of C++ or SQL; choose another name"
    case "$kind" in
    endpoint) found="$(grep -lE "create table (airi\.)?$name\b" "$root"/sql/migrations/*.sql || true)" ;;
    worker) found="$(grep -lE "^airi_worker\($name\b" "$root/workers/workers.cmake" || true)" ;;
    esac
    [[ -z "$found" ]] || die "$name exists already, see ${found#"$root/"}; choose another name"
}

new_singular() { # <name>
    case "$1" in
    *ies) printf '%sy' "${1%ies}" ;;
    *ss) printf '%s' "$1" ;;
    *) printf '%s' "${1%s}" ;;
    esac
}

new_texts() { # <name> <its singular>: the sed expressions that put the name in the place of sample things
    local camel='' word
    for word in ${2//_/ }; do camel+="${word^}"; done
    printf '%s\n' "s/sample_things\\{0,1\\}/$1/g" "s/sample-things/${1//_/-}/g" "s/SampleThing/$camel/g" \
        "s/sample things/${1//_/ }/g" "s/sample thing/${2//_/ }/g"
}

new_target() { # <file below the template> <name>: its path in the tree
    local path="${1//sample_things/$2}" last
    path="${path//sample_thing/$2}"
    if [[ "$path" == */NNNN_* ]]; then
        last="$(cd "$root/sql/migrations" && printf '%s\n' [0-9]*.sql | tail -1 | cut -c1-4)"
        path="${path/NNNN/$(printf '%04d' $((10#$last + 1)))}"
    fi
    printf '%s' "$path"
}

# The lines that a worker needs in files that exist.
new_worker_lines() { # <name>
    local name="$1"
    printf 'airi_worker(%s GROUP %s LIGHT)\n' "$name" "$name" >>"$root/workers/workers.cmake"
    sed -i -e "0,/^#include \"events\//s//#include \"events\/$name.hpp\"\n&/" \
        -e "/^using all = /,/>;/s/>;/, ${name}_requested>;/" "$root/events/all.hpp"
    sed -i "/^volumes:/i\\
  $name:\\
    <<: *worker\\
    command: [airi-worker, $name]\\
    environment:\\
      <<: *worker-settings\\
    deploy: {replicas: 1}\\
" "$root/compose.yaml"
    sed -i "s/^          - archive$/&\n          - $name/" "$root/deploy/prometheus/prometheus.yaml"
    new_written+=(workers/workers.cmake events/all.hpp compose.yaml deploy/prometheus/prometheus.yaml)
    new_manifests "$name"
}

new_manifests() { # <worker>: they follow from compose.yaml; a test names the command where there is no node yet
    command -v node >/dev/null || return 0
    node "$root/deploy/kubernetes/generate.mjs"
    new_written+=("deploy/kubernetes/base/workers/${1//_/-}.yaml" deploy/kubernetes/base/kustomization.yaml)
}

new_formatted() { # <file…>: a longer name may need another line break, and an include another place
    local file
    command -v clang-format-19 >/dev/null || return 0
    for file in "$@"; do
        if [[ "$file" == *.?pp ]]; then clang-format-19 -i "$root/$file"; fi
    done
}

new_endpoint_next() { # <name>
    cat <<TEXT

It works as it is: ./airi test $1 builds and runs its test; ./airi up shows it at /docs.
Next, the columns that it really has, in the migration, sql/queries/$1.sql, schemas/api/$1.json and the test.
Erasure and export follow from the reference to users. If the gateway may do less than everything with the
caller's own rows, grant it in sql/policies/$1.sql (see sql/policies/README.md).
TEXT
}

new_worker_next() { # <name>
    cat <<TEXT

It works as it is: ./airi test $1 builds and runs its test.
Next, the fields that the event really has, in events/$1.hpp; after a build .airi/build/dev/bin/airi-schemas schemas
writes their schema (delete schemas/recorded/$1.requested.v1.json before: nothing has published the old one).
Then what the worker does, in workers/$1/$1.cpp, and the publisher: events::envelope() in a route, or in
the effects of another worker. A row: effects.statements gets sql::bind("$1.save", {{"id", record.id()}, …}), the
statement is in sql/queries/$1.sql, its table in sql/migrations/, its grant in sql/policies/$1.sql; a test reads
its parameters with parameter() of tests/support/cpp/fake_database.hpp.
At the end ./airi test unit compares schemas, settings and style.
TEXT
}

airi_new() { # endpoint|worker <name>
    local kind="${1:-}" name="${2:-}" template="$root/deploy/templates/${1:-}" file one
    local -a files targets=() new_written=()
    [[ "$kind" =~ ^(endpoint|worker)$ && $# == 2 ]] ||
        die "new endpoint <name> or new worker <name>, as in ./airi new endpoint reading_lists"
    new_name_free "$kind" "$name"
    mapfile -t files < <(cd "$template" && find . -type f -printf '%P\n' | sort)
    for file in "${files[@]}"; do
        targets+=("$(new_target "$file" "$name")")
        [[ ! -e "$root/${targets[-1]}" ]] ||
            die "${targets[-1]} exists already; choose another name, nothing was written"
    done
    one="$name"
    if [[ "$kind" == endpoint ]]; then one="$(new_singular "$name")"; fi
    for file in "${!files[@]}"; do
        mkdir -p "$(dirname "$root/${targets[file]}")"
        new_texts "$name" "$one" | sed -f - "$template/${files[file]}" >"$root/${targets[file]}"
        new_written+=("${targets[file]}")
    done
    if [[ "$kind" == worker ]]; then new_worker_lines "$name"; fi
    new_formatted "${new_written[@]}"
    printf 'written: %s\n' "${new_written[@]}"
    "new_${kind}_next" "$name"
}
