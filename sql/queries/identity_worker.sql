-- name: identity.claim
select credential, is_token, verifier, redirect_uri, nonce_hash from identity_claim(:flow::uuid);

-- name: identity.save
select identity_save(:flow::uuid, :state, :issuer, :subject, :email, :verified::boolean, :name);

-- name: identity.renew_provider
insert into identity_providers (name, title, issuer, client_id, authorization_endpoint, scopes, response_mode, id_tokens, position)
values (:name, :title, :issuer, :client_id, :authorization_endpoint, :scopes, :response_mode, :id_tokens::boolean, :position::int)
on conflict (name) do update set title = excluded.title, issuer = excluded.issuer, client_id = excluded.client_id,
    authorization_endpoint = excluded.authorization_endpoint, scopes = excluded.scopes, response_mode = excluded.response_mode,
    id_tokens = excluded.id_tokens, position = excluded.position, updated_at = now();
