-- name: identity.providers
select coalesce(json_agg(json_build_object('name', name, 'title', title, 'id_tokens', id_tokens) order by position, name), '[]')::text
from identity_providers where updated_at > now() - interval '2 minutes';

-- name: identity.start
select client_id, authorization_endpoint, scopes, response_mode, issuer
from identity_start(:id::uuid, :provider, :state_hash, :binding_hash, :nonce_hash, :verifier, :redirect_uri, :form_redirect_uri, :links::boolean);

-- name: identity.present
select flow, provider, state from identity_present(:state_hash, :binding_hash, :code, :issuer, :links::boolean);

-- name: identity.present_token
select flow, provider, state from identity_present_token(:id::uuid, :provider, :token_hash, :binding_hash, :token);

-- name: identity.conclude
select outcome, user_id, email, role, identity::text, made from identity_conclude(:flow::uuid, :binding_hash, :new_user::uuid, :code, :birth_date,
    :parent_email, :consents::jsonb, nullif(:address, '')::inet);

-- name: identity.list
select coalesce(json_agg(json_build_object('id', id, 'provider', provider, 'email', email, 'created_at', created_at, 'last_used_at', last_used_at)
    order by created_at), '[]')::text
from user_identities where user_id = caller();

-- name: identity.unlink
select identity_unlink(:id::uuid)::text;
