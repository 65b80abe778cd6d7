# The tables of a restored backup that differ from those of the database. A table that was the same before and after the
# backup must be the same in it; one that changed meanwhile must have about as many rows.
def abs: if . < 0 then -. else . end;
def near($a; $b): . >= ([$a, $b] | min) - ($a - $b | abs) - 100 and . <= ([$a, $b] | max) + ($a - $b | abs) + 100;
$found[0] as $is
| $index.before as $before
| $index.after
| to_entries[]
| .key as $name
| .value as $after
| $is[$name] as $rows
| if $rows == null then (if $before[$name] == null then empty else "\($name) is missing" end)
  elif $before[$name] == $after then
      (if $rows == $after then empty else "\($name) has \($rows[0]) rows, not the \($after[0])" end)
  elif $rows[0] | near(($before[$name] // [0])[0]; $after[0]) | not then
      "\($name) has \($rows[0]) rows of about \($after[0])"
  else empty end
