-- JSON objects that clients write and merge into have bounds after the merge: 16 KiB as text, 100 members. Statements
-- ask json_refusal() and answer 422; the trigger keep_bounded refuses the changes of statements that do not ask.
create or replace function json_fault(p_value jsonb) returns text language sql immutable as $$
    select case
        when octet_length(p_value::text) > 16384 then 'has more than 16 KiB with what is stored already'
        when jsonb_typeof(p_value) = 'object' and (select count(*) from jsonb_object_keys(p_value)) > 100
            then 'has more than 100 members with those stored already' end
$$;

-- NULL for a value within the bounds. `p_pointer`: to the value in the body.
create or replace function json_refusal(p_pointer text, p_value jsonb) returns json language sql immutable as $$
    select refusal(422, 'VALIDATION_FAILED', f.fault,
        jsonb_build_array(jsonb_build_object('pointer', p_pointer, 'message', f.fault)))
    from json_fault(p_value) f(fault) where f.fault is not null
$$;

-- Its arguments are columns. A value from before the bounds may stay, and shrink.
create or replace function keep_bounded() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    before jsonb := case when tg_op = 'UPDATE' then to_jsonb(old) else '{}' end;
    after jsonb := to_jsonb(new);
    fault text;
begin
    for i in 0 .. tg_nargs - 1 loop
        fault := json_fault(after -> tg_argv[i]);
        if fault is not null and octet_length((after -> tg_argv[i])::text)
                                 > coalesce(octet_length((before -> tg_argv[i])::text), 0) then
            raise exception '% %', tg_argv[i], fault using errcode = 'check_violation';
        end if;
    end loop;
    return new;
end $$;

create or replace trigger keep_bounded before insert or update of metadata, preferences, onboarding on users
    for each row execute function keep_bounded('metadata', 'preferences', 'onboarding');

-- Code points that belong to the one before them, as in a bracket expression: accents, vowel signs, joiners, skin
-- tones. Some letters between them are included: a text is cut before those less often than it could be.
create or replace function cluster_extenders() returns text language sql immutable as $$
    select
        '\u0300-\u036F\u0483-\u0489\u0591-\u05C7\u0610-\u061A\u064B-\u065F\u0670\u06D6-\u06ED\u0711\u0730-\u074A'
        '\u07A6-\u07B0\u07EB-\u07F3\u07FD\u0816-\u082D\u0859-\u085B\u0898-\u089F\u08CA-\u0903\u093A-\u0957'
        '\u0962-\u0963\u0981-\u0983\u09BC-\u09CD\u09D7\u09E2-\u09E3\u09FE-\u0A03\u0A3C-\u0A42\u0A47-\u0A51'
        '\u0A70-\u0A75\u0A81-\u0A83\u0ABC-\u0ACD\u0AE2-\u0AE3\u0AFA-\u0B03\u0B3C-\u0B4D\u0B55-\u0B57\u0B62-\u0B63'
        '\u0B82\u0BBE-\u0BCD\u0BD7\u0C00-\u0C04\u0C3C-\u0C4D\u0C55-\u0C56\u0C62-\u0C63\u0C81-\u0C83\u0CBC-\u0CCD'
        '\u0CD5-\u0CD6\u0CE2-\u0CE3\u0D00-\u0D03\u0D3B-\u0D4D\u0D57\u0D62-\u0D63\u0D81-\u0D83\u0DCA\u0DCF-\u0DDF'
        '\u0DF2-\u0DF3\u0E31-\u0E3A\u0E47-\u0E4E\u0EB1-\u0EBC\u0EC8-\u0ECD\u0F18-\u0F19\u0F35-\u0F39\u0F3E-\u0F3F'
        '\u0F71-\u0F87\u0F8D-\u0FBC\u0FC6\u102B-\u103E\u1056-\u1059\u105E-\u1074\u1082-\u108F\u109A-\u109D'
        '\u1160-\u11FF\u135D-\u135F\u1712-\u1715\u1732-\u1734\u1752-\u1753\u1772-\u1773\u17B4-\u17D3\u17DD'
        '\u180B-\u180F\u1885-\u1886\u18A9\u1920-\u192B\u1930-\u193B\u1A17-\u1A1B\u1A55-\u1A7F\u1AB0-\u1ACE'
        '\u1B00-\u1B04\u1B34-\u1B44\u1B6B-\u1B73\u1B80-\u1B82\u1BA1-\u1BAD\u1BE6-\u1BF3\u1C24-\u1C37\u1CD0-\u1CE8'
        '\u1CED\u1CF4-\u1CF9\u1DC0-\u1DFF\u200C\u200D\u20D0-\u20F0'
        '\u2CEF-\u2CF1\u2D7F\u2DE0-\u2DFF\u302A-\u302F\u3099-\u309A\uA66F-\uA67D'
        '\uA69E-\uA69F\uA6F0-\uA6F1\uA802-\uA806\uA80B\uA823-\uA827\uA82C\uA880-\uA881\uA8B4-\uA8C5\uA8E0-\uA8F1'
        '\uA8FF\uA926-\uA92D\uA947-\uA953\uA980-\uA983\uA9B3-\uA9C0\uA9E5\uAA29-\uAA36\uAA43\uAA4C-\uAA4D'
        '\uAA7B-\uAA7D\uAAB0-\uAAB8\uAABE-\uAAC1\uAAEB-\uAAEF\uAAF5-\uAAF6\uABE3-\uABED\uD7B0-\uD7FF\uFB1E'
        '\uFE00-\uFE0F\uFE20-\uFE2F\uFF9E-\uFF9F\U000101FD\U00010A01-\U00010A3F\U00011000-\U00011FFF'
        '\U00016AF0-\U00016AF4\U00016F4F-\U00016F92\U0001D165-\U0001D1AD\U0001E000-\U0001E2FF\U0001E8D0-\U0001E94A'
        '\U0001F3FB-\U0001F3FF\U000E0020-\U000E007F\U000E0100-\U000E01EF'
$$;

-- The longest beginning of at most so many characters that ends between two grapheme clusters (UAX 29), as text::cut()
-- has it: no letter without its accents, no half of a flag or of a family of emoji. Without such an end, so many.
create or replace function cut_text(p_text text, p_most int) returns text language sql immutable as $$
    select case when char_length(p_text) <= p_most then p_text
        else coalesce(substring(left(p_text, p_most + 1) from format(
            '^(.*(?:[^%1$s\U0001F1E6-\U0001F1FF]|[\U0001F1E6-\U0001F1FF](?![\U0001F1E6-\U0001F1FF])))[^%2$s]',
            '\u200D\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u1039\u17D2\u1A60', cluster_extenders())),
            left(p_text, p_most)) end
$$;

-- The same of a text on one line, without control characters: names and titles that nobody has typed as such.
create or replace function one_line(p_text text, p_most int) returns text language sql immutable as $$
    select rtrim(cut_text(btrim(regexp_replace(left(btrim(p_text, E' \t\r\n'), 4 * p_most),
        '[\s\u0001-\u001F\u007F-\u009F\u2028\u2029]+', ' ', 'g')), p_most))
$$;
