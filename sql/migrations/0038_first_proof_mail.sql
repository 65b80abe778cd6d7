-- A first proof is reported with a link to the frontend.
set search_path = airi;

drop function if exists first_proof(users, text, boolean, uuid),
    email_link_take(text, text, jsonb, text, uuid, text),
    identity_conclude(uuid, text, uuid, jsonb, text, text, jsonb, jsonb, inet);
