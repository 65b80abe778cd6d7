-- The help lines of every product, into profile_crisis_resources. A number is what a person in the country dials, never
-- E.164. One block for each kind of source, with the day on which it was read; `list` and `known` were not verified. A
-- row is to be called and checked before it expires; tests/sql/crisis_resources_database_test.cpp fails on a stale one.

-- Each is open day and night; the exceptions follow below.
alter table profile_crisis_resources alter opens set default '00:00', alter closes set default '24:00';

-- The provider's page, as the open-helplines data set (CC0) read it.
insert into profile_crisis_resources (id, country, position, kind, name, dial, sms_number, sms_keyword, url, languages,
    source_url, source_kind, verified_on, expires_on)
select v.*, 'provider', '2026-06-02'::date, '2027-06-02'::date
from (values
    ('us_988', 'US', 1, 'suicide', '988 Suicide & Crisis Lifeline', '988', '988', null, 'https://988lifeline.org/',
     '{en,es}'::text[], 'https://www.samhsa.gov/mental-health/988'),
    ('us_crisis_text_line', 'US', 2, 'text_line', 'Crisis Text Line', null, '741741', 'HOME',
     'https://www.crisistextline.org/', '{en}', 'https://www.crisistextline.org/'),
    ('ca_988', 'CA', 1, 'suicide', '9-8-8 Suicide Crisis Helpline', '988', '988', null, 'https://talksuicide.ca/',
     '{en,fr}', 'https://www.canada.ca/en/public-health/news/2026/01/'
     'government-of-canada-announces-renewed-support-for-the-9-8-8-suicide-crisis-helpline.html'),
    ('mx_saptel', 'MX', 1, 'suicide', 'SAPTEL', '55 5259 8121', null, null, 'https://www.saptel.org.mx/', '{es}',
     'https://www.saptel.org.mx/contacto.html'),
    ('br_cvv', 'BR', 1, 'suicide', 'CVV', '188', null, null, 'https://cvv.org.br/chat/', '{pt}',
     'https://cvv.org.br/ligue-188/'),
    ('gb_samaritans', 'GB', 1, 'suicide', 'Samaritans', '116 123', null, null, 'https://www.samaritans.org/', '{en}',
     'https://www.samaritans.org/how-we-can-help/contact-samaritan/talk-us-phone/'),
    ('gb_shout', 'GB', 2, 'text_line', 'Shout', null, '85258', 'SHOUT', 'https://giveusashout.org/', '{en}',
     'https://giveusashout.org/'),
    ('fr_3114', 'FR', 1, 'suicide', '3114', '3114', null, null, 'https://3114.fr/', '{fr}', 'https://3114.fr/'),
    ('de_telefonseelsorge', 'DE', 1, 'suicide', 'TelefonSeelsorge', '0800 111 0 111', null, null,
     'https://www.telefonseelsorge.de/', '{de}', 'https://www.telefonseelsorge.de/'),
    ('de_telefonseelsorge_2', 'DE', 2, 'suicide', 'TelefonSeelsorge', '0800 111 0 222', null, null,
     'https://www.telefonseelsorge.de/', '{de}', 'https://www.telefonseelsorge.de/'),
    ('de_telefonseelsorge_3', 'DE', 3, 'suicide', 'TelefonSeelsorge', '116 123', null, null,
     'https://www.telefonseelsorge.de/', '{de}', 'https://www.telefonseelsorge.de/'),
    ('in_tele_manas', 'IN', 1, 'suicide', 'Tele MANAS', '14416', null, null, 'https://telemanas.mohfw.gov.in/',
     '{hi,en,bn,te,mr,ta,ur,gu,kn,ml,pa,as,mai,sd,sat,ne,kok,doi,ks,mni}', 'https://telemanas.mohfw.gov.in/'),
    ('in_tele_manas_2', 'IN', 2, 'suicide', 'Tele MANAS', '1800-89-14416', null, null,
     'https://telemanas.mohfw.gov.in/', '{hi,en,bn,te,mr,ta,ur,gu,kn,ml,pa,as,mai,sd,sat,ne,kok,doi,ks,mni}',
     'https://telemanas.mohfw.gov.in/'),
    ('in_icall', 'IN', 3, 'suicide', 'iCall', '9152987821', null, null, 'https://icallhelpline.org/', '{en,hi}',
     'https://icallhelpline.org/'),
    ('jp_yorisoi', 'JP', 1, 'suicide', 'よりそいホットライン (Yorisoi Hotline)', '0120-279-338', null, null,
     'https://www.since2011.net/yorisoi/', '{ja,en,zh,ko,es,pt,fil,th,vi,ne,id}',
     'https://www.since2011.net/yorisoi/'),
    ('jp_inochi_no_denwa', 'JP', 2, 'suicide', 'いのちの電話 (Inochi no Denwa)', '0120-783-556', null, null,
     'https://www.inochinodenwa.org/', '{ja}', 'https://www.inochinodenwa.org/'),
    ('jp_tell', 'JP', 3, 'suicide', 'TELL Lifeline', '0800-300-8355', null, null, 'https://www.telljp.com/', '{en}',
     'https://www.telljp.com/'),
    ('kr_109', 'KR', 1, 'suicide', '자살예방 상담전화 109', '109', null, null, null, '{ko}',
     'https://www.mohw.go.kr/board.es?mid=a10503010100&bid=0027&act=view&list_no=1479607'),
    ('ph_ncmh', 'PH', 1, 'suicide', 'NCMH Crisis Hotline', '1553', null, null, 'https://ncmh.gov.ph/', '{fil,en}',
     'https://doh.gov.ph/NCMH-Crisis-Hotline'),
    ('ph_ncmh_2', 'PH', 2, 'suicide', 'NCMH Crisis Hotline', '0917 899 8727', null, null, 'https://ncmh.gov.ph/',
     '{fil,en}', 'https://doh.gov.ph/NCMH-Crisis-Hotline')) v;

-- The world-emergency-hotlines data set, which names the provider's page and was compiled from general knowledge.
insert into profile_crisis_resources (id, country, position, kind, name, dial, url, languages, source_url, source_kind,
    verified_on, expires_on)
select v.id, v.country, v.position, v.kind, v.name, v.dial, v.url, v.languages,
       coalesce(v.url, 'https://github.com/craigrallen/world-emergency-hotlines'), 'directory', '2026-04-22',
       '2027-04-22'
from (values
    ('at_telefonseelsorge', 'AT', 1, 'suicide', 'Telefonseelsorge', '142', 'https://www.telefonseelsorge.at/',
     '{de}'::text[]),
    ('ch_dargebotene_hand', 'CH', 1, 'suicide', 'Die Dargebotene Hand / La Main Tendue', '143', 'https://www.143.ch/',
     '{de,fr,it}'),
    ('ch_147', 'CH', 2, 'youth', '147', '147', null, '{de,fr,it}'),
    ('pt_sos_voz_amiga', 'PT', 2, 'suicide', 'SOS Voz Amiga', '213 544 545', 'https://www.sosvozamiga.org/', '{pt}'),
    ('gr_klimaka', 'GR', 1, 'suicide', 'Κλίμακα (Klimaka)', '1018', 'https://www.klimaka.org.gr/', '{el}'),
    ('no_mental_helse', 'NO', 1, 'suicide', 'Mental Helse', '116 123', null, '{no}'),
    ('no_kirkens_sos', 'NO', 2, 'suicide', 'Kirkens SOS', '22 40 00 40', null, '{no}'),
    ('fi_mieli', 'FI', 1, 'suicide', 'MIELI', '09 2525 0111', 'https://mieli.fi/', '{fi}'),
    ('fi_mieli_sv', 'FI', 2, 'suicide', 'MIELI', '09 2525 0112', 'https://mieli.fi/', '{sv}'),
    ('fi_mieli_ar', 'FI', 3, 'suicide', 'MIELI', '09 2525 0113', 'https://mieli.fi/', '{ar}'),
    ('fi_mieli_en', 'FI', 4, 'suicide', 'MIELI', '09 2525 0114', 'https://mieli.fi/', '{en}'),
    ('pl_116123', 'PL', 2, 'suicide', 'Kryzysowy telefon zaufania dla dorosłych', '116 123', null, '{pl}'),
    ('pl_116111', 'PL', 3, 'youth', 'Telefon zaufania dla dzieci i młodzieży', '116 111', null, '{pl}'),
    ('cz_116123', 'CZ', 1, 'suicide', 'Linka první psychické pomoci', '116 123', null, '{cs}'),
    ('cz_linka_bezpeci', 'CZ', 2, 'youth', 'Linka bezpečí (do 26 let)', '116 111', null, '{cs}'),
    ('sk_nezabudka', 'SK', 1, 'suicide', 'Nezábudka', '0800 800 566', null, '{sk}'),
    ('hu_lesz', 'HU', 1, 'suicide', 'LESZ', '116 123', null, '{hu}'),
    ('ro_antisuicid', 'RO', 1, 'suicide', 'Alianța de Prevenție a Suicidului', '0800 801 200', null, '{ro}'),
    ('hr_plavi_telefon', 'HR', 1, 'suicide', 'Plavi telefon', '01 4833 888', null, '{hr}'),
    ('any_findahelpline', '*', 90, 'directory', 'Find A Helpline', null, 'https://findahelpline.com', '{}'))
    v (id, country, position, kind, name, dial, url, languages);

-- Other public pages, read for this list.
insert into profile_crisis_resources (id, country, position, kind, name, dial, sms_number, languages, source_url,
    source_kind, verified_on, expires_on)
select v.*, 'page', '2026-11-26'::date, '2027-11-26'::date
from (values
    ('es_024', 'ES', 1, 'suicide', 'Línea 024', '024', null, '{es,ca,eu,gl}'::text[],
     'https://www.checkpointcanarias.com/en/suicide/'),
    ('pt_1411', 'PT', 1, 'suicide', 'Linha Nacional de Prevenção do Suicídio', '1411', null, '{pt}',
     'https://www.deco.proteste.pt/saude/saude-mental/noticias/linha-prevencao-suicidio-funciona-24-horas-por-dia'),
    ('it_telefono_amico', 'IT', 1, 'suicide', 'Telefono Amico', '02 2327 2327', null, '{it}',
     'https://vivimilano.corriere.it/attivita-bambini/attivita-varie/'
     'coronavirus-telefono-amico-italia-attiva-un-nuovo-numero/'),
    ('pl_centrum_wsparcia', 'PL', 1, 'suicide', 'Centrum Wsparcia dla Osób w Kryzysie Psychicznym', '800 70 2222',
     null, '{pl}', 'https://zdrowie.pap.pl/psyche/na-kryzys-telefon-800-70-2222'),
    ('sg_samaritans', 'SG', 1, 'suicide', 'Samaritans of Singapore', '1767', null, '{en}',
     'https://mothership.sg/2022/09/sos-24h-whatsapp-service'),
    ('au_lifeline', 'AU', 1, 'suicide', 'Lifeline', '13 11 14', '0477 13 11 14', '{en}',
     'https://lifeinmind.org.au/news/lifelines-crisis-text-service-now-available-24-7'),
    ('nz_1737', 'NZ', 1, 'suicide', '1737 Need to talk?', '1737', '1737', '{en}',
     'https://www.pegasus.health.nz/?p=6300')) v;

-- Wikipedia's list as of 2021.
insert into profile_crisis_resources (id, country, position, kind, name, dial, sms_number, sms_keyword, languages,
    source_url, source_kind, expires_on)
select v.*, 'https://en.wikipedia.org/wiki/List_of_suicide_crisis_lines', 'list', '2027-05-31'::date
from (values
    ('ar_asistencia', 'AR', 1, 'suicide', 'Centro de Asistencia al Suicida', '0800 345 1435', null, null,
     '{es}'::text[]),
    ('ar_asistencia_2', 'AR', 2, 'suicide', 'Centro de Asistencia al Suicida (AMBA)', '135', null, null, '{es}'),
    ('ie_samaritans', 'IE', 1, 'suicide', 'Samaritans', '116 123', null, null, '{en}'),
    ('ie_text_about_it', 'IE', 2, 'text_line', 'Text About It', null, '50808', 'HELLO', '{en}'),
    ('nl_113', 'NL', 1, 'suicide', '113 Zelfmoordpreventie', '113', null, null, '{nl}'),
    ('nl_113_2', 'NL', 2, 'suicide', '113 Zelfmoordpreventie', '0800-0113', null, null, '{nl}'),
    ('be_zelfmoordlijn', 'BE', 1, 'suicide', 'Zelfmoordlijn', '1813', null, null, '{nl}'),
    ('be_prevention', 'BE', 2, 'suicide', 'Centre de Prévention du Suicide', '0800 32 123', null, null, '{fr}'),
    ('dk_livslinien', 'DK', 1, 'suicide', 'Livslinien', '70 201 201', null, null, '{da}'),
    ('se_sjalvmordslinjen', 'SE', 1, 'suicide', 'Självmordslinjen (Mind)', '90101', null, null, '{sv}'),
    ('ua_lifeline', 'UA', 1, 'suicide', 'Lifeline Ukraine', '7333', null, null, '{uk}'),
    ('il_eran', 'IL', 1, 'suicide', 'ERAN', '1201', null, null, '{he,ar,ru,en}'),
    ('tw_1925', 'TW', 1, 'suicide', '1925', '1925', null, null, '{zh}'),
    ('tw_lifeline', 'TW', 2, 'suicide', 'Lifeline 1995', '1995', null, null, '{zh}')) v;

-- Known, without a source that anybody has read.
insert into profile_crisis_resources (id, country, position, kind, name, dial, languages, source_url, source_kind,
    expires_on)
select v.*, 'known', '2027-05-31'::date
from (values
    ('mx_linea_de_la_vida', 'MX', 2, 'suicide', 'Línea de la Vida', '800 911 2000', '{es}'::text[],
     'https://www.gob.mx/lineadelavida'),
    ('za_sadag', 'ZA', 1, 'suicide', 'SADAG', '0800 567 567', '{en}', 'https://www.sadag.org/')) v;

-- Emergency numbers: where a public page names one. Elsewhere people are asked to call their local number.
insert into profile_crisis_resources (id, country, position, kind, name, dial, source_url, source_kind, verified_on,
    expires_on)
select lower(country) || '_emergency', country, 80, 'emergency', 'Emergency services', v.dial, v.source_url, 'page',
       '2026-11-26', '2027-11-26'
from (values
    ('112', 'AT BE BG CH CY CZ DE DK EE ES FI FR GE GR HR HU IE IL IS IT LI LT LU LV MC MK MT NL NO PL PT RO RS SE SI '
     'SK SM TR VA', 'https://vugd.gov.lv/en/single-emergency-call-number-112-europe'),
    ('911', 'CA US', 'https://studyabroad.co.jp/blog/study-abroad/201609090000.html'),
    ('911', 'MX', 'https://lagazzettadf.com/noticia/2016/10/03/entra-vigor-911-llamadas-emergencia-auxilio'),
    ('999', 'GB', 'https://studyabroad.co.jp/blog/study-abroad/201609090000.html'),
    ('000', 'AU', 'https://studyabroad.co.jp/blog/study-abroad/201609090000.html'),
    ('111', 'NZ', 'https://studyabroad.co.jp/blog/study-abroad/201609090000.html'),
    ('119', 'KR', 'https://studyabroad.co.jp/blog/study-abroad/201609090000.html'),
    ('119', 'JP', 'https://www.city.odate.lg.jp/city/foreign-language/english/emergency-call'),
    ('119', 'TW', 'https://www.hcfd.gov.tw/eng/about/about5.asp')) v (dial, countries, source_url),
    unnest(string_to_array(v.countries, ' ')) as country;
insert into profile_crisis_resources (id, country, position, kind, name, source_url, source_kind, verified_on,
    expires_on)
values ('any_emergency', '*', 80, 'emergency', 'Your local emergency number', 'https://findahelpline.com', 'directory',
    '2026-04-22', '2027-04-22');

-- Not day and night. Where the sources disagree: the hours on which they agree, or none.
update profile_crisis_resources r
set opens = v.opens::time, closes = v.closes::time, days = v.days, time_zone = v.time_zone, doubt = v.doubt
from (values
    ('ar_asistencia', null, null, '{1,2,3,4,5,6,7}'::int[], 'UTC', 'the hours, which are not day and night'),
    ('ar_asistencia_2', null, null, '{1,2,3,4,5,6,7}', 'UTC', 'the hours, which are not day and night'),
    ('dk_livslinien', '11:00', '04:00', '{1,2,3,4,5,6,7}', 'Europe/Copenhagen', 'open until 4:00 or 5:00'),
    ('fi_mieli_sv', null, null, '{1,2,3,4,5,6,7}', 'UTC', 'the hours, which are limited'),
    ('fi_mieli_ar', null, null, '{1,2,3,4,5,6,7}', 'UTC', 'the hours, which are limited'),
    ('fi_mieli_en', null, null, '{1,2,3,4,5,6,7}', 'UTC', 'the hours, which are limited'),
    ('hr_plavi_telefon', '09:00', '21:00', '{1,2,3,4,5,6,7}', 'Europe/Zagreb', null),
    ('in_icall', '10:00', '20:00', '{1,2,3,4,5,6}', 'Asia/Kolkata', null),
    ('it_telefono_amico', '10:00', '24:00', '{1,2,3,4,5,6,7}', 'Europe/Rome', 'open from 9:00 or 10:00'),
    ('jp_inochi_no_denwa', '16:00', '21:00', '{1,2,3,4,5,6,7}', 'Asia/Tokyo', null),
    ('jp_tell', null, null, '{1,2,3,4,5,6,7}', 'UTC', 'open day and night, or at limited hours'),
    ('pl_116123', '14:00', '22:00', '{1,2,3,4,5,6,7}', 'Europe/Warsaw', 'open from 14:00 to 22:00, or day and night'),
    ('pt_sos_voz_amiga', '16:00', '24:00', '{1,2,3,4,5,6,7}', 'Europe/Lisbon',
     'open from 15:30 to 0:30, or 16:00 to 24:00'),
    ('ro_antisuicid', null, null, '{1,2,3,4,5,6,7}', 'UTC', 'open from 8:00 to 20:00, or 19:00 to 7:00'))
    v (id, opens, closes, days, time_zone, doubt)
where r.id = v.id;
