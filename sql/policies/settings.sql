grant execute on function setting_declarations, settings_in_force, setting, setting_int(text), flag_declarations
    to airi_app, airi_worker;
