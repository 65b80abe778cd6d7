-- Replaced by the function with the details of replies.
drop function if exists airi.generations_finish(uuid[], int[], text[], text[], text[], text[], text[], bigint[],
    bigint[], bigint[], bigint[], int[], jsonb[], boolean[], int[]);
