-- Messages are measured in characters, as the schemas say; names and titles are one line.
update system_settings set key = 'message_max_characters' where key = 'message_max_bytes';

update users set display_name = nullif(btrim(regexp_replace(display_name, '[[:cntrl:]]+', ' ', 'g')), '')
where display_name ~ '[[:cntrl:]]';
update conversations set title = btrim(regexp_replace(title, '[[:cntrl:]]+', ' ', 'g')) where title ~ '[[:cntrl:]]';
