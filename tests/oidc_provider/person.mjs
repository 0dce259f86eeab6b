// A person at the provider's own pages, by HTTPS as a browser has it: cookies, redirects, the forms
// and buttons that the pages have and nothing that is made up.
//   node person.mjs CA URI CODE DECISION
//     CA          ca.pem
//     URI CODE    as they were shown to whoever waits; the host is looked for on the loopback
//     DECISION    a name: signs in as that and consents
//                 abort: presses the button beside the code; cancel: leaves by the login page's link
// Succeeds if the last page is what that decision leads to.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';

const [caFile, uri, code, decision] = process.argv.slice(2);
const ca = readFileSync(caFile);

// --- the browser
const cookies = []; // of one host
function keepCookie(text) {
    const [pair, ...attributes] = text.split(/; */);
    const [name, value] = pair.split(/=(.*)/s);
    const attribute = (wanted) => attributes.map((one) => one.split(/=(.*)/s))
        .find(([one]) => one.toLowerCase() === wanted)?.[1];
    const path = attribute('path') ?? '/';
    const at = cookies.findIndex((one) => one.name === name && one.path === path);
    if (at >= 0)
        cookies.splice(at, 1);
    if (!(Date.parse(attribute('expires')) < Date.now()))
        cookies.push({ name, value, path });
}
function cookiesFor(address) {
    const goesTo = (path) => address.pathname === path ||
        address.pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
    return cookies.filter((one) => goesTo(one.path)).map((one) => `${one.name}=${one.value}`);
}
function send(address, form) {
    const headers = { cookie: cookiesFor(address).join('; ') };
    if (form)
        headers['content-type'] = 'application/x-www-form-urlencoded';
    const lookup = (host, options, done) =>
        options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
    return new Promise((done, fail) => {
        request(address, { method: form ? 'POST' : 'GET', ca, headers, lookup }, (reply) => {
            let html = '';
            reply.setEncoding('utf8');
            reply.on('data', (more) => { html += more; });
            reply.on('end', () => done({ reply, html }));
        }).on('error', fail).end(form?.toString());
    });
}
async function open(address, form) {
    for (let hops = 0; hops < 10; ++hops) {
        assert.equal(address.origin, new URL(uri).origin, 'the provider stays on its host');
        const { reply, html } = await send(address, form);
        (reply.headers['set-cookie'] ?? []).forEach(keepCookie);
        if (reply.statusCode < 300 || reply.statusCode > 399)
            return { address, status: reply.statusCode, html };
        address = new URL(reply.headers.location, address);
        form = undefined;
    }
    throw new Error('redirected without end');
}

// --- what pages have
const unescaped = (text) => text.replace(/&(amp|quot|lt|gt|#39);/g,
    (all, name) => ({ amp: '&', quot: '"', lt: '<', gt: '>', '#39': '\'' })[name]);
const attributeOf = (tag, name) => {
    const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag);
    return found && unescaped(found[1]);
};
// Sends the page's one form. What is filled in must be there to be filled; a button too.
function submit(page, filled = {}, button = {}) {
    const forms = [...page.html.matchAll(/<form [^>]*>[^]*?<\/form>/g)];
    assert.equal(forms.length, 1, `there is one form: ${page.html}`);
    const fields = new URLSearchParams();
    const left = new Map(Object.entries(filled));
    for (const [input] of forms[0][0].matchAll(/<input[^>]*>/g)) {
        const name = attributeOf(input, 'name');
        fields.set(name, left.get(name) ?? attributeOf(input, 'value') ?? '');
        left.delete(name);
    }
    assert.deepEqual([...left.keys()], [], 'the page asks for what is filled in');
    for (const [name, value] of Object.entries(button)) {
        assert.ok([...page.html.matchAll(/<button[^>]*>/g)].some(([tag]) =>
            attributeOf(tag, 'name') === name && attributeOf(tag, 'value') === value),
            `there is a button ${name}`);
        fields.set(name, value);
    }
    return open(new URL(attributeOf(forms[0][0], 'action'), page.address), fields);
}
function follow(page, text) {
    const link = [...page.html.matchAll(/<a [^>]*>[^<]*<\/a>/g)].find(([tag]) => tag.includes(text));
    assert.ok(link, `there is a link ${text}: ${page.html}`);
    return open(new URL(attributeOf(link[0], 'href'), page.address));
}
function shows(page, status, text) {
    assert.match(page.html, text);
    assert.equal(page.status, status);
    return page;
}

// --- what the person does
async function decide() {
    const typed = code.replace(/-/g, '').toLowerCase(); // as people type
    const confirm = shows(await submit(await open(new URL(uri)), { user_code: typed }),
        200, /<h1>Confirm Device<\/h1>/);
    assert.ok(confirm.html.includes(`<code>${code}</code>`), 'the page shows the code');
    assert.ok(confirm.html.includes('Host elevation'), 'and who asks');
    const left = /The Sign-in request was interrupted/;
    if (decision === 'abort')
        return shows(await submit(confirm, {}, { abort: 'yes' }), 200, left);
    const login = shows(await submit(confirm), 200, /<h1>Sign-in<\/h1>/);
    if (decision === 'cancel')
        return shows(await follow(login, '[ Cancel ]'), 200, left);
    const consent = shows(await submit(login, { login: decision, password: 'of no account' }),
        200, /<h1>Authorize<\/h1>/);
    return shows(await submit(consent), 200, /<h1>Sign-in Success<\/h1>/);
}
const last = await decide();
console.log(/<h1>([^<]*)<\/h1>/.exec(last.html)?.[1]);
