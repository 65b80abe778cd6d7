// The API for people: a section for each tag, an entry for each operation, made of /openapi.json.

const methods = ['get', 'post', 'put', 'patch', 'delete'];
let api;

function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
}

function resolved(thing) {
    if (!thing?.$ref) return thing;
    return resolved(
        thing.$ref
            .slice(2)
            .split('/')
            .reduce((at, key) => at[key], api),
    );
}

const nameOf = (schema) => schema?.$ref?.split('/').pop();

// A schema's type in a few words; the name of one that has a name of its own.
function typeOf(schema) {
    if (nameOf(schema)) return nameOf(schema);
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
    if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
    if (schema.items) return `${typeOf(schema.items)}[]`;
    return [schema.type ?? 'any'].flat().join(' | ');
}

function limitsOf(schema) {
    const words = {
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
    return Object.entries(words)
        .filter(([key]) => schema[key] !== undefined)
        .map(([key, word]) => `${word} ${schema[key]}`)
        .concat(schema.uniqueItems ? ['no item twice'] : [])
        .join(', ');
}

// The members of an object as rows; those of objects in it stand below them. `seen` ends a schema that holds itself.
function rowsOf(schema, place = '', seen = []) {
    const whole = resolved(schema);
    if (!whole || seen.includes(whole)) return [];
    const within = [...seen, whole];
    if (whole.items) return rowsOf(whole.items, `${place}[]`, within);
    const own = Object.entries(whole.properties ?? {}).flatMap(([name, property]) => {
        const here = place ? `${place}.${name}` : name;
        const is = resolved(property);
        const row = element(
            'tr',
            {},
            element(
                'td',
                {},
                element('code', {}, here),
                whole.required?.includes(name) ? '' : element('span', { class: 'optional' }, ' optional'),
            ),
            element('td', {}, element('code', {}, typeOf(property))),
            element('td', {}, [is.description, limitsOf(is)].filter(Boolean).join('; ')),
        );
        return [row, ...rowsOf(property, here, within)];
    });
    return [...own, ...[...(whole.allOf ?? []), ...(whole.anyOf ?? [])].flatMap((part) => rowsOf(part, place, within))];
}

function tableOf(caption, rows) {
    const head = element('tr', {}, ...['Name', 'Type', 'About'].map((text) => element('th', { scope: 'col' }, text)));
    return element(
        'table',
        {},
        element('caption', {}, caption),
        element('thead', {}, head),
        element('tbody', {}, ...rows),
    );
}

// One media type of a body or an answer: the schema's name, and its members.
function contentOf(type, { schema }) {
    const rows = rowsOf(schema);
    const caption = [type, nameOf(schema)].filter(Boolean).join(', ');
    return rows.length > 0 ? tableOf(caption, rows) : element('p', {}, element('code', {}, caption));
}

function parametersOf(parameters) {
    if (!parameters?.length) return [];
    const rows = parameters.map(({ name, in: where, required, schema }) =>
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
                [`in the ${where}`, resolved(schema).description, limitsOf(resolved(schema))]
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

// Successes in full; refusals have one shape each and are named.
function answersOf(responses) {
    const all = Object.entries(responses).map(([status, response]) => [
        status,
        response.$ref ? 'refused' : resolved(response).description,
        resolved(response),
    ]);
    const good = all.filter(([status]) => status < 400);
    const bad = all.filter(([status]) => status >= 400);
    return [
        ...good.flatMap(([status, text, response]) => [
            element('h3', {}, `Answer ${status}: ${text}`),
            ...Object.entries(response.content ?? {}).map((one) => contentOf(...one)),
        ]),
        element('h3', {}, 'Refusals'),
        element(
            'p',
            {},
            bad.map(([status]) => status).join(', '),
            ': ',
            [...new Set(bad.map(([, , response]) => response.description))].join('. '),
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
    entry.dataset.words = `${method} ${path} ${operation.summary} ${operation.operationId}`.toLowerCase();
    // Made when it is opened first: the whole document at once is long.
    entry.addEventListener('toggle', () => {
        if (!entry.open || entry.children.length > 1) return;
        entry.append(
            element(
                'p',
                {},
                operation.security?.length ? 'For callers with a token (Authorization: Bearer).' : 'For anyone.',
            ),
            ...parametersOf(operation.parameters),
            ...bodyOf(operation.requestBody),
            ...answersOf(operation.responses),
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
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const section of document.querySelectorAll('main section')) {
        let any = false;
        for (const entry of section.querySelectorAll('details.operation')) {
            entry.hidden = !words.every((word) => entry.dataset.words.includes(word));
            any ||= !entry.hidden;
        }
        section.hidden = !any;
    }
}

// The operation that the address names, opened.
function openNamed() {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!named) return;
    if (named.matches('details')) named.open = true;
    named.scrollIntoView();
    (named.querySelector('summary') ?? named).focus();
}

try {
    const answer = await fetch('/openapi.json');
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    api = await answer.json();
    show();
    openNamed();
    window.addEventListener('hashchange', openNamed);
    document.getElementById('filter').addEventListener('input', (event) => filter(event.target.value));
} catch (error) {
    document.getElementById('state').textContent = `The document cannot be read: ${error.message}`;
}
