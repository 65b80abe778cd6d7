grant execute on function account_close, account_restore, account_restore_by_link, account_erase_at to airi_app;
