grant execute on function caller, refusal(int, text, text), refusal(int, text, text, jsonb), json_fault, json_refusal,
    standing to airi_app;
grant execute on function cluster_extenders, cut_text, one_line to airi_app, airi_worker;
grant execute on function caller to airi_worker;
