// The API reference, generated from /openapi.json: a section for each tag, an entry for each operation.

const methods = ['get', 'post', 'put', 'patch', 'delete'];
let api;

function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
}

function resolved(object) {
    if (!object?.$ref) return object;
    const path = object.$ref.slice(2).split('/');
    return resolved(path.reduce((node, key) => node[key], api));
}

const nameOf = (schema) => schema?.$ref?.split('/').pop();

// A schema's type in a few words, or its name.
function typeOf(schema) {
    if (nameOf(schema)) return nameOf(schema);
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
    if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
    if (schema.items) return `${typeOf(schema.items)}[]`;
    return [schema.type ?? 'any'].flat().join(' | ');
}

function limitsOf(schema) {
    const labels = {
        format: 'format',
        pattern: 'pattern',
        default: 'default',
        minimum: 'at least',
        maximum: 'at most',
        minLength: 'characters, at least',
        maxLength: 'characters, at most',
        minItems: 'items, at least',
        maxItems: 'items, at most',
        minProperties: 'members, at least',
    };
    return Object.entries(labels)
        .filter(([key]) => schema[key] !== undefined)
        .map(([key, label]) => `${label} ${schema[key]}`)
        .concat(schema.uniqueItems ? ['unique items'] : [])
        .join(', ');
}

// The members of an object as rows, followed by those of nested objects. `seen` ends recursive schemas.
function rowsOf(schema, parent = '', seen = []) {
    const whole = resolved(schema);
    if (!whole || seen.includes(whole)) return [];
    const ancestors = [...seen, whole];
    if (whole.items) return rowsOf(whole.items, `${parent}[]`, ancestors);
    const own = Object.entries(whole.properties ?? {}).flatMap(([name, property]) => {
        const path = parent ? `${parent}.${name}` : name;
        const type = resolved(property);
        const row = element(
            'tr',
            {},
            element(
                'td',
                {},
                element('code', {}, path),
                whole.required?.includes(name) ? '' : element('span', { class: 'optional' }, ' optional'),
            ),
            element('td', {}, element('code', {}, typeOf(property))),
            element('td', {}, [type.description, limitsOf(type)].filter(Boolean).join('; ')),
        );
        return [row, ...rowsOf(property, path, ancestors)];
    });
    return [
        ...own,
        ...[...(whole.allOf ?? []), ...(whole.anyOf ?? [])].flatMap((part) => rowsOf(part, parent, ancestors)),
    ];
}

function tableOf(caption, rows) {
    const head = element(
        'tr',
        {},
        ...['Name', 'Type', 'Description'].map((text) => element('th', { scope: 'col' }, text)),
    );
    return element(
        'table',
        {},
        element('caption', {}, caption),
        element('thead', {}, head),
        element('tbody', {}, ...rows),
    );
}

// One media type of a request or response body: the schema's name and its members.
function contentOf(type, { schema }) {
    const rows = rowsOf(schema);
    const caption = [type, nameOf(schema)].filter(Boolean).join(', ');
    return rows.length > 0 ? tableOf(caption, rows) : element('p', {}, element('code', {}, caption));
}

function parametersOf(parameters) {
    if (!parameters?.length) return [];
    const rows = parameters
        .map(resolved)
        .map(({ name, in: location, required, schema, description }) =>
            element(
                'tr',
                {},
                element(
                    'td',
                    {},
                    element('code', {}, name),
                    required ? '' : element('span', { class: 'optional' }, ' optional'),
                ),
                element('td', {}, element('code', {}, typeOf(schema))),
                element(
                    'td',
                    {},
                    [`in the ${location}`, description, resolved(schema).description, limitsOf(resolved(schema))]
                        .filter(Boolean)
                        .join('; '),
                ),
            ),
        );
    return [tableOf('Parameters', rows)];
}

function bodyOf(body) {
    if (!body) return [];
    return [
        element('h3', {}, body.required ? 'Body' : 'Body, optional'),
        ...Object.entries(body.content).map((one) => contentOf(...one)),
    ];
}

// Successes in full; errors share one schema and are only listed.
function responsesOf(responses) {
    const all = Object.entries(responses).map(([status, response]) => [
        status,
        response.$ref ? 'error' : resolved(response).description,
        resolved(response),
    ]);
    const successes = all.filter(([status]) => status < 400);
    const errors = all.filter(([status]) => status >= 400);
    return [
        ...successes.flatMap(([status, text, response]) => [
            element('h3', {}, `Response ${status}: ${text}`),
            ...Object.entries(response.content ?? {}).map((one) => contentOf(...one)),
        ]),
        element('h3', {}, 'Errors'),
        element(
            'p',
            {},
            errors.map(([status]) => status).join(', '),
            ': ',
            [...new Set(errors.map(([, , response]) => response.description))].join('. '),
        ),
    ];
}

function entryOf(path, method, operation) {
    const title = element(
        'summary',
        {},
        element('span', { class: `method ${method}` }, method.toUpperCase()),
        ' ',
        element('code', {}, path),
        ' ',
        element('span', { class: 'about' }, operation.summary),
    );
    const entry = element('details', { id: operation.operationId, class: 'operation' }, title);
    entry.dataset.terms = `${method} ${path} ${operation.summary} ${operation.operationId}`.toLowerCase();
    // Filled when it is first opened: the whole document is long.
    entry.addEventListener('toggle', () => {
        if (!entry.open || entry.children.length > 1) return;
        entry.append(
            element('p', {}, operation.security?.length ? 'Needs a token (Authorization: Bearer).' : 'Public.'),
            ...parametersOf(operation.parameters),
            ...bodyOf(operation.requestBody),
            ...responsesOf(operation.responses),
        );
    });
    return entry;
}

function show() {
    const sections = new Map();
    for (const [path, item] of Object.entries(api.paths))
        for (const method of methods.filter((one) => item[one])) {
            const tag = item[method].tags[0];
            if (!sections.has(tag)) sections.set(tag, []);
            sections.get(tag).push(entryOf(path, method, item[method]));
        }
    const main = document.getElementById('operations');
    const contents = document.getElementById('contents');
    main.replaceChildren();
    for (const [tag, entries] of [...sections].sort(([a], [b]) => a.localeCompare(b))) {
        const title = tag.replaceAll('_', ' ');
        main.append(
            element(
                'section',
                { 'aria-labelledby': `tag-${tag}` },
                element('h2', { id: `tag-${tag}`, tabindex: '-1' }, title),
                ...entries,
            ),
        );
        contents.append(element('li', {}, element('a', { href: `#tag-${tag}` }, `${title} (${entries.length})`)));
    }
    document.getElementById('about').textContent = api.info.description;
}

function filter(text) {
    const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const section of document.querySelectorAll('main section')) {
        let anyShown = false;
        for (const entry of section.querySelectorAll('details.operation')) {
            entry.hidden = !terms.every((term) => entry.dataset.terms.includes(term));
            anyShown ||= !entry.hidden;
        }
        section.hidden = !anyShown;
    }
}

// Opens the operation or section in the address bar.
function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.matches('details')) target.open = true;
    target.scrollIntoView();
    (target.querySelector('summary') ?? target).focus();
}

try {
    const response = await fetch('/openapi.json');
    if (!response.ok) throw new Error(`status ${response.status}`);
    api = await response.json();
    show();
    openTarget();
    window.addEventListener('hashchange', openTarget);
    document.getElementById('filter').addEventListener('input', (event) => filter(event.target.value));
} catch (error) {
    document.getElementById('state').textContent = `The document cannot be loaded: ${error.message}`;
}
