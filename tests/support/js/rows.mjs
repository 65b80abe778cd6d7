// A row of a user in any table, made from Postgres' catalogue: a new table needs no line here, unless a column has a
// rule that its type and constraints do not show.

import assert from 'node:assert/strict';

const here = 'tests/support/js/rows.mjs';

// SQL of columns whose values a type does not give. `$2` is a text that no other row has.
const given = {
    trusted_contacts: { email: "$2 || '@example.com'" },
    user_keys: { sealed_key: "decode(repeat('00', 76), 'hex')" },
};

const ofType = {
    uuid: 'gen_random_uuid()',
    text: '$2',
    'character varying': '$2',
    boolean: 'false',
    smallint: '1',
    integer: '1',
    bigint: '1',
    numeric: '1',
    'double precision': '1',
    'timestamp with time zone': 'now()',
    date: 'current_date',
    interval: "'1 hour'",
    jsonb: "'{}'",
    bytea: "convert_to($2, 'utf8')",
    'text[]': "'{}'",
    inet: "'127.0.0.1'",
};

// The tables with users' rows, each with the SQL condition for those of the user $1.
export async function conditions(system) {
    const found = await system.rows('select name, own from tables_of_users()');
    return new Map([['users', 'id = $1'], ...found.map(({ name, own }) => [name, own])]);
}

// The columns that a row must have, with what the catalogue knows of them.
function columnsOf(system, table) {
    return system.rows(
        `select a.attname as name, format_type(a.atttypid, null) as type, a.attnotnull as needed,
                information_schema._pg_char_max_length(a.atttypid, a.atttypmod) as length,
                (select min(e.enumlabel) from pg_enum e where e.enumtypid = a.atttypid) as label,
                f.confrelid::regclass::text as of, r.attname as key,
                (select (regexp_match(pg_get_constraintdef(k.oid), '''([^'']+)'''))[1] from pg_constraint k
                 where k.conrelid = a.attrelid and k.contype = 'c' and k.conkey = array[a.attnum] limit 1) as allowed
         from pg_attribute a
         left join pg_constraint f on f.contype = 'f' and f.conrelid = a.attrelid and f.conkey = array[a.attnum]
         left join pg_attribute r on r.attrelid = f.confrelid and r.attnum = f.confkey[1]
         where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and not a.atthasdef
           and a.attgenerated = '' and a.attidentity = ''`,
        [table],
    );
}

// Inserts a row of the user; `mark` is a text for its texts. The tables that it refers to have rows already.
export async function addRow(system, table, user, mark, all) {
    const owner = /^(\w+) = \$1$/.exec(all.get(table))?.[1];
    const values = {};
    for (const { name, type, needed, length, label, of, key, allowed } of await columnsOf(system, table)) {
        const special = given[table]?.[name];
        if (special) values[name] = special;
        else if (name === owner) values[name] = '$1';
        else if (!needed) continue;
        else if (of) values[name] = `(select ${key} from ${of} where ${all.get(of) ?? 'true'} limit 1)`;
        else if (label ?? allowed) values[name] = `'${label ?? allowed}'`;
        else {
            assert.ok(ofType[type], `${table}.${name} has the type ${type}: add a value for it to ofType in ${here}`);
            values[name] = length ? `left($2, ${length})` : ofType[type];
        }
    }
    const sql = `with given as (select $1::uuid, $2::text)
        insert into ${table} (${Object.keys(values).join()}) select ${Object.values(values).join()}`;
    await system.rows(sql, [user, mark]).catch((error) => {
        const where = [table, error.column, error.constraint].filter(Boolean).join(', ');
        assert.fail(`no row can be made for ${where}: ${error.message}; add the column's value to given in ${here}`);
    });
}
