-- Trusted contacts' phone numbers and addresses are sealed with their users' keys, as 0034 says, and found by
-- fingerprints under those keys: "keyed:<hex>" (platform/crypto/seal.hpp). The moderation worker seals the rows from
-- before this, and keys the hashes from before this; until then they are read as they are, and not found.
set search_path = airi;

alter table trusted_contacts
    alter column phone type text,
    alter column email type text,
    add column phone_hash text,
    add column email_hash text;
create index contact_phones_to_seal on trusted_contacts (user_id) where phone not like 'sealed:%';
create index contact_emails_to_seal on trusted_contacts (user_id) where email not like 'sealed:%';

alter table contact_messages
    add column counted_hash text,   -- of an invitation's number or address, under a key of the installation
    add column event_id uuid;       -- of the mail's event, for which its link is sealed, if that is not `id`
drop index contact_messages_to;
create index contact_messages_counted on contact_messages (counted_hash, created_at) where counted_hash is not null;
create index contact_hashes_to_key on contact_messages (user_id) where recipient_hash not like 'keyed:%';

drop function if exists e164(text), recipient_hash(text), contact_refusal(users, trusted_contacts, text),
    contact_mail(uuid, trusted_contacts, text, uuid, text, text, text),
    contact_mail_as(uuid, uuid, trusted_contacts, text, uuid, text, text, text),
    contact_add(uuid, jsonb, text, text, text, uuid, text, text),
    contact_messages_claim(int, interval), contact_messages_next(boolean);
