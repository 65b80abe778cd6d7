-- How a limit counts: exactly so many in any window of that length (a log of each request); a bucket that holds as many
-- and is refilled evenly over the window; so many in each window of the clock (one number, however large).
alter table rate_limits add column strategy text not null default 'sliding_window'
    check (strategy in ('sliding_window', 'token_bucket', 'fixed_window'));

-- The plan's name as the product's document spells it in a user's tier; NULL: the plan's id.
alter table plans add column tier text;
