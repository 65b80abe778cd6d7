-- name: moderation.held
select page::text, next from held_page(:state, :cursor, :limit::int);

-- name: moderation.decide
select held_decide(:id::uuid, :decision)::text;
