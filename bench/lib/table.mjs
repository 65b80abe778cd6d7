// The final table. A row: scenario, what, value, target, ok (true, false or undefined), beside (the peers), note.
const short = (value) =>
    typeof value !== 'number'
        ? value
        : Math.abs(value) >= 100
          ? Math.round(value).toLocaleString('en')
          : value.toPrecision(3);

export function print(rows) {
    const lines = rows.map((row) => [
        row.scenario,
        row.what,
        `${short(row.value)} ${row.unit ?? ''}`.trim(),
        row.target ?? '',
        row.ok === undefined ? '' : row.ok ? 'met' : 'missed',
        row.note ?? '',
    ]);
    const head = ['scenario', 'what', 'measured', 'target', '', 'note'];
    const widths = head.map((name, column) => Math.max(name.length, ...lines.map((line) => line[column].length)));
    for (const line of [head, ...lines])
        console.log(
            line
                .map((cell, column) => cell.padEnd(widths[column]))
                .join('  ')
                .trimEnd(),
        );
}
