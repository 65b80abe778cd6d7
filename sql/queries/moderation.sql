-- name: moderation.held
select page::text, next from held_page(:state, :cursor, :limit::int);

-- name: moderation.decide
select held_decide(:id::uuid, :decision)::text;

-- name: moderation.shadow
select shadow_report(:days::int)::text;

-- name: moderation.count_shadow
select shadow_count(:rows::jsonb);

-- name: moderation.terms
select terms_find(:search, :limit::int)::text;

-- name: moderation.set_terms
select terms_set(:body::jsonb)::text;
