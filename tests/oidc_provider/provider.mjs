// An OpenID provider that is not Microsoft's: panva's oidc-provider as it is published, with its own
// login and consent pages. It sends no `interval`, no tid and no oid.
//   node provider.mjs FOLDER CA ISSUER LOG SPOILED
//     FOLDER    FOLDER/node_modules has the package (tests/npm-install)
//     CA        a folder that tests/entra/make-ca made, with the issuer's host among its names
//     ISSUER    https://HOST[:PORT][/PATH]: it listens at 127.0.0.1 on that port
//     LOG       a file that gets a line of JSON when it listens, and one for each answer: `came_ms`
//               and `answered_ms` by a steady clock, method, path, status; and what the answer holds,
//               without any secret: `flow` (the head of the device code), `interval`, `error`,
//               `id_token` (header and claims)
//     SPOILED   a file: while it is there, its JSON members replace the discovery document's own
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, ca, issuer, log, spoiled] = process.argv.slice(2);
const packaged = createRequire(resolve(folder) + '/').resolve('oidc-provider');
const { default: Provider } = await import(pathToFileURL(packaged));

// By the name that is typed at the login page; any password will do.
const people = { alice: 'alice-sub-1', bob: 'bob-sub-2' };

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const makeClient = (id, more) => ({
    client_id: id,
    client_name: 'Host elevation',
    token_endpoint_auth_method: 'none',
    grant_types: [deviceGrant],
    response_types: [],
    redirect_uris: [],
    ...more,
});
const makeKey = (kind, alg, options) =>
    ({ ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), alg, use: 'sig' });

const provider = new Provider(issuer, {
    clients: [
        makeClient('host-elevation'),
        makeClient('host-elevation-es256', { id_token_signed_response_alg: 'ES256' }),
    ],
    // Of several kinds, as providers have them.
    jwks: {
        keys: [
            makeKey('ec', 'ES256', { namedCurve: 'P-256' }),
            makeKey('rsa', 'RS256', { modulusLength: 2048 }),
        ],
    },
    features: {
        deviceFlow: { enabled: true },
        devInteractions: { enabled: true },
    },
    scopes: ['openid', 'profile'],
    claims: { openid: ['sub'], profile: ['name'] },
    findAccount: (ctx, id) => Object.hasOwn(people, id)
        ? { accountId: id, claims: () => ({ sub: people[id], name: id }) }
        : undefined,
    cookies: { keys: ['not-a-secret'] },
    ttl: { AccessToken: 600, DeviceCode: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
});

const partOf = (token, index) =>
    JSON.parse(Buffer.from(token.split('.')[index], 'base64url').toString());
const now = () => performance.now();
const note = (line) => appendFileSync(log, JSON.stringify(line) + '\n');

provider.use(async (ctx, next) => {
    const line = { came_ms: now(), method: ctx.method, path: ctx.path };
    await next();
    const sent = ctx.body ?? {};
    const code = sent.device_code ?? ctx.oidc?.params?.device_code;
    if (code)
        line.flow = code.slice(0, 8);
    if (sent.device_code)
        line.interval = sent.interval ?? null;
    if (sent.error)
        line.error = sent.error;
    if (sent.id_token)
        line.id_token = { header: partOf(sent.id_token, 0), claims: partOf(sent.id_token, 1) };
    if (ctx.oidc?.route === 'discovery' && existsSync(spoiled))
        Object.assign(ctx.body, JSON.parse(readFileSync(spoiled, 'utf8')));
    note({ ...line, status: ctx.status, answered_ms: now() });
});

const { port, pathname } = new URL(issuer);
const base = pathname === '/' ? '' : pathname;
const answer = provider.callback();
createServer({ cert: readFileSync(`${ca}/server.pem`), key: readFileSync(`${ca}/server.key`) },
    (request, reply) => {
        // What a router does that has the provider below a path.
        if (!request.url.startsWith(`${base}/`))
            return reply.writeHead(404).end();
        request.originalUrl = request.url;
        request.baseUrl = base;
        request.url = request.url.slice(base.length);
        return answer(request, reply);
    })
    .listen(Number(port || 443), '127.0.0.1', () => note({ ready: true }));
