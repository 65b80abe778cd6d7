// The figures of a run. A row: scenario, what, value, unit, target, ok (true, false or undefined), note.
export const short = (value) =>
    typeof value !== 'number'
        ? String(value)
        : Math.abs(value) >= 100
          ? Math.round(value).toLocaleString('en')
          : value.toPrecision(3);

// Columns of text under their heads.
export function table(head, lines) {
    const widths = head.map((name, column) => Math.max(name.length, ...lines.map((line) => line[column].length)));
    const aligned = (line) => line.map((cell, column) => cell.padEnd(widths[column])).join('  ');
    return [head, ...lines].map((line) => aligned(line).trimEnd()).join('\n');
}

export function print(rows) {
    const lines = rows.map((row) => [
        row.scenario,
        row.what,
        `${short(row.value)} ${row.unit ?? ''}`.trim(),
        row.target ?? '',
        row.ok === undefined ? '' : row.ok ? 'met' : 'missed',
        row.note ?? '',
    ]);
    console.log(table(['scenario', 'what', 'measured', 'target', '', 'note'], lines));
}
