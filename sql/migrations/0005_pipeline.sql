-- Created functions only, which sql/functions holds today; databases have this version on record.
set search_path = airi;
