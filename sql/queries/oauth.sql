-- name: oauth.providers
select coalesce(json_agg(json_build_object('name', name, 'title', title, 'id_tokens', id_tokens)
    order by position, name), '[]')::text
from identity_providers where updated_at > now() - interval '2 minutes';

-- name: oauth.start
select client_id, authorization_endpoint, scopes, response_mode, sends_issuer
from identity_start(:id::uuid, :provider, :state_hash, :binding_hash, :nonce_hash, :verifier, :redirect_uri,
    :form_redirect_uri, :links::boolean);

-- name: oauth.issuer
select issuer from identity_providers where name = :name;

-- name: oauth.present
select flow, provider, state from identity_present(:state_hash, :binding_hash, :code, :issuer, :links::boolean);

-- name: oauth.present_token
select flow, provider, state from identity_present_token(:id::uuid, :provider, :token_hash, :binding_hash, :token);

-- name: oauth.conclude
select outcome, user_id, email, role, identity::text, made, array_to_json(ended)::text
from identity_conclude(:flow::uuid, :binding_hash, :new_user::uuid, :claim::jsonb, :birth_date, :parent_email,
    :sealed::jsonb, :consents::jsonb, nullif(:address, '')::inet, :frontend);

-- name: oauth.list
select coalesce(json_agg(json_build_object('id', id, 'provider', provider, 'email', email, 'created_at', created_at,
    'last_used_at', last_used_at) order by created_at), '[]')::text
from user_identities where user_id = caller();

-- name: oauth.unlink
select identity_unlink(:id::uuid)::text;

-- name: oauth.claim
select credential, is_token, verifier, redirect_uri, nonce_hash from identity_claim(:flow::uuid);

-- name: oauth.save
select identity_save(:flow::uuid, :state, :issuer, :subject, :email, :verified::boolean, :name);

-- name: oauth.renew_provider
insert into identity_providers (name, title, issuer, client_id, authorization_endpoint, scopes, response_mode,
                                id_tokens, sends_issuer, position)
values (:name, :title, :issuer, :client_id, :authorization_endpoint, :scopes, :response_mode, :id_tokens::boolean,
        :sends_issuer::boolean, :position::int)
on conflict (name) do update set
    title = excluded.title, issuer = excluded.issuer, client_id = excluded.client_id,
    authorization_endpoint = excluded.authorization_endpoint, scopes = excluded.scopes,
    response_mode = excluded.response_mode, id_tokens = excluded.id_tokens, sends_issuer = excluded.sends_issuer,
    position = excluded.position,
    updated_at = now();
