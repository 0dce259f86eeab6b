// Microsoft's own client, as it is published, goes through the device flow with the emulator, and
// proves a host with a certificate.
// It checks no signature and needs hardly a field of a reply, so what comes is checked here as well.
//   node test-msal.mjs FOLDER      FOLDER/node_modules has @azure/msal-node; tests/msal/run calls this
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { X509Certificate, createPublicKey, randomUUID, verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const folder = resolve(process.argv[2]);
const { ConfidentialClientApplication, PublicClientApplication } = createRequire(folder + '/')('@azure/msal-node');
const { JIT_TEST_CA: ca, JIT_TEST_EMULATOR: program } = process.env;

// tests/entra/users.toml
const tenant = '6f1c0000-0000-4000-8000-000000000001';
const otherTenant = '6f1c0000-0000-4000-8000-000000000002';
const unknownTenant = '6f1c0000-0000-4000-8000-0000000000ff';
const app = 'c1a50000-0000-4000-8000-000000000001';
const confidentialApp = 'c1a50000-0000-4000-8000-000000000002';
const hostApp = 'c1a50000-0000-4000-8000-000000000006';
const unknownApp = 'c1a50000-0000-4000-8000-0000000000ff';
const alice = { oid: 'a11ce000-0000-4000-8000-000000000001', upn: 'alice@contoso.com' };
const stella = { oid: '57e11000-0000-4000-8000-000000000006', upn: 'stella@contoso.com' };
const group = '9a000000-0000-4000-8000-000000000001'; // Alice's
const bob = { oid: 'b0b00000-0000-4000-8000-000000000002', upn: 'bob@contoso.com' };

// --- the emulator
class Emulator {
    constructor(port, control) {
        this.authority = 'https://login.microsoftonline.com' + (port === 443 ? '' : `:${port}`);
        this.control = `127.0.0.1:${control}`;
        this.process = spawn(program, ['--config', `${here}/../entra/users.toml`,
            '--cert', `${ca}/server.pem`, '--key', `${ca}/server.key`,
            '--listen', `127.0.0.1:${port}`, '--control', this.control],
            { stdio: ['ignore', 'pipe', 'inherit'] });
        this.ready = new Promise((done, fail) => {
            this.process.stdout.once('data', done);
            this.process.once('error', fail);
            this.process.once('exit', () => fail(new Error('the emulator did not start')));
        });
    }
    // entra-emulator --do VERB name=value...
    async do(verb, fields = {}) {
        const words = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
        const { stdout } = await run(program, ['--control', this.control, '--do', verb, ...words]);
        return JSON.parse(stdout);
    }
    async flow(code) {
        return (await this.do('state')).flows.find((flow) => flow.code === code);
    }
    async polled(code, times) {
        while ((await this.flow(code)).polls < times)
            await sleep(50);
    }
}

const emulator = new Emulator(8443, 8444);
const atPort443 = new Emulator(443, 8445); // the very address that a production client has
process.on('exit', () => [emulator, atPort443].forEach((one) => one.process.kill()));

// --- the client
//   decide    called with what deviceCodeCallback was given and with the request; its failure is
//             the flow's, and ends the polling
async function signIn({ at = emulator, to = tenant, host = at.authority, clientId = app, decide,
    ...request } = {}) {
    const authority = `${host}/${to}`;
    const client = new PublicClientApplication({
        auth: { clientId, authority, knownAuthorities: [new URL(authority).host] },
    });
    let decided = null;
    const whole = { scopes: ['profile'], ...request };
    whole.deviceCodeCallback = (shown) => {
        decided = (async () => decide?.(shown, whole))();
        decided.catch(() => { whole.cancel = true; });
    };
    try {
        return await client.acquireTokenByDeviceCode(whole);
    } finally {
        await decided;
    }
}
const approveAs = (person, at = emulator) => (shown) =>
    at.do('approve', { code: shown.userCode, user: person.upn });

// The client's error, by its own name and by what the provider said.
async function refused(flow, errorCode, said = '') {
    await assert.rejects(signIn(flow), (error) => {
        assert.equal(error.errorCode, errorCode, error.stack);
        assert.ok(error.message.includes(said), error.message);
        return true;
    });
}

// --- the token, by node's own crypto and the key that its kid names
async function fetchJson(address) {
    const reply = await fetch(address);
    assert.equal(reply.status, 200, address);
    return reply.json();
}
const partOf = (token, part) =>
    JSON.parse(Buffer.from(token.split('.')[part], 'base64url').toString('utf8'));

async function verifiedClaims(token, at = emulator) {
    const metadata = await fetchJson(`${at.authority}/${tenant}/v2.0/.well-known/openid-configuration`);
    const { keys } = await fetchJson(metadata.jwks_uri);
    const header = partOf(token, 0);
    assert.equal(header.alg, 'RS256');
    assert.equal(header.typ, 'JWT');
    const named = keys.filter((key) => key.kid === header.kid);
    assert.equal(named.length, 1, 'one key has this kid');
    const [{ kty, n, e, use, x5c, issuer }] = named;
    assert.deepEqual([kty, use], ['RSA', 'sig']);
    const key = createPublicKey({ key: { kty, n, e }, format: 'jwk' });
    assert.ok(key.asymmetricKeyDetails.modulusLength >= 2048);
    const certificate = new X509Certificate(Buffer.from(x5c[0], 'base64'));
    assert.equal(certificate.publicKey.export({ format: 'jwk' }).n, n, 'x5c has the same key');
    const [head, payload, signature] = token.split('.');
    assert.ok(verify('RSA-SHA256', Buffer.from(`${head}.${payload}`), key,
        Buffer.from(signature, 'base64url')), 'the signature is good');
    const claims = partOf(token, 1);
    assert.equal(claims.iss, metadata.issuer);
    assert.equal(claims.iss, `${at.authority}/${tenant}/v2.0`);
    assert.equal(issuer.replace('{tenantid}', claims.tid), claims.iss, 'the key is this issuer\'s');
    return claims;
}

async function checkResult(result, person, at = emulator) {
    const claims = await verifiedClaims(result.idToken, at);
    const now = Date.now() / 1000;
    assert.equal(claims.aud, app);
    assert.equal(claims.ver, '2.0');
    assert.equal(claims.tid, tenant);
    assert.equal(claims.oid, person.oid);
    assert.equal(claims.preferred_username, person.upn);
    assert.equal(typeof claims.sub, 'string');
    assert.ok(claims.exp > now && claims.exp < now + 4000, 'exp lies about an hour ahead');
    assert.ok(claims.nbf <= now && claims.iat <= now, 'it is valid now');
    for (const name of ['nonce', 'amr', 'acr', 'at_hash'])
        assert.ok(!(name in claims), `${name} is absent`);
    // What the client made of it.
    assert.deepEqual(result.idTokenClaims, claims);
    assert.equal(result.uniqueId, person.oid);
    assert.equal(result.tenantId, tenant);
    assert.equal(result.account.username, person.upn);
    assert.equal(result.account.homeAccountId, `${person.oid}.${tenant}`);
    assert.equal(result.tokenType, 'Bearer');
    assert.ok(result.accessToken.length > 100);
    assert.ok(result.expiresOn.getTime() > Date.now() + 3000 * 1000);
    assert.deepEqual([...result.scopes].sort(), ['openid', 'profile']);
    return claims;
}

// --- the page, as a person uses it: what the page's forms say is sent, and nothing that is made up
async function submit(page, filled, button = {}) {
    const form = /<form method="post" action="([^"]*)">([^]*?)<\/form>/.exec(page.html);
    assert.ok(form, `there is a form: ${page.html}`);
    const fields = new URLSearchParams(filled);
    for (const [input] of form[2].matchAll(/<input [^>]*>/g)) {
        const [name, value] = ['name', 'value'].map((what) =>
            new RegExp(`\\b${what}="([^"]*)"`).exec(input)?.[1]);
        if (input.includes('type="hidden"'))
            fields.set(name, value);
        else
            assert.ok(fields.has(name), `${name} is filled in`);
    }
    for (const [name, value] of Object.entries(button)) {
        assert.ok(form[2].includes(`name="${name}" value="${value}"`), `there is such a button`);
        fields.set(name, value);
    }
    return open(new URL(form[1], page.address), { method: 'POST', body: fields });
}
async function open(address, options) {
    const reply = await fetch(address, options);
    return { address, status: reply.status, html: await reply.text() };
}
async function decideOnPage({ verificationUri, userCode }, person, decision) {
    const choice = await submit(await open(verificationUri), { code: userCode.toLowerCase() });
    assert.equal(choice.status, 200);
    assert.match(choice.html, /<h1>Pick an account<\/h1>/);
    const account = choice.html.split('<label').find((one) => one.includes(person.upn));
    const user = /\bvalue="([^"]*)"/.exec(account)[1];
    const asked = await submit(choice, { user });
    assert.equal(asked.status, 200);
    assert.match(asked.html, /<h1>Are you trying to sign in to Host elevation\?<\/h1>/);
    const done = await submit(asked, {}, { decision });
    assert.equal(done.status, 200);
    return done.html;
}

// --- the tests
const tests = [];
const test = (sentence, body) => tests.push({ sentence, body });

test('the user code and the page reach deviceCodeCallback', async () => {
    await signIn({
        decide: async (shown) => {
            assert.match(shown.userCode, /^[A-Z0-9]{9}$/);
            assert.equal(shown.verificationUri, 'https://login.microsoft.com:8443/device');
            assert.equal(shown.expiresIn, 900);
            assert.equal(shown.interval, 1);
            assert.ok(shown.message.includes(shown.userCode));
            assert.ok(shown.message.includes(shown.verificationUri));
            await approveAs(alice)(shown);
        },
    });
});

test('the interval is 5 seconds unless it was changed', async () => {
    await emulator.do('lifetime', { interval: 5 });
    await refused({
        decide: async (shown) => {
            assert.equal(shown.interval, 5);
            await emulator.do('decline', { code: shown.userCode });
        },
    }, 'post_request_failed', 'authorization_declined');
});

test('polls that are pending, then an approval, give tokens', async () => {
    const correlationId = randomUUID();
    let code = '';
    const result = await signIn({
        correlationId,
        decide: async (shown) => {
            code = shown.userCode;
            await emulator.polled(code, 3);
            await approveAs(alice)(shown);
        },
    });
    await checkResult(result, alice);
    assert.equal(result.correlationId, correlationId);
    const flow = await emulator.flow(code);
    assert.equal(flow.state, 'redeemed');
    assert.deepEqual(flow.scope.split(' ').sort(), ['offline_access', 'openid', 'profile']);
    assert.equal(flow.early_polls, 0, 'the client keeps the interval');
    assert.ok(flow.first_gap_ms < 1000, 'its first poll comes at once');
    const { requests } = await emulator.do('state');
    assert.equal(requests.devicecode, 1);
    assert.equal(requests.token, flow.polls);
    assert.equal(requests.other, 0, 'it asked nothing that the emulator does not serve');
});

test('metadata comes from the tenant\'s document', async () => {
    await signIn({ decide: approveAs(alice) });
    assert.equal((await emulator.do('state')).requests.discovery, 1);
});

test('an approval on the page gives tokens', async () => {
    const result = await signIn({
        decide: async (shown) =>
            assert.match(await decideOnPage(shown, bob, 'approve'), /<h1>You have signed in<\/h1>/),
    });
    await checkResult(result, bob);
});

test('at the address and port of production the flow is the same', async () => {
    const result = await signIn({
        at: atPort443,
        decide: async (shown) => {
            assert.equal(shown.verificationUri, 'https://login.microsoft.com/device');
            assert.match(await decideOnPage(shown, alice, 'approve'), /You have signed in/);
        },
    });
    const claims = await checkResult(result, alice, atPort443);
    assert.equal(claims.iss, `https://login.microsoftonline.com/${tenant}/v2.0`);
    assert.equal((await atPort443.do('state')).requests.other, 0);
});

test('two flows at once do not meet', async () => {
    const results = await Promise.all([alice, bob].map((person) =>
        signIn({ decide: approveAs(person) })));
    await checkResult(results[0], alice);
    await checkResult(results[1], bob);
});

test('an authentication context that was asked for is in acrs', async () => {
    const claims = JSON.stringify({ id_token: { acrs: { essential: true, value: 'c1' } } });
    let code = '';
    const result = await signIn({
        claims,
        decide: async (shown) => {
            code = shown.userCode;
            // The client adds optional claims of its own.
            const sent = JSON.parse((await emulator.flow(code)).claims);
            assert.deepEqual(sent.id_token.acrs, { essential: true, value: 'c1' });
            await approveAs(alice)(shown);
        },
    });
    assert.deepEqual((await checkResult(result, alice)).acrs, ['c1']);
    const flow = await emulator.flow(code);
    assert.equal(flow.token_claims, flow.claims, 'the client sends the same with both requests');
});

test('without that, and with a policy that is not satisfied, acrs is absent', async () => {
    for (const claims of [undefined, '{"id_token":{"acrs":{"essential":true,"value":"c9"}}}']) {
        const result = await signIn({ claims, decide: approveAs(alice) });
        assert.ok(!('acrs' in await checkResult(result, alice)));
    }
});

test('a step-up that a policy wants is refused, and given to claims that ask for it', async () => {
    // The client drops the challenge that came, so this is written here.
    await refused({ decide: approveAs(stella) }, 'post_request_failed', 'interaction_required');
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    const result = await signIn({ claims, decide: approveAs(stella) });
    assert.deepEqual((await checkResult(result, stella)).acrs, ['c1']);
});

test('scopes of Graph give a token that opens it', async () => {
    const scopes = ['User.Read', 'GroupMember.Read.All'].map((one) =>
        `https://graph.microsoft.com/${one}`);
    const result = await signIn({ scopes, decide: approveAs(alice) });
    assert.deepEqual([...result.scopes].sort(), [...scopes, 'openid', 'profile'].sort());
    const ask = (accessToken) => fetch('https://graph.microsoft.com:8443/v1.0/me/checkMemberGroups', {
        method: 'POST',
        headers: { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ groupIds: [group, unknownApp] }),
    });
    assert.deepEqual((await (await ask(result.accessToken)).json()).value, [group]);
    const other = await signIn({ decide: approveAs(alice) });
    assert.equal((await ask(other.accessToken)).status, 401);
});

test('declined, by control and on the page, is Entra\'s word for it', async () => {
    await refused({ decide: (shown) => emulator.do('decline', { code: shown.userCode }) },
        'post_request_failed', 'authorization_declined');
    await refused({
        decide: async (shown) =>
            assert.match(await decideOnPage(shown, alice, 'decline'), /<h1>Declined<\/h1>/),
    }, 'post_request_failed', 'authorization_declined');
});

test('Conditional Access and a missing consent are invalid_grant', async () => {
    for (const verb of ['block', 'consent', 'unassigned'])
        await refused({ decide: (shown) => emulator.do(verb, { code: shown.userCode }) },
            'post_request_failed', 'invalid_grant');
});

test('a code that the provider says is expired ends the flow', async () => {
    await emulator.do('lifetime', { code_lifetime: 1 });
    // The client's own clock is not to be first.
    await emulator.do('fault', { endpoint: 'devicecode', kind: 'set:expires_in:60' });
    await refused({}, 'post_request_failed', 'expired_token');
});

test('a code that is expired by the client\'s clock ends the flow', async () => {
    await emulator.do('fault', { endpoint: 'devicecode', kind: 'set:expires_in:1' });
    await refused({}, 'device_code_expired');
});

test('the client\'s own time limit ends the flow', async () => {
    await refused({ timeout: 1 }, 'user_timeout_reached');
});

test('a flow that is cancelled ends, and its code still waits at the provider', async () => {
    let code = '';
    await refused({
        decide: async (shown, request) => {
            code = shown.userCode;
            await emulator.polled(code, 1);
            request.cancel = true;
        },
    }, 'device_code_polling_cancelled');
    assert.equal((await emulator.flow(code)).state, 'pending');
});

test('a provider that says slow_down to early polls is no trouble', async () => {
    await emulator.do('lifetime', { slow_down_early: true });
    const result = await signIn({
        decide: async (shown) => {
            await emulator.polled(shown.userCode, 2);
            await approveAs(alice)(shown);
        },
    });
    await checkResult(result, alice);
});

test('slow_down itself ends Microsoft\'s client, which is why the first poll is never told so',
    async () => {
        await emulator.do('fault', { endpoint: 'token', kind: 'slow_down' });
        await refused({}, 'post_request_failed', 'slow_down');
    });

test('an application that the directory does not know gets no code', async () => {
    await refused({
        clientId: unknownApp,
        decide: (shown) => assert.equal(shown.userCode, undefined),
    }, 'post_request_failed', 'unauthorized_client');
});

test('an application of another tenant gets no code', async () => {
    await refused({ to: otherTenant }, 'post_request_failed', 'unauthorized_client');
});

test('an application that is no public client gets no token', async () => {
    await refused({ clientId: confidentialApp }, 'post_request_failed', 'invalid_client');
});

test('a certificate proves an application, for a token of its own', async () => {
    const [key, pem] = ['key', 'pem'].map((kind) => join(ca, `host.${kind}`));
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=host',
        '-keyout', key, '-out', pem]);
    const claim = (file) => new ConfidentialClientApplication({
        auth: {
            clientId: hostApp,
            authority: `${emulator.authority}/${tenant}`,
            knownAuthorities: [new URL(emulator.authority).host],
            clientCertificate: {
                privateKey: readFileSync(key, 'utf8'),
                thumbprintSha256: new X509Certificate(readFileSync(file)).fingerprint256
                    .replaceAll(':', ''),
            },
        },
    }).acquireTokenByClientCredential({ scopes: ['https://graph.microsoft.com/.default'] });
    await assert.rejects(claim(pem), (error) => error.message.includes('AADSTS700027'));
    await emulator.do('register', { client_id: hostApp, certificate_file: pem });
    const { accessToken, tokenType } = await claim(pem);
    assert.equal(tokenType, 'Bearer');
    assert.ok(accessToken.length > 100);
});

test('a tenant that does not exist has no endpoints', async () => {
    await refused({ to: unknownTenant }, 'endpoints_resolution_error');
});

test('a certificate of another name is refused', async () => {
    await refused({ host: 'https://login.contoso.example:8443' }, 'endpoints_resolution_error');
    assert.equal((await emulator.do('state')).requests.discovery, 0);
});

test('an authority that is not known is refused', async () => {
    // Another process: node reads NODE_EXTRA_CA_CERTS once.
    const env = { ...process.env };
    delete env.NODE_EXTRA_CA_CERTS;
    const { stdout } = await run(process.execPath, ['-e', `
        const { PublicClientApplication } = require('@azure/msal-node');
        const authority = process.argv[1];
        const auth = { clientId: process.argv[2], authority,
            knownAuthorities: [new URL(authority).host] };
        new PublicClientApplication({ auth }).acquireTokenByDeviceCode({ scopes: ['profile'],
            deviceCodeCallback: () => console.log('a code came') })
            .then(() => console.log('tokens came'), (error) => console.log(error.errorCode));`,
        `${emulator.authority}/${tenant}`, app], { env, cwd: folder });
    assert.equal(stdout, 'endpoints_resolution_error\n');
    assert.equal((await emulator.do('state')).requests.discovery, 0);
});

test('a token with a bad signature is noticed here, though not by the client', async () => {
    await emulator.do('fault', { endpoint: 'token', kind: 'bad_signature' });
    const result = await signIn({ decide: approveAs(alice) });
    await assert.rejects(verifiedClaims(result.idToken), /the signature is good/);
});

test('after a rollover the new keys verify', async () => {
    await emulator.do('rotate');
    await checkResult(await signIn({ decide: approveAs(alice) }), alice);
});

// --- run them
let passed = 0;
let failed = 0;
try {
    await Promise.all([emulator.ready, atPort443.ready]);
    for (const { sentence, body } of tests) {
        await emulator.do('reset');
        await emulator.do('lifetime', { interval: 1 });
        try {
            await Promise.race([body(), sleep(60_000).then(() => assert.fail('no end in a minute'))]);
            ++passed;
        } catch (error) {
            ++failed;
            console.log(`FAILED: ${sentence}\n${error.stack.replace(/^/gm, '    ')}`);
        }
    }
} catch (error) {
    ++failed;
    console.log(`FAILED: ${error.stack}`);
}
console.log(`msal: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
