-- When people are told that they talk with an AI, for every product, into profile_disclosures. A law that is not here
-- is a row of the operator's (source_kind 'operator'). Intervals are in seconds. None of this is legal advice.

create temporary table disclosure_texts (name text primary key, texts jsonb not null) on commit drop;

insert into disclosure_texts values
    ('start', jsonb_build_object(
        'en', 'You are talking with an AI. It is a computer program, not a human being, and it cannot feel human '
              'emotion.',
        'cs', 'Mluvíš s umělou inteligencí. Je to počítačový program, ne člověk, a lidské emoce cítit neumí.',
        'de', 'Du sprichst mit einer KI. Sie ist ein Computerprogramm, kein Mensch, und kann keine menschlichen '
              'Gefühle empfinden.',
        'es', 'Estás hablando con una IA. Es un programa informático, no un ser humano, y no puede sentir emociones '
              'humanas.',
        'fr', 'Tu parles avec une IA. C''est un programme informatique, pas un être humain, et elle ne peut pas '
              'ressentir d''émotions humaines.',
        'pt', 'Você está falando com uma IA. É um programa de computador, não um ser humano, e não pode sentir '
              'emoções humanas.')),
    ('reminder', jsonb_build_object(
        'en', 'A reminder: this is an AI, a computer program and not a human being. It cannot feel human emotion.',
        'cs', 'Připomínka: tohle je umělá inteligence, počítačový program, ne člověk. Lidské emoce cítit neumí.',
        'de', 'Zur Erinnerung: Das hier ist eine KI, ein Computerprogramm und kein Mensch. Sie kann keine menschlichen '
              'Gefühle empfinden.',
        'es', 'Un recordatorio: esto es una IA, un programa informático y no un ser humano. No puede sentir emociones '
              'humanas.',
        'fr', 'Petit rappel : ceci est une IA, un programme informatique et non un être humain. Elle ne peut pas '
              'ressentir d''émotions humaines.',
        'pt', 'Um lembrete: esta é uma IA, um programa de computador e não um ser humano. Ela não pode sentir emoções '
              'humanas.')),
    ('break', jsonb_build_object(
        'en', 'You have been here for a while: please take a break.',
        'cs', 'Už jsi tu nějakou dobu: dej si prosím pauzu.',
        'de', 'Du bist schon eine Weile hier: Mach bitte eine Pause.',
        'es', 'Llevas un buen rato aquí: por favor, tómate un descanso.',
        'fr', 'Tu es là depuis un moment : fais une pause, s''il te plaît.',
        'pt', 'Você já está aqui há um tempo: por favor, faça uma pausa.'));

-- NY: GBL §1702. CA: B&P §22602, "at least every three hours" and a break for known minors. WA: without the relief of
-- once a day, so at the beginning of each continued use. The union's Article 50(1): at the first interaction.
insert into profile_disclosures (id, jurisdiction, places, audience, kind, every_seconds, suggests_break, interrupts,
    texts, law, valid_from, source_kind, source_url, doubt)
select v.id, v.jurisdiction, coalesce(v.places, array[v.jurisdiction]), v.audience, v.kind, v.every_seconds,
    v.suggests_break, v.interrupts,
    case when v.suggests_break then (
        select jsonb_object_agg(r.key, r.value || ' ' || (b.texts ->> r.key))
        from jsonb_each_text(t.texts) r, disclosure_texts b where b.name = 'break')
    else t.texts end,
    v.law, v.valid_from::date, v.source_kind, v.source_url, v.doubt
from (values
    ('any_start', '*', null::text[], 'all', 'start', 86400, false, false, '', '2025-01-01', 'ours', null, null),
    ('us_ny_start', 'US-NY', null, 'all', 'start', 86400, false, false, 'New York GBL Art. 47', '2025-11-05',
     'statute', 'https://www.nysenate.gov/legislation/laws/GBS/1702', null),
    ('us_ny_reminder', 'US-NY', null, 'all', 'reminder', 10800, false, false, 'New York GBL Art. 47', '2025-11-05',
     'statute', 'https://www.nysenate.gov/legislation/laws/GBS/1702', null),
    ('us_ca_start', 'US-CA', null, 'all', 'start', 86400, false, false, 'California SB 243', '2026-01-01', 'summary',
     'https://leginfo.legislature.ca.gov/faces/billNavClient.xhtml?bill_id=202520260SB243', null),
    ('us_ca_minors', 'US-CA', null, 'minors', 'reminder', 10800, true, false, 'California SB 243', '2026-01-01',
     'summary', 'https://leginfo.legislature.ca.gov/faces/billNavClient.xhtml?bill_id=202520260SB243', null),
    ('us_wa_start', 'US-WA', null, 'all', 'start', 1800, false, false, 'Washington HB 2225', '2027-01-01', 'summary',
     'https://app.leg.wa.gov/billsummary?BillNumber=2225&Year=2025', null),
    ('us_wa_reminder', 'US-WA', null, 'all', 'reminder', 10800, false, false, 'Washington HB 2225', '2027-01-01',
     'summary', 'https://app.leg.wa.gov/billsummary?BillNumber=2225&Year=2025', null),
    ('us_wa_minors', 'US-WA', null, 'minors', 'reminder', 3600, false, false, 'Washington HB 2225', '2027-01-01',
     'summary', 'https://app.leg.wa.gov/billsummary?BillNumber=2225&Year=2025', null),
    ('us_or_start', 'US-OR', null, 'all', 'start', 86400, false, true, 'Oregon SB 1546', '2027-01-01', 'summary',
     'https://olis.oregonlegislature.gov/liz/2026R1/Measures/Overview/SB1546', null),
    ('us_or_reminder', 'US-OR', null, 'all', 'reminder', 10800, true, true, 'Oregon SB 1546', '2027-01-01', 'summary',
     'https://olis.oregonlegislature.gov/liz/2026R1/Measures/Overview/SB1546',
     'Some summaries confine the reminder and the break to minors; this is the stricter reading.'),
    ('eu_start', 'EU',
     '{AT,BE,BG,CY,CZ,DE,DK,EE,ES,FI,FR,GR,HR,HU,IE,IT,LT,LU,LV,MT,NL,PL,PT,RO,SE,SI,SK}', 'all', 'start', 86400,
     false, false, 'EU AI Act, Art. 50(1)', '2026-08-02', 'summary', 'https://eur-lex.europa.eu/eli/reg/2024/1689/oj',
     null)) v (id, jurisdiction, places, audience, kind, every_seconds, suggests_break, interrupts, law, valid_from,
               source_kind, source_url, doubt)
join disclosure_texts t on t.name = v.kind;
