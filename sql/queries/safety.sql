-- name: safety.referrals
select referrals_of_year(coalesce(:year::int, extract(year from now() at time zone 'utc')::int))::text;

-- name: safety.notices
select coalesce(json_agg(json_build_object('id', id, 'jurisdiction', jurisdiction, 'audience', audience, 'kind', kind,
        'every_seconds', every_seconds, 'suggests_break', suggests_break, 'interrupts', interrupts,
        'text', disclosure_text(d, coalesce(:language, 'en')), 'law', law, 'valid_from', valid_from,
        'source_kind', source_kind, 'source_url', source_url, 'doubt', doubt)
    order by jurisdiction <> '*', jurisdiction, kind desc, audience, id), '[]')::text
from ai_disclosures d;
