grant execute on function memory_due, memory_look, memory_tokens, memory_turns, memory_title, memory_fold
    to airi_worker;
