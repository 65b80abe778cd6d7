-- Signing in with an identity provider (OpenID Connect, OAuth 2.0 with PKCE). The gateway begins a flow and ends it; in between
-- the identity worker, which alone knows the providers' secrets, asks the provider who it is. Postgres judges what follows.
set search_path = airi;

-- What the worker has found out about the providers it is set up for; a row it no longer renews is not used.
create table identity_providers (
    name                   varchar(20) primary key,
    title                  varchar(40) not null,           -- for the button
    issuer                 text not null,
    client_id              text not null,
    authorization_endpoint text not null,
    scopes                 text not null,
    response_mode          text not null check (response_mode in ('query', 'form_post')),
    id_tokens              boolean not null,               -- whether apps may bring a token that they got themselves
    position               int not null,
    updated_at             timestamptz not null default now()
);

create table user_identities (
    id           uuid primary key default gen_random_uuid(),
    user_id      uuid not null references users on delete cascade,
    provider     varchar(20) not null,
    issuer       text not null,                            -- with the subject, who it is: for ever, and nobody else
    subject      text not null check (length(subject) <= 255),
    email        varchar(254),                             -- as the provider told it when it was linked
    created_at   timestamptz not null default now(),
    last_used_at timestamptz,
    unique (issuer, subject)
);
create index user_identities_of_user on user_identities (user_id);

-- A sign-in under way. Whoever ends it must hold the binding, which never leaves the client that began it: a link with somebody
-- else's state and code is worth nothing. Only hashes of what the client holds are kept, and what is sent to the provider is
-- gone as soon as it was.
create table identity_flows (
    id             uuid primary key,
    state_hash     text not null unique,                   -- SHA-256, hex; of the ID token where an app brings one
    binding_hash   text not null,
    nonce_hash     text not null,
    provider       varchar(20) not null,
    user_id        uuid references users on delete cascade, -- who links the identity; NULL: somebody signs in
    redirect_uri   text,
    verifier       text,                                   -- PKCE
    credential     text,                                   -- the code or the ID token, until the worker has taken it
    credential_hash text,
    is_token       boolean not null default false,
    state          text not null default 'started' check (state in ('started', 'presented', 'claimed', 'away', 'known', 'refused', 'used')),
    claimed_at     timestamptz,
    issuer         text,
    subject        text,
    email          text,
    email_verified boolean,
    name           text,
    created_at     timestamptz not null default now(),
    expires_at     timestamptz not null default now() + interval '10 minutes'
);
create index identity_flows_by_end on identity_flows (expires_at);
create index identity_flows_of_user on identity_flows (user_id) where user_id is not null;
insert into jobs (name, every) values ('identity_flows', '1 hour');
