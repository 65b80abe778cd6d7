-- Sign-in with an identity provider (OpenID Connect, OAuth 2.0 with PKCE). The gateway begins and concludes a flow;
-- in between the oauth worker, which alone has the providers' secrets, asks the provider for the user's identity.
-- Functions decide the outcome.
set search_path = airi;

-- The configured providers, as the worker discovered them; a row that the worker no longer renews is not used.
create table identity_providers (
    name                   varchar(20) primary key,
    title                  varchar(40) not null,           -- for the button
    issuer                 text not null,
    client_id              text not null,
    authorization_endpoint text not null,
    scopes                 text not null,
    response_mode          text not null check (response_mode in ('query', 'form_post')),
    id_tokens              boolean not null,               -- whether apps may present their own tokens
    position               int not null,
    updated_at             timestamptz not null default now()
);

create table user_identities (
    id           uuid primary key default gen_random_uuid(),
    user_id      uuid not null references users on delete cascade,
    provider     varchar(20) not null,
    issuer       text not null,                            -- with the subject, the permanent identity of one person
    subject      text not null check (length(subject) <= 255),
    email        varchar(254),                             -- from the provider, at the time of linking
    created_at   timestamptz not null default now(),
    last_used_at timestamptz,
    unique (issuer, subject)
);
create index user_identities_of_user on user_identities (user_id);

-- An unfinished sign-in. Its conclusion requires the binding, which never leaves the client that began it: a link
-- with another client's state and code is worthless. Only hashes of the client's secrets are stored, and a credential
-- is erased as soon as a worker claims it.
create table identity_flows (
    id             uuid primary key,
    state_hash     text not null unique,                   -- SHA-256, hex; of the ID token if an app presented one
    binding_hash   text not null,
    nonce_hash     text not null,
    provider       varchar(20) not null,
    user_id        uuid references users on delete cascade, -- the user who links an identity; NULL: a sign-in
    redirect_uri   text,
    verifier       text,                                   -- PKCE
    credential     text,                                   -- the code or the ID token, until a worker claims it
    credential_hash text,
    is_token       boolean not null default false,
    state          text not null default 'started'
        check (state in ('started', 'presented', 'claimed', 'away', 'known', 'refused', 'used')),
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
