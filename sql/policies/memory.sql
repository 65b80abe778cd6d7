grant execute on function memory_look, memory_turns, memory_bill, memory_title, memory_fold to airi_worker;
