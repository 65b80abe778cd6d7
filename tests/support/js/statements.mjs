// The statements of a file in sql/queries as sql/statement_parser.cpp reads it: `-- name:` lines, :parameters,
// comments, quotations. Returns [{ name, batch, text, parameters }].
export function statementsOf(file) {
    return file
        .split(/^-- name:/m)
        .slice(1)
        .map((block) => {
            const [name, ...lines] = block.split('\n');
            const parameters = [];
            const body = lines
                .join('\n')
                .trim()
                .replace(/;$/, '')
                .replaceAll(/--[^\n]*|'(?:[^']|'')*'|::|:=|:([a-zA-Z_][a-zA-Z0-9_]*)/g, (found, parameter) => {
                    if (found.startsWith('--')) return '';
                    if (!parameter) return found;
                    if (!parameters.includes(parameter)) parameters.push(parameter);
                    return `$${parameters.indexOf(parameter) + 1}`;
                });
            const [, title, batch] = name.match(/^ (\S+)( \(batch\))?$/);
            return { name: title, batch: Boolean(batch), text: body, parameters };
        });
}
