-- Whether an identity provider names itself in its responses (RFC 9207): discovery says so.
set search_path = airi;

alter table identity_providers add column sends_issuer boolean not null default false;
