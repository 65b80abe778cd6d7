grant execute on function held_page, held_decide to airi_app;
