-- Help lines by country, and the country that a user names in the profile.
set search_path = airi;

-- Numbers are national dial strings: a short code such as 116 123 cannot be dialled as E.164.
create table crisis_resources (
    id          text primary key check (id ~ '^[a-z0-9_]+$'),
    country     text not null check (country = '*' or country ~ '^[A-Z]{2}$'), -- ISO 3166-1 alpha-2; '*': everywhere
    position    int not null,                           -- among the country's: the lowest comes first
    kind        text not null
        check (kind in ('suicide', 'text_line', 'youth', 'eating_disorder', 'emergency', 'directory')),
    name        text not null,
    dial        text check (dial ~ '^[0-9][0-9 -]{1,19}$' and dial !~ '^00[1-9]'),
    sms_number  text check (sms_number ~ '^[0-9][0-9 -]{1,19}$' and sms_number !~ '^00[1-9]'),
    sms_keyword text,                                   -- to send to sms_number; NULL: any text
    url         text check (url ~ '^https?://'),
    opens       time,                                   -- local time; NULL: the hours are unknown
    closes      time,                                   -- 00:00 to 24:00: always; before `opens`: on the next day
    days        int[] not null default '{1,2,3,4,5,6,7}' check (days <@ '{1,2,3,4,5,6,7}'), -- it opens on; 1: Monday
    time_zone   text not null default 'UTC',            -- of `opens` and `closes`
    languages   text[] not null default '{}',
    source_kind text not null check (source_kind in (
        'provider',                                     -- the provider's page, read by a maintained data set
        'directory',                                    -- a data set that names the provider's page
        'page',                                         -- another public page
        'list',                                         -- an old list
        'known',                                        -- nobody has read a source: source_url is where to check
        'operator')),                                   -- a row of the operator's own; profiles leave it alone
    source_url  text not null check (source_url ~ '^https?://'),
    verified_on date,
    expires_on  date not null check (expires_on <= verified_on + 366),
    doubt       text,                                   -- on what the sources disagree
    reviewed_by text,                                   -- the person who has called the number
    check (coalesce(dial, sms_number, url) is not null or (country = '*' and kind = 'emergency')),
    check (sms_keyword is null or sms_number is not null),
    check ((opens is null) = (closes is null)),
    check ((verified_on is null) = (source_kind in ('list', 'known')))
);

alter table users add column country text check (country ~ '^[A-Z]{2}$');
